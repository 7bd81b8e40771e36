import { describe, expect, it } from 'vitest';
import { formatDomain } from '../../../src/domain/format.ts';
import { domainFromLxcConf } from '../../../src/domain/from-lxc-conf.ts';
import { parseLxcConf } from '../../../src/domain/lxc-conf.ts';
import { testHost as host } from './test-host.ts';

const BASE = 'lxc.utsname = a\nlxc.rootfs = /r\n';
const convert = (...lines: string[]) => domainFromLxcConf(BASE + lines.join('\n'), host());

describe('parseLxcConf()', () => {
  it('reads assignments, without comments, blanks and quotes', () => {
    expect(parseLxcConf('# c\n\n a = b c \n\td.e="f g"\r\nh=\ni = j # k\n')).toEqual([
      { key: 'a', value: 'b c' },
      { key: 'd.e', value: 'f g' },
      { key: 'h', value: '' },
      { key: 'i', value: 'j # k' },
    ]);
  });

  it('says where it understands nothing', () => {
    expect(() => parseLxcConf('a = 1\nb c')).toThrow('configuration file syntax error: memory conf:2: expecting an assignment');
    expect(() => parseLxcConf('a = 1\n\n= c')).toThrow('configuration file syntax error: memory conf:3: expecting a name');
  });
});

