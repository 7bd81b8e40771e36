// Virtual networks with real dnsmasq and nft, on a host in namespaces of its own.
import fs from 'node:fs';
import process from 'node:process';
import { beforeAll, expect, it } from 'vitest';
import { eventually } from '../helpers/eventually.ts';
import { killAt, pointAt, pointsOf } from '../helpers/kill-points.ts';
import { dnsmasqs, killDnsmasqs } from '../helpers/network-host.ts';
import { interfaceIn, NOTHING, useNetworks } from '../helpers/networks.ts';
import { requires, suite } from '../helpers/requires.ts';

/** Sets what udhcpc was told: address, default route, name server. */
const DHCP_SCRIPT = `#!/bin/sh
[ "$1" = bound ] || [ "$1" = renew ] || exit 0
ip addr flush dev $interface
ip addr add $ip/$mask dev $interface
[ -n "$router" ] && ip route add default via $router
for server in $dns; do echo "nameserver $server"; done >/tmp/resolv.conf
`;

suite('networks', ['root', 'built', 'busybox', 'ip', 'dnsmasq', 'nft'], () => {
  const networks = useNetworks();
  const { virsh } = networks;

  beforeAll(async () => {
    await networks.host.connectOutside();
    fs.writeFileSync(`${virsh.root}/etc/udhcpc.script`, DHCP_SCRIPT, { mode: 0o755 });
    fs.rmSync(`${virsh.root}/etc/resolv.conf`, { force: true });
    fs.symlinkSync('/tmp/resolv.conf', `${virsh.root}/etc/resolv.conf`);
  });

  const lease = (domain: string, hostname = ''): string =>
    virsh.inside(domain, `udhcpc -n -q -t 10 -T 1 -i eth0 -s /etc/udhcpc.script ${hostname && `-x hostname:${hostname}`} 2>&1`);
  const addressOf = (domain: string): string => /inet ([0-9.]+)/.exec(virsh.inside(domain, 'ip -4 addr show eth0'))?.[1] ?? '';

  const NAT = (n: number) =>
    `<forward mode='nat'/><domain name='lan${n}' localOnly='yes'/><ip address='10.77.${n}.1' netmask='255.255.255.0'>` +
    `<dhcp><range start='10.77.${n}.2' end='10.77.${n}.99'/></dhcp></ip>`;

  it('lease addresses, resolve names and reach the outside by NAT', async () => {
    networks.start('natted', NAT(1));
    const [one, two] = [networks.container('natted'), networks.container('natted')];
    lease(one, 'first');
    lease(two, 'second');
    expect(addressOf(one)).toMatch(/^10\.77\.1\.\d+$/);
    expect(virsh.inside(one, `ping -c 1 -W 2 ${addressOf(two)} >/dev/null && echo reached`)).toBe('reached\n');
    expect(virsh.inside(one, 'nslookup second.lan1 10.77.1.1 2>&1')).toContain(addressOf(two));
    expect(virsh.inside(one, 'ping -c 1 -W 2 203.0.113.2 >/dev/null && echo reached')).toBe('reached\n');

    const answer = "require('net').createServer((guest) => guest.end(guest.remoteAddress)).listen(7000)";
    const server = networks.host.startOutside(process.execPath, '-e', answer);
    await eventually(() => networks.host.runOutside('ss', '-Hltn').includes(':7000'));
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
    networks.start('alone', `<ip address='10.77.2.1' prefix='24'><dhcp><range start='10.77.2.2' end='10.77.2.99'/></dhcp></ip>`);
    networks.start('natted', NAT(1));
    const [inside, neighbour] = [networks.container('alone'), networks.container('natted')];
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
    networks.start(
      'six',
      `<forward mode='nat'><nat ipv6='yes'/></forward><ip family='ipv6' address='fd00:77::1' prefix='64'/>` +
        `<ip address='10.77.3.1' prefix='24'/>`,
    );
    const domain = networks.container('six', `<ip address='fd00:77::5' family='ipv6' prefix='64'/>`);
    virsh.inside(domain, 'ip -6 route add default via fd00:77::1');
    expect(
      virsh.inside(domain, 'for i in 1 2 3 4 5; do ping -6 -c 1 -W 2 2001:db8:ffff::2 >/dev/null && echo reached && break; sleep 1; done'),
    ).toBe('reached\n');
  });

  it('give known guests their address and take changes while they run', () => {
    networks.start('fixed', `<ip address='10.77.4.1' prefix='24'><dhcp><range start='10.77.4.2' end='10.77.4.9'/></dhcp></ip>`);
    const host1 = `<host mac='52:54:00:77:00:01' name='known' ip='10.77.4.77'/>`;
    expect(virsh.ok('net-update', 'fixed', 'add', 'ip-dhcp-host', host1, '--live', '--config')).toBe(
      'Updated network fixed persistent config and live state\n',
    );
    virsh.ok('net-update', 'fixed', 'add', 'dns-host', `<host ip='10.77.4.1'><hostname>gate</hostname></host>`);
    const domain = networks.container('fixed', `<mac address='52:54:00:77:00:01'/>`);
    lease(domain);
    expect(addressOf(domain)).toBe('10.77.4.77');
    expect(virsh.inside(domain, 'nslookup gate 10.77.4.1 2>&1')).toContain('10.77.4.1');
    expect(virsh.ok('net-dumpxml', 'fixed', '--inactive')).toContain(`<host mac='52:54:00:77:00:01' name='known' ip='10.77.4.77'/>`);
    expect(virsh.ok('net-dumpxml', 'fixed', '--inactive')).not.toContain('gate');
  });

  it('start dnsmasq again when it died, and are off when their bridge is gone', () => {
    networks.start('frail', NAT(5));
    killDnsmasqs(virsh.prefix);
    const domain = networks.container('frail');
    lease(domain);
    expect(addressOf(domain)).toMatch(/^10\.77\.5\./);
    const bridge = /Bridge: +(\S+)/.exec(virsh.ok('net-info', 'frail'))![1]!;
    networks.host.run('ip', 'link', 'del', bridge);
    expect(virsh.ok('net-info', 'frail')).toMatch(/^Active: +no$/m);
    virsh.ok('net-start', 'frail');
    expect(dnsmasqs(virsh.prefix).length).toBeGreaterThan(0);
  });

  it('end a dnsmasq whose pid nobody wrote down, as a killed command may leave it', () => {
    networks.start('unknown', NAT(5));
    const before = dnsmasqs(virsh.prefix);
    fs.rmSync(virsh.path('run/libvirt/network/unknown.pid'));
    const domain = networks.container('unknown');
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
    networks.define('off', '');
    const other = virsh.define({ devices: interfaceIn('off') });
    expect(virsh.error('start', other)).toEqual([
      `Failed to start domain '${other}'`,
      "Requested operation is not valid: network 'off' is not active",
    ]);
  });

  it('refuse a subnet to which the host has a route, and leave nothing', () => {
    networks.define('taken', `<forward mode='nat'/><ip address='203.0.113.77' prefix='24'/>`);
    expect(virsh.error('net-start', 'taken')).toEqual([
      'Failed to start network taken',
      'internal error: Network is already in use by interface up0',
    ]);
    expect(networks.host.remains(virsh.prefix)).toEqual(NOTHING);
  });

  it.each([
    ['nft', 'nftables'],
    ['dnsmasq', 'dnsmasq-base'],
  ])('name the package of %s where it is not there', (program, debianPackage) => {
    const binary = networks.host.run('sh', '-c', `PATH=$PATH:/usr/sbin:/sbin; command -v ${program}`).trim();
    networks.define('poor', `<ip address='10.77.6.1' prefix='24'/>`);
    networks.host.run('mount', '--bind', '/dev/null', binary);
    try {
      expect(virsh.error('net-start', 'poor')).toEqual([
        'Failed to start network poor',
        `operation failed: Unable to find '${program}' binary in $PATH; it is in Debian's package ${debianPackage}`,
      ]);
    } finally {
      networks.host.run('umount', binary);
    }
    expect(networks.host.remains(virsh.prefix)).toEqual(NOTHING);
  });

  it('get back what a killed start of a domain had taken, and its links', async (context) => {
    if (requires('strace') !== undefined) context.skip();
    networks.start('lost', NAT(12));
    const domain = virsh.define({ devices: interfaceIn('lost') });
    const { links } = networks.host.remains(virsh.prefix);
    const point = pointAt(pointsOf(virsh, 'start', domain), new RegExp(`^rename.*"run/libvirt/lxc/${domain}\\.xml"`));
    virsh.ok('destroy', domain);
    expect(killAt(virsh, point, 'start', domain).status).toBeNull();
    await eventually(() => {
      expect(virsh.ok('net-port-list', 'lost')).not.toMatch(/[0-9a-f]{8}-/);
      expect(networks.host.remains(virsh.prefix).links).toEqual(links);
      return true;
    });
    expect(fs.readFileSync(virsh.path('var/lib/libvirt/dnsmasq/virbr0.macs'), 'utf8')).not.toContain(domain);
  });

  it('connect a domain to two of them', () => {
    networks.start('left', NAT(8));
    networks.start('right', NAT(9));
    const domain = virsh.boot({ devices: interfaceIn('left') + interfaceIn('right') });
    expect(virsh.inside(domain, 'ls /sys/class/net')).toMatch(/eth0[\s\S]*eth1/);
    for (const name of ['left', 'right']) expect(virsh.ok('net-dumpxml', name)).toMatch(/^<network connections='1'>/);
    virsh.ok('destroy', domain);
    for (const name of ['left', 'right']) expect(virsh.ok('net-dumpxml', name)).toMatch(/^<network>/);
  });

  it('join a bridge of the host, and hand out macvlans', () => {
    networks.host.run('ip', 'link', 'add', 'hostbr', 'type', 'bridge');
    networks.host.run('ip', 'link', 'set', 'hostbr', 'up');
    try {
      networks.define('br', `<forward mode='bridge'/><bridge name='hostbr'/>`);
      virsh.ok('net-start', 'br');
      networks.define('mv', `<forward mode='bridge'><interface dev='hostbr'/></forward>`);
      virsh.ok('net-start', 'mv');
      const domain = networks.container('br');
      expect(networks.host.run('ip', '-o', 'link', 'show', 'master', 'hostbr')).toMatch(/vnet\d+/);
      const direct = networks.container('mv');
      expect(virsh.inside(direct, 'ip -o link show eth0')).toContain('eth0');
      expect(virsh.ok('net-dumpxml', 'mv')).toContain(`<interface dev='hostbr' connections='1'/>`);
      virsh.ok('destroy', domain);
      virsh.ok('destroy', direct);
    } finally {
      networks.host.run('ip', 'link', 'del', 'hostbr');
    }
  });
});
