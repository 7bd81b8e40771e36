// rtnetlink and a container's interfaces against the kernel. One network namespace plays the host, another the
// container; the machine's own links are never touched.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { readlinkSync } from 'node:fs';
import process from 'node:process';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { O_RDONLY } from '../../lib-native/constants.ts';
import { linux } from '../../lib-native/linux.ts';
import {
  detachInterface,
  moveInterfaces,
  type PreparedNetwork,
  prepareAddedInterface,
  prepareInterfaces,
  releaseInterfaces,
} from '../../src/container/network.ts';
import { setInterfaceLink } from '../../src/container/network-change.ts';
import type { DomainDefinition, InterfaceDevice } from '../../src/domain/definition.ts';
import { bridgesOf, createBridge, findLink, listLinks } from '../../src/host/netlink/link.ts';
import { listNeighbours } from '../../src/host/netlink/neighbour.ts';
import { inNetworkNamespace, withRouteSocket } from '../../src/host/netlink/rtnetlink.ts';

const OWNER = '6d0c8d9a-1f2b-4d0e-9d6e-111111111111';

interface Namespace {
  child: ChildProcess;
  pid: number;
  fd: number;
}

async function newNamespace(): Promise<Namespace> {
  const child = spawn('unshare', ['-n', 'sh', '-c', 'echo ready; exec sleep 60'], { stdio: ['ignore', 'pipe', 'ignore'] });
  await new Promise((resolve) => child.stdout?.once('data', resolve));
  return { child, pid: child.pid!, fd: linux.open(`/proc/${child.pid}/ns/net`, O_RDONLY) };
}

function endNamespace({ child, fd }: Namespace): void {
  linux.close(fd);
  child.kill('SIGKILL');
}

let host: Namespace;
let container: Namespace;

beforeEach(async () => {
  host = await newNamespace();
  container = await newNamespace();
});
afterEach(() => {
  endNamespace(host);
  endNamespace(container);
});

const onHost = <T>(action: () => T): T => inNetworkNamespace(host.fd, action);
const ip = (where: Namespace, ...args: string[]): string =>
  execFileSync('nsenter', ['-t', String(where.pid), '-n', 'ip', ...args], { encoding: 'utf8' });
const hostNames = (): string[] => onHost(() => withRouteSocket((route) => listLinks(route).map(({ name }) => name)));

function device(fields: Partial<InterfaceDevice>): InterfaceDevice {
  const plain = { type: 'bridge', mac: '52:54:00:01:02:03', source: 'br0', hostIps: [], hostRoutes: [], ips: [], routes: [] } as const;
  return { ...plain, options: [], macOptions: [], others: [], ...fields } as unknown as InterfaceDevice;
}

/** What network.ts reads of a definition. */
function definition(interfaces: InterfaceDevice[], hostNic?: string): DomainDefinition {
  const hostdevs = hostNic === undefined ? [] : [{ mode: 'capabilities', type: 'net', source: hostNic, ips: [], routes: [] }];
  return { uuid: OWNER, features: { privnet: false }, devices: { interfaces, hostdevs } } as unknown as DomainDefinition;
}

function bridge(name = 'br0'): void {
  onHost(() => withRouteSocket((route) => createBridge(route, name, { stp: false, forwardDelayMs: 0 })));
}

const prepare = (interfaces: InterfaceDevice[], hostNic?: string): PreparedNetwork =>
  onHost(() => prepareInterfaces(definition(interfaces, hostNic)));
function attach({ links, interfaces }: PreparedNetwork): InterfaceDevice[] {
  onHost(() => moveInterfaces(links, container.pid, { loopback: true }));
  return interfaces;
}
const make = (...interfaces: InterfaceDevice[]): InterfaceDevice[] => attach(prepare(interfaces));

