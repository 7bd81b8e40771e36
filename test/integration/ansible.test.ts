// Ansible on two machines, each with its own container, by its own collection for libvirt: a module defines, starts and stops it, and what
// is in it is configured by a connection.
import fs from 'node:fs';
import path from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Cluster, type ClusterNode } from '../helpers/cluster.ts';
import { eventually } from '../helpers/eventually.ts';
import { allExamples, follow } from '../helpers/manual.ts';
import { ROOT, suite } from '../helpers/requires.ts';
import { Virsh } from '../helpers/virsh.ts';

suite('Ansible', ['root', 'built', 'cgroup1', 'fuse', 'ip', 'overlay', 'ansible', 'python3_libvirt'], () => {
  const virsh = new Virsh();
  let cluster: Cluster;

  beforeAll(async () => {
    cluster = await Cluster.build(virsh.path('shared'));
    for (const number of [1, 2]) {
      const node = await cluster.boot(number);
      const folder = path.join(cluster.shared, node.name);
      makeContainer(path.join(folder, 'web'));
      fs.writeFileSync(path.join(folder, 'web.xml'), definition());
      node.ok('sh', '-c', 'mkdir -p /usr/lib/virsh-lxc; ln -sf "$1" /usr/lib/virsh-lxc/', 'sh', path.join(ROOT, 'dist/virsh-lxc-rpc'));
      node.ok('mount', '--bind', `/srv/shared/${node.name}`, '/srv/shared');
    }
  });
  afterAll(async () => {
    await cluster?.end();
    virsh.remove();
  });

  const examples = allExamples('virsh-lxc-cluster.7').filter(({ title }) => title === 'ANSIBLE');
  const on = (node: ClusterNode) => (script: string) => node.ok('sh', '-c', `cd /srv/shared\n${script}`);
  const play = async (node: ClusterNode, file: string): Promise<string> => {
    await setImmediate(); // this process is heard in between
    return on(node)(`ansible-playbook -i inventory ${file}`);
  };

  it('defines, starts, configures and stops a container on each of two machines, as the manual has it', async () => {
    expect(examples).toHaveLength(2);
    for (const node of cluster.nodes.values()) for (const example of examples) await follow(example, on(node));
  }, 300_000);

  it('leaves what is already so as it is, and the other machine alone', async () => {
    const [one, other] = [...cluster.nodes.values()] as [ClusterNode, ClusterNode];
    for (const node of [one, other]) await play(node, 'up.yml');
    const again = await play(one, 'up.yml');
    expect(again).toMatch(/^web +: ok=3 +changed=1 +unreachable=0 +failed=0 /m); // cat is a change to it
    expect(again).toMatch(/TASK \[It runs\] \*+\nok: \[localhost\]/);
    await play(one, 'down.yml');
    await eventually(() => one.containerInit() === 0);
    expect(other.containerInit()).toBeGreaterThan(0);
    const { stdout } = one.run('sh', '-c', 'cd /srv/shared; ansible -i inventory web -m raw -a true');
    expect(stdout).toContain('error: Requested operation is not valid: domain is not running');
  }, 300_000);

  /** The page's, with the programs of the host, as Ansible's modules need Python. */
  function definition(): string {
    const text = allExamples('virsh-lxc-cluster.7').map((example) => /^<domain[\s\S]*?^<\/domain>$/m.exec(example.text)?.[0]);
    const usr = "<filesystem type='mount'><source dir='/usr'/><target dir='/usr'/><readonly/></filesystem>";
    return text.find((xml) => xml !== undefined)!.replace('    <console', `    ${usr}\n    <console`);
  }

  function makeContainer(root: string): void {
    for (const name of ['dev', 'etc', 'proc', 'root', 'sbin', 'sys', 'tmp', 'usr'])
      fs.mkdirSync(path.join(root, name), { recursive: true });
    for (const name of ['bin', 'lib', 'lib64']) fs.symlinkSync(`usr/${name}`, path.join(root, name));
    fs.writeFileSync(`${root}/etc/passwd`, 'root:x:0:0:root:/root:/bin/sh\n');
    fs.writeFileSync(`${root}/sbin/init`, "#!/bin/sh\ntrap 'exit 0' TERM\nwhile :; do sleep 0.1; done\n", { mode: 0o755 });
  }
});