describe('domainFromLxcConf()', () => {
  it('makes a domain of a name and a root', () => {
    const text = formatDomain(convert(), { live: false });
    expect(text).toContain('<type>exe</type>\n    <init>/sbin/init</init>');
    expect(text).toContain("<privnet/>\n    <capabilities policy='allow'/>");
    expect(convert()).toMatchObject({
      name: 'a',
      memoryKiB: 65536,
      devices: { filesystems: [{ type: 'mount', source: '/r', target: '/' }] },
    });
  });

  it('prefers the newer keys', () => {
    expect(convert('lxc.rootfs.path = /dev/sda1', 'lxc.uts.name = b')).toMatchObject({
      name: 'b',
      devices: { filesystems: [{ type: 'block', source: '/dev/sda1' }] },
    });
  });

  it('says which key is missing', () => {
    expect(() => domainFromLxcConf('lxc.rootfs = /r', host())).toThrow('lxc.uts.name');
    expect(() => domainFromLxcConf('lxc.utsname = r', host())).toThrow('lxc.rootfs.path');
    expect(() => convert('lxc.mount = /etc/fstab')).toThrow('use lxc.mount.entry lines instead');
  });

  it('knows two architectures by another name', () => {
    expect(['x86', 'amd64', 'i686', 'i386'].map((arch) => convert(`lxc.arch = ${arch}`).os.arch)).toEqual(['i686', 'x86_64', 'i686', '']);
  });

  it('forgets an architecture that libvirt has no name for', () => {
    expect([convert('lxc.arch = arm').os.arch, convert('lxc.arch = aarch64').os.arch]).toEqual(['', 'aarch64']);
  });

  it.each([
    ['0', 'XML error: Memory size must be specified via <memory> or in the <numa> configuration'],
    ['99999999999999999999', "internal error: failed to convert size: '99999999999999999999'"],
  ])('refuses %s bytes of memory', (size, message) => {
    expect(() => convert(`lxc.cgroup.memory.limit_in_bytes = ${size}`)).toThrow(expect.objectContaining({ message }));
  });

  it('mounts', () => {
    const { filesystems } = convert(
      'lxc.mount.entry = proc proc proc nodev 0 0',
      'lxc.mount.entry = /dev/sdb1 mnt/x ext4 ro 0 0',
      'lxc.mount.entry = /a  /b\tnone bind,create=dir',
      'lxc.mount.entry = tmpfs /t tmpfs size=1g,ro 0 0',
    ).devices;
    expect(filesystems.slice(1).map(({ type, source, target, readonly }) => [type, source, target, readonly])).toEqual([
      ['block', '/dev/sdb1', '/mnt/x', true],
      ['mount', '/a', '/b', false],
      ['ram', '1048576', '/t', true],
    ]);
  });

  it.each([
    ['lxc.mount.entry = tmpfs /t tmpfs defaults', 'internal error: missing tmpfs size, set the size option'],
    ['lxc.mount.entry = tmpfs /t tmpfs size=10%', "internal error: can't convert relative size: '10%'"],
    ['lxc.mount.entry = tmpfs /t tmpfs size=x', "internal error: failed to convert size: 'x'"],
    ['lxc.mount.entry = /a /b none', 'lxc.mount.entry wants'],
    ['lxc.tty = -1', "internal error: failed to parse int: '-1'"],
    ['lxc.cgroup.cpu.shares = x', "internal error: failed to parse integer: 'x'"],
    ['lxc.cgroup.cpuset.cpus = x', "invalid argument: Failed to parse bitmap 'x'"],
    ['lxc.cgroup.blkio.device_weight = 8:16', "internal error: invalid lxc.cgroup.blkio.device_weight value: '8:16'"],
    ['lxc.cgroup.blkio.device_weight = 8:16 x', "internal error: failed to parse device weight: 'x'"],
    ['lxc.idmap = u 5', "internal error: invalid lxc.idmap: 'u 5'"],
    ['lxc.network.type = phys', "unsupported configuration: Missing 'link' attribute for NIC"],
    ['lxc.network.type = pigeon', 'pigeon'],
    ['lxc.network.link = br0', 'lxc.network.link comes before lxc.network.type'],
    ['lxc.net.x.type = veth', "'x' is not a number"],
    ['lxc.net.0.mtu = 1400', 'lxc.net.0.mtu has no counterpart'],
    ['lxc.net.0.ipv4 = 192.0.2.1', "invalid argument: Invalid CIDR address: '192.0.2.1'"],
    ['lxc.net.0.type = veth\nlxc.net.0.ipv4.gateway = auto', "Bad gateway address 'auto'"],
  ])('refuses %j', (line, message) => {
    expect(() => convert(line)).toThrow(message);
  });

  it('limits', () => {
    const definition = convert(
      'lxc.cgroup.memory.limit_in_bytes = 1G',
      'lxc.cgroup.memory.soft_limit_in_bytes = 32M',
      'lxc.cgroup.cpu.cfs_quota_us = -1',
      'lxc.cgroup.cpuset.cpus = 1,3-5',
      'lxc.cgroup.cpuset.mems = 0',
      'lxc.cgroup.blkio.device_weight = 8:16 200',
      'lxc.cgroup.blkio.throttle.read_iops_device = 8:0 20',
      'lxc.cgroup.blkio.throttle.write_bps_device = 8:16 30',
    );
    expect(definition).toMatchObject({
      memoryKiB: 1048576,
      memtune: { hardLimitKiB: 1048576, softLimitKiB: 32768 },
      cputune: { quotaUs: -1 },
      vcpu: { cpuset: '1,3-5' },
      numatune: { mode: 'strict', nodeset: '0' },
    });
    expect(definition.blkiotune.devices).toEqual([
      { path: '/dev/block/8:16', weight: 200, writeBytesSec: 30 },
      { path: '/dev/block/8:0', readIopsSec: 20 },
    ]);
  });

  it('maps ids in the order of libvirt, and drops capabilities', () => {
    const { idmap, features } = convert('lxc.idmap = u 100000 0 1000', 'lxc.id_map = u 5 6 7', 'lxc.cap.drop = sys_time mknod nonsense');
    expect(idmap.uid).toEqual([
      { start: 0, target: 100000, count: 1000 },
      { start: 6, target: 5, count: 7 },
    ]);
    expect(features.capabilities.states).toEqual([
      { name: 'mknod', state: 'off' },
      { name: 'sys_time', state: 'off' },
    ]);
  });

  it('connects', () => {
    const { devices, features } = convert(
      'lxc.net.1.type = macvlan',
      'lxc.net.0.type = veth',
      'lxc.net.1.link = eth9',
      'lxc.net.0.link = br0',
      'lxc.net.0.flags = up',
      'lxc.net.0.ipv4.address = 192.0.2.7/24',
      'lxc.net.0.ipv4.gateway = 192.0.2.1',
      'lxc.net.2.type = vlan',
      'lxc.net.2.link = eth5',
      'lxc.net.2.vlan.id = 12',
      'lxc.net.3.type = empty',
    );
    expect(devices.interfaces.map(({ type, source, linkState }) => [type, source, linkState])).toEqual([
      ['direct', 'eth9', 'down'],
      ['bridge', 'br0', 'up'],
    ]);
    expect(devices.interfaces[1]).toMatchObject({
      ips: [{ address: '192.0.2.7', family: 'ipv4', prefix: 24 }],
      routes: [{ address: '0.0.0.0', gateway: '192.0.2.1' }],
    });
    expect(devices.hostdevs.map(({ source }) => source)).toEqual(['eth5.12']);
    expect(features.privnet).toBe(false);
  });

  it('begins another device at each lxc.network.type', () => {
    const { interfaces } = convert(
      'lxc.network.type = veth',
      'lxc.network.type = macvlan',
      'lxc.network.link = e',
      'lxc.network.macvlan.mode = bridge',
    ).devices;
    expect(interfaces.map(({ type, sourceMode }) => [type, sourceMode])).toEqual([
      ['ethernet', undefined],
      ['direct', 'bridge'],
    ]);
  });
});
