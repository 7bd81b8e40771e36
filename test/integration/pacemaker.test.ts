// A container as a resource of Pacemaker, by its own agent, on three nodes with corosync. What must never be is that it runs twice: it
// holds a lock in the root that all nodes share, and writes down if it does not get it.
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Cluster, type ClusterNode } from '../helpers/cluster.ts';
import { eventually } from '../helpers/eventually.ts';
import { allExamples, follow } from '../helpers/manual.ts';
import { suite } from '../helpers/requires.ts';
import { copyProgram, makeRoot } from '../helpers/rootfs.ts';
import { Virsh } from '../helpers/virsh.ts';

const COROSYNC = `totem {
  version: 2
  cluster_name: test
  transport: udpu
  token: 1000
}
system {
  sched_rr: no
  move_to_root_cgroup: no
}
nodelist {
${[1, 2, 3].map((n) => `  node {\n    name: node${n}\n    nodeid: ${n}\n    ring0_addr: 10.99.0.${n}\n  }\n`).join('')}}
quorum {
  provider: corosync_votequorum
}
logging {
  to_logfile: yes
  logfile: /var/log/corosync.log
  to_stderr: no
  to_syslog: no
}
`;

/** Has a node switched off by whoever looks for /srv/shared/off.*, and waits for that. */
const FENCE = `#!/bin/sh
case " $* " in *metadata*) action=metadata ;; esac
while [ "$action" != metadata ] && read -r line; do
  case $line in
  action=*) action=\${line#*=} ;;
  port=* | plug=* | nodename=*) node=\${line#*=} ;;
  esac
done
case $action in
metadata) cat <<'END' ;;
<?xml version="1.0" ?>
<resource-agent name="fence_test" shortdesc="A switch">
<longdesc>A switch</longdesc>
<parameters>
<parameter name="action" unique="0" required="1"><content type="string" default="reboot"/><shortdesc lang="en">What to do</shortdesc></parameter>
<parameter name="port" unique="0" required="0"><content type="string"/><shortdesc lang="en">The node</shortdesc></parameter>
</parameters>
<actions>
<action name="on"/><action name="off"/><action name="reboot"/><action name="status"/><action name="monitor"/><action name="metadata"/>
</actions>
</resource-agent>
END
off | reboot)
  : >"/srv/shared/off.$node"
  while [ -e "/srv/shared/off.$node" ]; do sleep 0.1; done ;;
esac
exit 0
`;

const INIT = `#!/bin/sh
exec 9>>/state/lock
/usr/bin/flock -n 9 || echo twice >>/state/log
echo begin >>/state/log
trap 'echo end >>/state/log; exit 0' TERM
while :; do sleep 0.1; done
`;

