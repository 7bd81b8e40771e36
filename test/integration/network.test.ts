// Virtual networks with real dnsmasq and nft, on a host in namespaces of its own.
import fs from 'node:fs';
import process from 'node:process';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { eventually, sleep } from '../helpers/eventually.ts';
import { dnsmasqs, NetworkHost } from '../helpers/network-host.ts';
import { suite } from '../helpers/requires.ts';
import { useVirsh } from '../helpers/virsh.ts';

/** Sets what udhcpc was told: address, default route, name server. */
const DHCP_SCRIPT = `#!/bin/sh
[ "$1" = bound ] || [ "$1" = renew ] || exit 0
ip addr flush dev $interface
ip addr add $ip/$mask dev $interface
[ -n "$router" ] && ip route add default via $router
for server in $dns; do echo "nameserver $server"; done >/tmp/resolv.conf
`;

suite('networks', ['root', 'built', 'busybox', 'ip', 'dnsmasq', 'nft'], () => {
  const virsh = useVirsh();
  let host: NetworkHost;

  beforeAll(async () => {
    host = await NetworkHost.for(virsh);
    await host.connectOutside();
    fs.writeFileSync(`${virsh.root}/etc/udhcpc.script`, DHCP_SCRIPT, { mode: 0o755 });
    fs.rmSync(`${virsh.root}/etc/resolv.conf`, { force: true });
    fs.symlinkSync('/tmp/resolv.conf', `${virsh.root}/etc/resolv.conf`);
  });
  afterEach(async () => {
    await virsh.reset();
    for (const name of virsh.ok('net-list', '--name').split('\n').filter(Boolean)) virsh.ok('net-destroy', name);
    for (const name of virsh.ok('net-list', '--all', '--name').split('\n').filter(Boolean)) virsh.ok('net-undefine', name);
    await eventually(() => {
      expect(host.remains(virsh.prefix)).toEqual({ links: [], rules: '', servers: [] });
      return true;
    });
  });
  afterAll(() => host.end());

  /** Defines a network without the delays of spanning tree, and starts it. */
  const network = (name: string, xml: string): void => {
    const text = `<network><name>${name}</name><bridge stp='off'/>${xml}</network>`;
    virsh.ok('net-define', virsh.file(`${name}.xml`, text));
    virsh.ok('net-start', name);
  };
  const interfaceIn = (name: string, more = ''): string => `<interface type='network'><source network='${name}'/>${more}</interface>`;
  const container = (name: string, more = ''): string =>
    virsh.boot({ devices: `${interfaceIn(name, more)}<filesystem type='ram'><source usage='1024'/><target dir='/tmp'/></filesystem>` });
  const lease = (domain: string, hostname = ''): string =>
    virsh.inside(domain, `udhcpc -n -q -t 10 -T 1 -i eth0 -s /etc/udhcpc.script ${hostname && `-x hostname:${hostname}`} 2>&1`);
  const addressOf = (domain: string): string => /inet ([0-9.]+)/.exec(virsh.inside(domain, 'ip -4 addr show eth0'))?.[1] ?? '';

  const NAT = (n: number) =>
    `<forward mode='nat'/><domain name='lan${n}' localOnly='yes'/><ip address='10.77.${n}.1' netmask='255.255.255.0'>` +
    `<dhcp><range start='10.77.${n}.2' end='10.77.${n}.99'/></dhcp></ip>`;

  it('lease addresses, resolve names and reach the outside by NAT', async () => {
    network('natted', NAT(1));
    const [one, two] = [container('natted'), container('natted')];
    lease(one, 'first');
    lease(two, 'second');
    expect(addressOf(one)).toMatch(/^10\.77\.1\.\d+$/);
    expect(virsh.inside(one, `ping -c 1 -W 2 ${addressOf(two)} >/dev/null && echo reached`)).toBe('reached\n');
    expect(virsh.inside(one, 'nslookup second.lan1 10.77.1.1 2>&1')).toContain(addressOf(two));
    expect(virsh.inside(one, 'ping -c 1 -W 2 203.0.113.2 >/dev/null && echo reached')).toBe('reached\n');

    const answer = "require('net').createServer((guest) => guest.end(guest.remoteAddress)).listen(7000)";
    const server = host.startOutside(process.execPath, '-e', answer);
    await eventually(() => host.runOutside('ss', '-Hltn').includes(':7000'));
    expect(virsh.inside(one, 'nc -w 5 203.0.113.2 7000 </dev/null')).toBe('::ffff:203.0.113.1'); // not its own
    server.kill();

    const leases = virsh.ok('net-dhcp-leases', 'natted');
    expect(leases).toMatch(new RegExp(`ipv4 +${addressOf(one)}/24 +first `));
    expect(virsh.ok('domifaddr', one)).toMatch(new RegExp(` vnet\\d+ +52:54:00:[0-9a-f:]+ +ipv4 +${addressOf(one)}/24`));
    expect(virsh.ok('domhostname', one)).toBe('first\n\n');
    expect(virsh.ok('net-port-list', 'natted', '--uuid').trim().split('\n')).toHaveLength(2);
    expect(virsh.ok('net-dumpxml', 'natted')).toMatch(/^<network connections='2'>/);
    const [, portid] = /<source network='natted' portid='([0-9a-f-]+)' bridge='virbr\d+'\/>/.exec(virsh.ok('dumpxml', one))!;
    expect(virsh.ok('net-port-list', 'natted', '--uuid')).toContain(portid);
    virsh.ok('destroy', one);
    expect(virsh.ok('net-port-list', 'natted', '--uuid')).not.toContain(portid);
  });

  it('keep isolated guests in', () => {
    network('alone', `<ip address='10.77.2.1' prefix='24'><dhcp><range start='10.77.2.2' end='10.77.2.99'/></dhcp></ip>`);
    network('natted', NAT(1));
    const [inside, neighbour] = [container('alone'), container('natted')];
    lease(inside);
    lease(neighbour);
    expect(addressOf(inside)).toMatch(/^10\.77\.2\./);
    expect(virsh.inside(inside, 'ip route')).not.toContain('default');
    virsh.inside(inside, 'ip route add default via 10.77.2.1');
    for (const [from, to] of [
      [inside, '203.0.113.2'],
      [inside, addressOf(neighbour)],
      [neighbour, addressOf(inside)],
    ] as const)
      expect([from, virsh.inside(from, `ping -c 1 -W 1 ${to} >/dev/null || echo cut off`)]).toEqual([from, 'cut off\n']);
    expect(virsh.inside(inside, 'ping -c 1 -W 2 10.77.2.1 >/dev/null && echo reached')).toBe('reached\n');
  });

  it('route IPv6, or translate it where asked', () => {
    network(
      'six',
      `<forward mode='nat'><nat ipv6='yes'/></forward><ip family='ipv6' address='fd00:77::1' prefix='64'/>` +
        `<ip address='10.77.3.1' prefix='24'/>`,
    );
    const domain = container('six', `<ip address='fd00:77::5' family='ipv6' prefix='64'/>`);
    virsh.inside(domain, 'ip -6 route add default via fd00:77::1');
    expect(
      virsh.inside(domain, 'for i in 1 2 3 4 5; do ping -6 -c 1 -W 2 2001:db8:ffff::2 >/dev/null && echo reached && break; sleep 1; done'),
    ).toBe('reached\n');
  });

  it('give known guests their address and take changes while they run', () => {
    network('fixed', `<ip address='10.77.4.1' prefix='24'><dhcp><range start='10.77.4.2' end='10.77.4.9'/></dhcp></ip>`);
    const host1 = `<host mac='52:54:00:77:00:01' name='known' ip='10.77.4.77'/>`;
    expect(virsh.ok('net-update', 'fixed', 'add', 'ip-dhcp-host', host1, '--live', '--config')).toBe(
      'Updated network fixed persistent config and live state\n',
    );
    virsh.ok('net-update', 'fixed', 'add', 'dns-host', `<host ip='10.77.4.1'><hostname>gate</hostname></host>`);
    const domain = container('fixed', `<mac address='52:54:00:77:00:01'/>`);
    lease(domain);
    expect(addressOf(domain)).toBe('10.77.4.77');
    expect(virsh.inside(domain, 'nslookup gate 10.77.4.1 2>&1')).toContain('10.77.4.1');
    expect(virsh.ok('net-dumpxml', 'fixed', '--inactive')).toContain(`<host mac='52:54:00:77:00:01' name='known' ip='10.77.4.77'/>`);
    expect(virsh.ok('net-dumpxml', 'fixed', '--inactive')).not.toContain('gate');
  });

  it('start dnsmasq again when it died, and are off when their bridge is gone', () => {
    network('frail', NAT(5));
    for (const pid of dnsmasqs(virsh.prefix)) process.kill(pid, 'SIGKILL');
    const domain = container('frail');
    lease(domain);
    expect(addressOf(domain)).toMatch(/^10\.77\.5\./);
    const bridge = /Bridge: +(\S+)/.exec(virsh.ok('net-info', 'frail'))![1]!;
    host.run('ip', 'link', 'del', bridge);
    expect(virsh.ok('net-info', 'frail')).toMatch(/^Active: +no$/m);
    virsh.ok('net-start', 'frail');
    expect(dnsmasqs(virsh.prefix).length).toBeGreaterThan(0);
  });

  it('end a dnsmasq whose pid nobody wrote down, as a killed command may leave it', () => {
    network('unknown', NAT(5));
    const before = dnsmasqs(virsh.prefix);
    fs.rmSync(virsh.path('run/libvirt/network/unknown.pid'));
    const domain = container('unknown');
    lease(domain);
    expect(addressOf(domain)).toMatch(/^10\.77\.5\./);
    const after = dnsmasqs(virsh.prefix);
    expect(after.filter((pid) => before.includes(pid))).toEqual([]);
    fs.rmSync(virsh.path('run/libvirt/network/unknown.pid'));
    virsh.ok('net-destroy', 'unknown');
    expect(dnsmasqs(virsh.prefix).filter((pid) => after.includes(pid))).toEqual([]);
  });

  it('say so when a domain names one that is not active or not there', () => {
    virsh.ok('net-list', '--all');
    const domain = virsh.define({ devices: interfaceIn('nowhere') });
    expect(virsh.error('start', domain)).toEqual([
      `Failed to start domain '${domain}'`,
      "Network not found: no network with matching name 'nowhere'",
    ]);
    virsh.ok('net-define', virsh.file('off.xml', '<network><name>off</name></network>'));
    const other = virsh.define({ devices: interfaceIn('off') });
    expect(virsh.error('start', other)).toEqual([
      `Failed to start domain '${other}'`,
      "Requested operation is not valid: network 'off' is not active",
    ]);
  });

  it('refuse a subnet to which the host has a route, and leave nothing', () => {
    const text = `<network><name>taken</name><forward mode='nat'/><ip address='203.0.113.77' prefix='24'/></network>`;
    virsh.ok('net-define', virsh.file('taken.xml', text));
    expect(virsh.error('net-start', 'taken')).toEqual([
      'Failed to start network taken',
      'internal error: Network is already in use by interface up0',
    ]);
    expect(host.remains(virsh.prefix)).toEqual({ links: [], rules: '', servers: [] });
  });

  it.each([
    ['nft', 'nftables'],
    ['dnsmasq', 'dnsmasq-base'],
  ])('name the package of %s where it is not there', (program, debianPackage) => {
    const binary = host.run('sh', '-c', `PATH=$PATH:/usr/sbin:/sbin; command -v ${program}`).trim();
    virsh.ok('net-define', virsh.file('n.xml', `<network><name>poor</name><ip address='10.77.6.1' prefix='24'/></network>`));
    host.run('mount', '--bind', '/dev/null', binary);
    try {
      expect(virsh.error('net-start', 'poor')).toEqual([
        'Failed to start network poor',
        `operation failed: Unable to find '${program}' binary in $PATH; it is in Debian's package ${debianPackage}`,
      ]);
    } finally {
      host.run('umount', binary);
    }
    expect(host.remains(virsh.prefix)).toEqual({ links: [], rules: '', servers: [] });
  });

  it('are whole after a start or an end that was killed', async () => {
    virsh.ok('net-define', virsh.file('k.xml', `<network><name>killed</name>${NAT(7)}</network>`));
    for (const command of ['net-start', 'net-destroy']) {
      for (let delayMs = 20; delayMs < 300; delayMs += 40) {
        const child = virsh.start({}, command, 'killed');
        await sleep(delayMs);
        child.kill('SIGKILL');
        const active = /^Active: +yes$/m.test(virsh.ok('net-info', 'killed'));
        if (!active) virsh.ok('net-start', 'killed');
        expect(dnsmasqs(virsh.prefix).length).toBeGreaterThanOrEqual(active ? 0 : 1);
        if (command === 'net-start') virsh.ok('net-destroy', 'killed');
      }
    }
  });

  it('connect a domain to two of them', () => {
    network('left', NAT(8));
    network('right', NAT(9));
    const domain = virsh.boot({ devices: interfaceIn('left') + interfaceIn('right') });
    expect(virsh.inside(domain, 'ls /sys/class/net')).toMatch(/eth0[\s\S]*eth1/);
    for (const name of ['left', 'right']) expect(virsh.ok('net-dumpxml', name)).toMatch(/^<network connections='1'>/);
    virsh.ok('destroy', domain);
    for (const name of ['left', 'right']) expect(virsh.ok('net-dumpxml', name)).toMatch(/^<network>/);
  });

  it('join a bridge of the host, and hand out macvlans', () => {
    host.run('ip', 'link', 'add', 'hostbr', 'type', 'bridge');
    host.run('ip', 'link', 'set', 'hostbr', 'up');
    try {
      virsh.ok('net-define', virsh.file('b.xml', `<network><name>br</name><forward mode='bridge'/><bridge name='hostbr'/></network>`));
      virsh.ok('net-start', 'br');
      virsh.ok(
        'net-define',
        virsh.file('m.xml', `<network><name>mv</name><forward mode='bridge'><interface dev='hostbr'/></forward></network>`),
      );
      virsh.ok('net-start', 'mv');
      const domain = container('br');
      expect(host.run('ip', '-o', 'link', 'show', 'master', 'hostbr')).toMatch(/vnet\d+/);
      const direct = container('mv');
      expect(virsh.inside(direct, 'ip -o link show eth0')).toContain('eth0');
      expect(virsh.ok('net-dumpxml', 'mv')).toContain(`<interface dev='hostbr' connections='1'/>`);
      virsh.ok('destroy', domain);
      virsh.ok('destroy', direct);
    } finally {
      host.run('ip', 'link', 'del', 'hostbr');
    }
  });
});
