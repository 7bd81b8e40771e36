// The manual page's examples of virtual networks, as they stand there, on a host that never had networks.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { eventually } from '../helpers/eventually.ts';
import { manualExamples } from '../helpers/manual.ts';
import { NetworkHost } from '../helpers/network-host.ts';
import { suite } from '../helpers/requires.ts';
import { useVirsh } from '../helpers/virsh.ts';

suite("the manual page's networks", ['root', 'built', 'busybox', 'ip', 'dnsmasq', 'nft'], () => {
  const virsh = useVirsh();
  let host: NetworkHost;

  beforeAll(async () => {
    host = await NetworkHost.for(virsh);
    fs.mkdirSync(virsh.path('bin'));
    fs.symlinkSync(virsh.command, virsh.path('bin/virsh-lxc'));
  });
  afterEach(async () => {
    await virsh.reset();
    for (const name of virsh.ok('net-list', '--name').split('\n').filter(Boolean)) virsh.ok('net-destroy', name);
    expect(host.remains(virsh.prefix)).toEqual({ links: [], rules: '', servers: [] });
  });
  afterAll(() => host.end());

  const run = (script: string): string => {
    // Who enters the host's namespaces loses the working directory.
    const text = script.replaceAll('/opt/vm-1-root', virsh.path('vm-1-root')).replaceAll(/\b\w+\.xml\b/g, (name) => virsh.path(name));
    const env = { ...virsh.env, PATH: `${virsh.path('bin')}:${virsh.env['PATH']}` };
    const { status, stdout, stderr } = spawnSync('sh', ['-e', '-c', text], { cwd: virsh.prefix, env, encoding: 'utf8' });
    if (status !== 0) throw new Error(`${stdout}\n${stderr}`);
    return stdout;
  };

  it('give an address to a container, and are changed while it runs', async () => {
    const [root] = manualExamples('A root of its own');
    run(root!.replace(/^virsh-lxc create.*$/m, ''));
    const [device, commands] = manualExamples('A container in the network default');
    const file = virsh.path('vm2.xml');
    fs.writeFileSync(file, fs.readFileSync(file, 'utf8').replace('<console ', `${device}<console `));
    const said = run(commands!);
    expect(said).toContain('Network default started\n');
    // dnsmasq tells of a lease after it has given it: who is as fast as a script may ask too early.
    await eventually(() => / vnet0 +52:54:00:\S+ +ipv4 +192\.168\.122\.\d+\/24\n/.test(virsh.ok('domifaddr', 'vm2')));
    expect(virsh.inside('vm2', 'ip route')).toContain('default via 192.168.122.1 ');

    const own = run(manualExamples('A network of your own')[0]!);
    expect(own).toContain('Updated network lab persistent config and live state');
    expect(virsh.ok('domif-getlink', 'vm2', '52:54:00:00:20:01')).toContain(' down');
    expect(virsh.ok('net-dumpxml', 'lab')).toContain(`<host mac='52:54:00:00:20:02' name='db' ip='10.20.30.11'/>`);
  });
});
