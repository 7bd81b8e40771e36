// A whole rack in one network.
import { expect, it } from 'vitest';
import { eventually, SLOWNESS } from '../helpers/eventually.ts';
import { interfaceIn, useNetworks } from '../helpers/networks.ts';
import { suite } from '../helpers/requires.ts';

/** An emulated machine would take many minutes over more. */
const CONTAINERS = SLOWNESS > 1 ? 12 : 50;
const AT_ONCE = 8;

suite('a network of many containers', ['root', 'built', 'busybox', 'ip', 'dnsmasq', 'nft'], () => {
  const networks = useNetworks();
  const { virsh } = networks;

  /** Runs a command for every domain, some at a time; what went wrong. */
  async function forEach(names: readonly string[], command: string): Promise<string[]> {
    const waiting = [...names];
    const errors: string[] = [];
    const work = async () => {
      for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) errors.push((await virsh.begin(command, name)).stderr);
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
    return errors.filter(Boolean);
  }

  it('gives each its own place on the bridge, and is as before when they have gone', async () => {
    networks.start('many', `<ip address='10.78.4.1' prefix='24'/>`);
    const address = (n: number): string => `10.78.4.${100 + n}`;
    const names = Array.from({ length: CONTAINERS }, () => virsh.name());
    const files = names.map((name, n) => {
      const devices = interfaceIn('many', `<ip address='${address(n)}' family='ipv4' prefix='24'/>`);
      return virsh.file(`${name}.xml`, virsh.xml(name, { devices, memoryKiB: 16384 }));
    });
    virsh.ok(files.map((file) => `define ${file}`).join('; '));
    const state = () => ({ ...networks.host.remains(virsh.prefix), left: virsh.leftovers() });
    const before = state();

    expect(await forEach(names, 'start')).toEqual([]);
    const listed = virsh.ok('-q', names.map((name) => `domiflist ${name}`).join('; '));
    const interfaces = [...listed.matchAll(/^ *(vnet\d+) +network +many +\S+ +(52:54:00:\S+)$/gm)];
    const [targets, macs] = [1, 2].map((i) => interfaces.map((match) => match[i]!)) as [string[], string[]];
    expect([new Set(targets).size, new Set(macs).size]).toEqual([CONTAINERS, CONTAINERS]);
    const bridge = /Bridge: +(\S+)/.exec(virsh.ok('net-info', 'many'))![1]!;
    const ports = JSON.parse(networks.host.run('ip', '-j', 'link', 'show', 'master', bridge)).map(
      ({ ifname }: { ifname: string }) => ifname,
    );
    expect(ports.sort()).toEqual(targets.sort());
    expect(virsh.ok('net-dumpxml', 'many')).toMatch(new RegExp(`^<network connections='${CONTAINERS}'>`));
    for (const [from, to] of [
      [0, CONTAINERS - 1],
      [CONTAINERS - 1, 0],
      [Math.floor(CONTAINERS / 3), Math.floor((CONTAINERS * 2) / 3)],
    ] as const)
      expect([from, to, networks.reaches(names[from]!, address(to))]).toEqual([from, to, true]);

    expect(await forEach(names, 'destroy')).toEqual([]);
    await eventually(() => {
      expect(state()).toEqual(before);
      return true;
    });
    expect(virsh.ok('net-port-list', 'many', '--uuid').trim()).toBe('');
  });
});