describe.runIf(process.getuid?.() === 0)('container interfaces', () => {
  it('leaves the process in its own namespace', () => {
    const before = readlinkSync('/proc/self/ns/net');
    onHost(() => expect(readlinkSync('/proc/self/ns/net')).not.toBe(before));
    expect(() =>
      onHost(() => {
        throw new Error('stop');
      }),
    ).toThrow('stop');
    expect(readlinkSync('/proc/self/ns/net')).toBe(before);
  });

  it('makes a bridge that is its owner’s at every moment, and takes nobody else’s', () => {
    onHost(() =>
      withRouteSocket((route) => {
        createBridge(route, 'own0', { owner: OWNER });
        expect(bridgesOf(route, OWNER)).toEqual(['own0']);
        expect(() => createBridge(route, 'own0', { owner: OWNER })).toThrow('error creating bridge interface own0: File exists');
        expect(listLinks(route).filter(({ kind }) => kind === 'bridge')).toMatchObject([{ name: 'own0', alias: OWNER }]);
      }),
    );
    ip(host, 'link', 'add', `new-${OWNER.replaceAll('-', '').slice(0, 11)}`, 'type', 'bridge'); // as a maker leaves it that dies
    onHost(() => withRouteSocket((route) => expect(bridgesOf(route, OWNER)).toHaveLength(2)));
  });

  it('plugs a veth into a bridge and configures the other end', () => {
    bridge();
    const live = make(
      device({
        mtu: 1300,
        ips: [
          { address: '10.99.1.2', family: 'ipv4', prefix: 24 },
          { address: 'fd00::2', family: 'ipv6' },
        ],
        routes: [
          { family: 'ipv4', address: '0.0.0.0', gateway: '10.99.1.1' },
          { family: 'ipv6', address: '::', gateway: 'fd00::1', metric: 5 },
        ],
      }),
    );
    expect(live).toMatchObject([{ targetDev: 'vnet0', guestDev: 'eth0' }]);
    onHost(() =>
      withRouteSocket((route) => {
        expect(findLink(route, 'vnet0')).toMatchObject({
          kind: 'veth',
          mac: 'fe:54:00:01:02:03',
          mtu: 1300,
          up: true,
          alias: OWNER,
          master: findLink(route, 'br0')!.index,
        });
      }),
    );
    const inside = ip(container, 'addr', 'show', 'eth0');
    expect(inside).toContain('mtu 1300');
    expect(inside).toContain('link/ether 52:54:00:01:02:03');
    expect(inside).toContain('inet 10.99.1.2/24 brd 10.99.1.255 scope global eth0');
    expect(inside).toContain('inet6 fd00::2/64');
    expect(ip(container, 'route')).toContain('default via 10.99.1.1 dev eth0 metric 1');
    expect(ip(container, '-6', 'route')).toContain('default via fd00::1 dev eth0 metric 5');
    expect(ip(container, 'addr', 'show', 'lo')).toContain('inet 127.0.0.1/8');
    onHost(() => releaseInterfaces(OWNER, live));
    expect(hostNames()).not.toContain('vnet0');
    expect(ip(container, 'link')).not.toContain('eth0');
    onHost(() => releaseInterfaces(OWNER, live));
  });

  it('numbers several interfaces and keeps names given', () => {
    bridge();
    const live = make(device({}), device({ guestDev: 'eth1', targetDev: 'lan%d' }), device({ linkState: 'down', targetDev: 'tap7' }));
    expect(live.map(({ targetDev, guestDev }) => [targetDev, guestDev])).toEqual([
      ['vnet0', 'eth0'],
      ['lan0', 'eth1'],
      ['tap7', 'eth2'],
    ]);
    expect(ip(container, '-o', 'link', 'show', 'eth1')).toMatch(/[<,]UP[,>]/);
    expect(ip(container, '-o', 'link', 'show', 'eth2')).not.toMatch(/[<,]UP[,>]/);
    expect(ip(host, '-o', 'link', 'show', 'tap7')).not.toMatch(/[<,]UP[,>]/);
    onHost(() => setInterfaceLink(live[0]!, 'down', container.pid));
    expect(ip(container, '-o', 'link', 'show', 'eth0')).toContain('NO-CARRIER');
  });

  it('takes another name when the one it chose was taken meanwhile', () => {
    bridge();
    const automatic = prepare([device({})]);
    const template = prepare([device({ targetDev: 'lan%d', guestDev: 'eth1' })]);
    const fixed = prepare([device({ targetDev: 'tap7', guestDev: 'eth2' })]);
    for (const name of ['vnet0', 'lan0', 'tap7']) ip(host, 'link', 'add', name, 'type', 'bridge');
    expect(attach(automatic)).toMatchObject([{ targetDev: 'vnet1' }]);
    expect(attach(template)).toMatchObject([{ targetDev: 'lan1' }]);
    expect(() => attach(fixed)).toThrow('unable to create tap7 <-> vnet2 veth pair: File exists');
  });

  it('refuses before anything is made', () => {
    bridge();
    expect(() => prepare([device({}), device({ source: 'none' })])).toThrow('Unable to add bridge none port vnet1: No such device');
    expect(() => prepare([device({})], 'nic9')).toThrow('Unable to get index for interface nic9: No such device');
    expect(() => prepare([device({ type: 'direct', source: 'none' })])).toThrow('Unable to get index for interface none: No such device');
    expect(() => prepare([device({ script: '/x' })])).toThrow(
      'unsupported configuration: scripts are not supported on LXC network interfaces',
    );
    expect(() => prepare([device({ type: 'user' })])).toThrow('internal error: Unsupported network type user');
    expect(() => prepare([device({ type: 'network', source: 'lan' })])).toThrow("Network not found: no network with matching name 'lan'");
    expect(() => prepare([device({ type: 'direct', bandwidth: { inbound: { average: 5 } } })])).toThrow(
      'unsupported configuration: Unable to set network bandwidth on direct interfaces',
    );
  });

  it('removes everything when one interface cannot be made', () => {
    bridge();
    const before = hostNames();
    expect(() => make(device({}), device({ source: 'lo' }))).toThrow('Unable to add bridge lo port vnet1: Operation not supported');
    expect(() => make(device({ targetDev: 'x0' }), device({ targetDev: 'x0' }))).toThrow(
      'unable to create x0 <-> vnet0 veth pair: File exists',
    );
    expect(() => make(device({ targetDev: 'averyveryverylongname' }))).toThrow(
      "Network interface name 'averyveryverylongname' is too long: Numerical result out of range",
    );
    expect(() => make(device({ guestDev: 'lo' }))).toThrow(
      "internal error: guest failed to start: Failure in libvirt_lxc startup: Unable to rename 'vnet1' to 'lo': File exists",
    );
    expect(() => make(device({ guestDev: 'averyveryverylongname' }))).toThrow(
      "Network interface name 'averyveryverylongname' is too long: Numerical result out of range",
    );
    const unreachable = { family: 'ipv4', address: '10.9.0.0', prefix: 16, gateway: '10.55.1.1' } as const;
    const address = { address: '10.99.1.2', family: 'ipv4', prefix: 24 } as const;
    expect(() => make(device({ ips: [address], routes: [unreachable] }))).toThrow('Error adding route to eth0: Network is unreachable');
    expect(() => make(device({ ips: [address, address] }))).toThrow(
      'Failed to add IP address 10.99.1.2/24 bcast 10.99.1.255 to eth0: File exists',
    );
    expect(hostNames()).toEqual(before);
  });

  it('does not remove a link of another owner', () => {
    bridge();
    const live = make(device({}));
    onHost(() => releaseInterfaces('another', live));
    expect(hostNames()).toContain('vnet0');
  });

  it('removes what an interrupted start left', () => {
    bridge();
    make(device({}));
    expect(prepare([device({})]).interfaces).toMatchObject([{ targetDev: 'vnet0' }]);
    expect(hostNames()).not.toContain('vnet0');
  });

  it('configures both ends of an ethernet interface', () => {
    make(
      device({
        type: 'ethernet',
        hostIps: [{ address: '10.77.1.1', family: 'ipv4', prefix: 24 }],
        hostRoutes: [{ family: 'ipv4', address: '10.76.0.0', prefix: 16, gateway: '10.77.1.2' }],
        ips: [{ address: '10.77.1.2', family: 'ipv4', prefix: 24 }],
      }),
    );
    expect(ip(host, 'route')).toContain('10.76.0.0/16 via 10.77.1.2 dev vnet0 metric 1');
    execFileSync('nsenter', ['-t', String(host.pid), '-n', 'busybox', 'ping', '-c1', '-W2', '10.77.1.2']);
    const neighbours = onHost(() => withRouteSocket(listNeighbours));
    expect(neighbours).toContainEqual(expect.objectContaining({ address: '10.77.1.2', family: 'ipv4', mac: '52:54:00:01:02:03' }));
  });

  it('makes a macvlan device', () => {
    bridge();
    const live = make(device({ type: 'direct', sourceMode: 'bridge' }));
    expect(live[0]).not.toHaveProperty('targetDev');
    expect(ip(container, '-d', 'link', 'show', 'eth0')).toContain('macvlan mode bridge');
    onHost(() => detachInterface(OWNER, live[0]!, container.pid));
    expect(ip(container, 'link')).not.toContain('eth0');
  });

  it('moves a host device', () => {
    ip(host, 'link', 'add', 'nic0', 'type', 'veth', 'peer', 'name', 'cable0');
    attach(prepare([], 'nic0'));
    expect(hostNames()).not.toContain('nic0');
    expect(ip(container, 'link')).toContain('nic0');
  });

  it('adds an interface to a running container and takes it away', () => {
    bridge();
    const first = make(device({}));
    const added = attach(onHost(() => prepareAddedInterface(definition(first), device({ mac: '52:54:00:01:02:04' }))));
    expect(added).toMatchObject([{ targetDev: 'vnet1', guestDev: 'eth1' }]);
    expect(ip(container, 'link', 'show', 'eth1')).toContain('52:54:00:01:02:04');
    onHost(() => detachInterface(OWNER, added[0]!, container.pid));
    expect(ip(container, 'link')).not.toContain('eth1');
  });

  it('plugs into the bridge of a virtual network', () => {
    bridge('virbr7');
    const lan = device({ type: 'network', source: 'lan' });
    const actual = { type: 'network', source: 'virbr7', portIsolated: true } as const;
    const resolveNetwork = () => ({ portid: 'p', mtu: 1400, actual });
    const live = attach(onHost(() => prepareInterfaces(definition([lan]), { resolveNetwork })));
    expect(live).toEqual([{ ...lan, portid: 'p', actual, targetDev: 'vnet0', guestDev: 'eth0' }]);
    expect(ip(host, '-d', 'link', 'show', 'vnet0')).toMatch(/mtu 1400 .*master virbr7[\s\S]*isolated on/);
  });

  it('limits what the container receives', () => {
    bridge();
    make(device({ bandwidth: { inbound: { average: 1000, peak: 5000, burst: 1024 } } }));
    const classes = execFileSync('nsenter', ['-t', String(host.pid), '-n', 'tc', 'class', 'show', 'dev', 'vnet0'], { encoding: 'utf8' });
    expect(classes).toContain('class htb 1:1 root');
    expect(classes).toContain('rate 8Mbit ceil 40Mbit burst 1Mb');
  });
});