suite('Pacemaker', ['root', 'built', 'cgroup1', 'fuse', 'static_busybox', 'ip', 'overlay', 'pacemaker'], () => {
  const virsh = new Virsh();
  const fenced: { name: string; wasOn: boolean }[] = [];
  let cluster: Cluster;
  let fencing: NodeJS.Timeout;

  beforeAll(async () => {
    cluster = await Cluster.build(virsh.path('shared'));
    makeContainer(path.join(cluster.shared, 'web'));
    fencing = setInterval(fenceWhoIsNamed, 50);
    for (const number of [1, 2, 3]) await join(number);
    await eventually(() => cluster.node('node1').ok('crm_mon', '-1').includes('Online: [ node1 node2 node3 ]'), 40_000);
    // Others use this machine as well: Pacemaker would wait for them.
    cluster.node('node1').ok('crm', 'configure', 'property', 'load-threshold=5000%');
    cluster.node('node1').ok('crm', 'configure', 'primitive', 'fence', 'stonith:fence_test', 'op', 'monitor', 'interval=60s');
  }, 120_000);
  afterAll(async () => {
    clearInterval(fencing);
    await cluster?.end();
    virsh.remove();
  });

  const log = (): string[] => fs.readFileSync(path.join(cluster.shared, 'web/state/log'), 'utf8').trim().split('\n');
  const alive = (): ClusterNode => [...cluster.nodes.values()].find((node) => node.isOn)!;
  /** Where the container runs, which must be on one node at most. */
  const where = (): string | undefined => {
    const nodes = [...cluster.nodes.values()].filter((node) => node.isOn && node.containerInit() !== 0);
    expect(nodes.length).toBeLessThan(2);
    return nodes[0]?.name;
  };
  const told = (): string =>
    [...cluster.nodes.values()]
      .filter((node) => node.isOn)
      .map(
        (node) =>
          `${node.name}:\n${node.run('sh', '-c', 'crm_mon -1 | tail -n 8; grep "VirtualDomain\\|executor_event" /var/log/pacemaker/pacemaker.log | tail -n 8; ps -eo pid,ppid,etime,stat,wchan:20,args').stdout}`,
      )
      .join('\n');
  /** Waits until it runs where `wanted` says, and Pacemaker says so, too. */
  const settled = async (wanted: (name: string) => boolean): Promise<string> => {
    const isThere = () => {
      const name = where();
      const seen = alive().run('crm_resource', '--locate', '--resource', 'web', '--quiet').stdout.trim();
      return name !== undefined && wanted(name) && seen === name ? name : undefined;
    };
    return eventually(isThere, 40_000).catch((error) => {
      throw new Error(`${error}\n${told()}`);
    });
  };

  it("runs it on one node, and on another when that is on standby, as the manual's examples have it", async () => {
    const shell = (script: string) => cluster.node('node1').ok('sh', '-c', script);
    const [program, ...examples] = allExamples('virsh-lxc-cluster.7').filter(({ title }) => /^PACEMAKER|^A container/.test(title));
    for (const node of cluster.nodes.values()) node.ok('sh', '-ec', `rm /usr/local/bin/virsh; ${program!.text}`);
    expect(examples).toHaveLength(4);
    for (const example of examples.slice(0, 2)) await follow(example, shell);
    const first = await settled(() => true);
    for (const example of examples.slice(2)) await follow(example, shell);
    expect(await settled(() => true)).not.toBe(first);
    expect(log()).toEqual(['begin', 'end', 'begin']);
  }, 120_000);

  it.each(['init', 'controller'])(
    'hears within a second that its %s was killed, and starts it again',
    async (victim) => {
      const node = cluster.node(await settled(() => true));
      const before = log().length;
      const pid = victim === 'init' ? node.containerInit() : parentOf(node.containerInit());
      const state = () => node.run('virsh', '-c', 'lxc:///', '--quiet', 'domstate', 'web');
      const begun = Date.now();
      expect(state().stdout.trim()).toBe('running');
      const asking = Date.now() - begun;
      process.kill(pid, 'SIGKILL');
      const killed = Date.now();
      await eventually(() => state().stdout.trim() !== 'running');
      // A busy machine takes its time for the question alone.
      expect(Date.now() - killed).toBeLessThan(Math.max(1000, 10 * asking));
      expect(state().stderr).toContain("error: failed to get domain 'web'");
      await eventually(() => log().length > before, 40_000).catch((error) => {
        throw new Error(`${error}\n${told()}`);
      });
      expect(log().slice(before)).toEqual(['begin']);
      await settled(() => true);
    },
    90_000,
  );

  it('moves it by stopping it where a resource is said to migrate: there is no such function', async () => {
    const from = await settled(() => true);
    const to = [...cluster.nodes.keys()].find((name) => name !== from)!;
    const refusal = cluster.node(from).run('virsh', '-c', 'lxc:///', '--quiet', 'migrate', '--live', 'web', `lxc://${to}/system`);
    expect(refusal).toMatchObject({ status: 1, stdout: '' });
    expect(refusal.stderr).toMatch(/^error: /);
    alive().ok('crm', 'resource', 'meta', 'web', 'set', 'allow-migrate', 'true');
    alive().ok('crm_resource', '--move', '--resource', 'web', '--node', to);
    await settled((name) => name === to);
    alive().ok('crm_resource', '--clear', '--resource', 'web');
    expect(log().slice(-2)).toEqual(['end', 'begin']);
  }, 90_000);

  it('runs it elsewhere when its node is gone, and known to be', async () => {
    const lost = await settled(() => true);
    await cluster.node(lost).powerOff();
    await settled((name) => name !== lost);
    expect(fenced).toEqual([{ name: lost, wasOn: false }]);
    await join(Number(lost.at(-1)));
    await eventually(() => alive().ok('crm_mon', '-1').includes('Online: [ node1 node2 node3 ]'), 40_000);
  }, 120_000);

  it('has a node that is not heard of switched off before', async () => {
    fenced.length = 0;
    const lost = await settled(() => true);
    cluster.unplug(lost);
    // Its own Pacemaker may stop the container, as it has no quorum: the others cannot know, and wait for the switch.
    await eventually(() => fenced.length > 0, 40_000);
    await settled((name) => name !== lost);
    expect(fenced).toEqual([{ name: lost, wasOn: true }]);
  }, 120_000);

  it('has never run twice', () => {
    expect(log()).toContain('begin');
    expect(log()).not.toContain('twice');
  });

  async function fenceWhoIsNamed(): Promise<void> {
    if (!fs.existsSync(cluster.shared)) return; // over
    for (const file of fs.readdirSync(cluster.shared).filter((name) => name.startsWith('off.'))) {
      const node = cluster.node(file.slice(4));
      if (!fenced.some(({ name }) => name === node.name)) fenced.push({ name: node.name, wasOn: node.isOn });
      await node.powerOff();
      fs.rmSync(path.join(cluster.shared, file), { force: true });
    }
  }

  /** Boots a node and has it join the others. */
  async function join(number: number): Promise<void> {
    const node = await cluster.boot(number);
    const files = { '/etc/corosync/corosync.conf': COROSYNC, '/usr/sbin/fence_test': FENCE };
    for (const [file, text] of Object.entries(files))
      node.ok('sh', '-ec', 'mkdir -p "$(dirname "$1")"; printf %s "$2" >"$1"; chmod 755 "$1"', 'sh', file, text);
    node.ok('corosync');
    await eventually(() => node.run('corosync-cfgtool', '-s').status === 0);
    node.ok('sh', '-c', 'pacemakerd >/var/log/pacemakerd.log 2>&1 </dev/null &');
  }

  function makeContainer(root: string): void {
    makeRoot(root);
    fs.mkdirSync(`${root}/state`);
    fs.writeFileSync(`${root}/state/log`, '');
    copyProgram(execFileSync('sh', ['-c', 'command -v flock'], { encoding: 'utf8' }).trim(), root);
    fs.rmSync(`${root}/sbin/init`);
    fs.writeFileSync(`${root}/sbin/init`, INIT, { mode: 0o755 });
  }
});

const parentOf = (pid: number): number => Number(/^PPid:\s+(\d+)$/m.exec(fs.readFileSync(`/proc/${pid}/status`, 'utf8'))![1]);
