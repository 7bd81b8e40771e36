// attach-device and its kin, on running containers.
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { suite } from '../helpers/requires.ts';
import { useVirsh } from '../helpers/virsh.ts';

/** A device that every host with loop devices has, that anybody may open, and that no container is given. */
const DEVICE = '/dev/loop-control';
const misc = (source: string): string => `<hostdev mode='capabilities' type='misc'><source><char>${source}</char></source></hostdev>`;
const IDMAP = "<idmap><uid start='0' target='100000' count='65536'/><gid start='0' target='200000' count='65536'/></idmap>";

suite('a device node', ['root', 'built', 'busybox', 'fuse', 'loop'], () => {
  const virsh = useVirsh();
  /** The same device by another name, which the container finds in its root. */
  const twin = (): string => {
    const node = path.join(virsh.root, 'tmp/twin');
    if (!fs.existsSync(node)) {
      execFileSync('mknod', ['-m', '666', node, 'c', '10', '237']);
    }
    return '/tmp/twin';
  };
  const opens = (name: string, device: string): boolean => virsh.runInside(name, `: <${device}`).status === 0;

  it('comes with the right to use it, and goes with it', () => {
    const name = virsh.boot();
    const file = virsh.file('d.xml', misc(DEVICE));
    const other = twin();
    expect(opens(name, other)).toBe(false);
    expect(virsh.ok('attach-device', name, file)).toBe('Device attached successfully\n\n');
    expect(virsh.inside(name, `stat -c '%A %t:%T %u:%g' ${DEVICE}`).trim()).toBe('crwx------ a:ed 0:0');
    expect(opens(name, DEVICE) && opens(name, other)).toBe(true);
    expect(virsh.ok('dumpxml', name)).toContain(`<char>${DEVICE}</char>`);
    expect(virsh.ok('dumpxml', name, '--inactive')).not.toContain('hostdev');
    expect(virsh.error('attach-device', name, file)).toEqual([
      `Failed to attach device from ${file}`,
      'operation failed: host device already exists',
    ]);
    expect(virsh.ok('detach-device', name, file)).toBe('Device detached successfully\n\n');
    expect(virsh.inside(name, `ls /dev | grep loop`)).toBe('');
    expect(opens(name, other)).toBe(false);
    expect(opens(name, '/dev/null')).toBe(true);
  });

  it('belongs to root of a container with mapped ids', () => {
    const name = virsh.boot({ more: IDMAP, devices: '' });
    virsh.ok('attach-device', name, virsh.file('d.xml', misc(DEVICE)));
    expect(virsh.inside(name, `stat -c '%u:%g' ${DEVICE}; : <${DEVICE} && echo open`)).toContain('0:0\nopen');
  });

  it('is not put in the place of something else', () => {
    const name = virsh.boot();
    const file = virsh.file('d.xml', misc(DEVICE));
    const other = twin();
    virsh.inside(name, `echo mine >${DEVICE}`);
    expect(virsh.error('attach-device', name, file)).toEqual([
      `Failed to attach device from ${file}`,
      `Unable to create device ${DEVICE}: File exists`,
    ]);
    expect(virsh.inside(name, `cat ${DEVICE}`).trim()).toBe('mine');
    expect(opens(name, other)).toBe(false);
    expect(virsh.ok('dumpxml', name)).not.toContain('hostdev');
  });

  it('does not follow the links of a container', () => {
    const name = virsh.boot();
    // The root file system of the container is this folder.
    fs.mkdirSync(path.join(virsh.root, 'tmp/trap'), { recursive: true });
    virsh.inside(name, 'ln -s /tmp/trap /dev/mapper; ln -s /tmp/trap /dev/net');
    const device = ['/dev/mapper/control', '/dev/net/tun'].find((node) => fs.existsSync(node));
    if (device === undefined) return;
    const file = virsh.file('d.xml', misc(device));
    expect(virsh.error('attach-device', name, file)[1]).toBe(`Unable to create device ${device}: Not a directory`);
    expect(fs.readdirSync(path.join(virsh.root, 'tmp/trap'))).toEqual([]);
  });

  it('is still allowed as long as another device of the domain is the same', () => {
    const name = virsh.boot();
    virsh.ok('attach-disk', name, '/dev/loop0', 'sda');
    virsh.ok('attach-disk', name, '/dev/loop0', 'sdb');
    expect(virsh.ok('detach-disk', name, 'sda')).toBe('Disk detached successfully\n\n');
    expect(virsh.inside(name, 'ls /dev | grep sd').trim()).toBe('sdb');
    expect(opens(name, '/dev/sdb')).toBe(true);
    virsh.ok('detach-disk', name, 'sdb');
  });

  it('can be detached when the container has removed it itself', () => {
    const name = virsh.boot();
    const file = virsh.file('d.xml', misc(DEVICE));
    const other = twin();
    virsh.ok('attach-device', name, file);
    virsh.inside(name, `rm ${DEVICE}`);
    virsh.ok('detach-device', name, file);
    expect(opens(name, other)).toBe(false);
  });

  it('is added to both definitions or to none', () => {
    const name = virsh.boot();
    const bad = virsh.file('bad.xml', misc('/dev/nonesuch'));
    expect(virsh.error('attach-device', name, bad, '--live', '--config')[1]).toBe(
      'Unable to access /dev/nonesuch: No such file or directory',
    );
    expect(virsh.ok('dumpxml', name, '--inactive')).not.toContain('hostdev');
    const good = virsh.file('good.xml', misc(DEVICE));
    virsh.inside(name, `touch ${DEVICE}`);
    expect(virsh.error('attach-device', name, good, '--persistent')[1]).toContain('File exists');
    expect(virsh.ok('dumpxml', name, '--inactive')).not.toContain('hostdev');
    virsh.inside(name, `rm ${DEVICE}`);
    virsh.ok('attach-device', name, good, '--persistent');
    expect(virsh.ok('dumpxml', name, '--inactive')).toContain(DEVICE);
    virsh.ok('detach-device', name, good, '--persistent');
    expect(virsh.ok('dumpxml', name, '--inactive')).not.toContain(DEVICE);
    expect(virsh.ok('dumpxml', name)).not.toContain(DEVICE);
  });
});

suite('an interface that is added to a running container', ['root', 'built', 'busybox', 'fuse', 'ip'], () => {
  const virsh = useVirsh();
  const bridge = `vlhp${process.pid % 100000}`;
  const ip = (...args: string[]) => execFileSync('ip', args, { stdio: ['ignore', 'pipe', 'ignore'], encoding: 'utf8' });
  const MAC = '52:54:00:0d:0e:0f';
  const ports = () => fs.readdirSync(`/sys/class/net/${bridge}/brif`);
  const bootBeside = (more: string) => {
    ip('link', 'add', bridge, 'type', 'bridge');
    ip('link', 'set', bridge, 'up');
    return virsh.boot({ more });
  };
  afterEach(() => {
    if (fs.existsSync(`/sys/class/net/${bridge}`)) ip('link', 'del', bridge);
  });

  it('appears in its network, up, and disappears', () => {
    const name = bootBeside('<features><privnet/></features>');
    expect(virsh.ok('attach-interface', name, 'bridge', bridge, '--mac', MAC)).toBe('Interface attached successfully\n\n');
    expect(virsh.inside(name, 'cat /sys/class/net/eth0/address /sys/class/net/eth0/operstate')).toContain(`${MAC}\nup`);
    expect(virsh.ok('domiflist', name)).toMatch(new RegExp(` ${ports()[0]} +bridge +${bridge} +- +${MAC}\n`));
    expect(virsh.ok('domif-getlink', name, MAC)).toBe(`${MAC} up\n`);
    expect(virsh.ok('domifstat', name, MAC)).toMatch(new RegExp(`^${MAC} rx_bytes \\d+\n`));
    expect(virsh.ok('detach-interface', name, 'bridge', '--mac', MAC)).toBe('Interface detached successfully\n\n');
    expect(ports()).toEqual([]);
    expect(virsh.inside(name, 'ls /sys/class/net').trim()).toBe('lo');
  });

  it('gets a free name beside the devices of the host, where the container shares its network', () => {
    const name = bootBeside('');
    virsh.ok('attach-interface', name, 'bridge', bridge, '--mac', MAC);
    expect(virsh.inside(name, 'ip -o link')).toContain(MAC);
    virsh.ok('detach-interface', name, 'bridge');
    expect(ports()).toEqual([]);
  });

  it('goes with the container', () => {
    const name = bootBeside('');
    virsh.ok('attach-interface', name, 'bridge', bridge);
    virsh.ok('attach-interface', name, 'direct', bridge);
    virsh.ok('destroy', name);
    expect(ports()).toEqual([]);
  });

  it('can be a direct one, and be detached again', () => {
    const name = bootBeside('<features><privnet/></features>');
    virsh.ok('attach-interface', name, 'direct', bridge, '--mac', MAC);
    expect(virsh.inside(name, 'cat /sys/class/net/eth0/address').trim()).toBe(MAC);
    expect(virsh.ok('domifstat', name, MAC)).toContain(`${MAC} tx_bytes`);
    virsh.ok('detach-interface', name, 'direct');
    expect(virsh.inside(name, 'ls /sys/class/net').trim()).toBe('lo');
  });

  it('takes a port of a virtual network, and gives it back', () => {
    const name = virsh.boot({ more: '<features><privnet/></features>' });
    const network = virsh.name('-net');
    const ports = () => virsh.ok('net-port-list', network, '--uuid').trim();
    virsh.ok('net-create', virsh.file('n.xml', `<network><name>${network}</name><bridge name='${bridge}'/></network>`));
    try {
      virsh.ok('attach-interface', name, 'network', network);
      expect(ports()).toMatch(/^[0-9a-f-]{36}$/);
      virsh.ok('detach-interface', name, 'network');
      expect(ports()).toBe('');
      virsh.error('attach-interface', name, 'network', network, '--target', 'a-name-that-is-too-long');
      expect(ports()).toBe('');
      virsh.ok('attach-interface', name, 'network', network);
      virsh.ok('destroy', name);
      expect(ports()).toBe('');
    } finally {
      virsh.run('net-destroy', network);
    }
  });

  it('leaves nothing when it cannot be connected', () => {
    const name = bootBeside('<features><privnet/></features>');
    const [, reason] = virsh.error('attach-interface', name, 'bridge', 'nosuchbr0');
    expect(reason).toMatch(/^Unable to add bridge nosuchbr0 port vnet\d+: No such device$/);
    // A name that is too long is found out only when the device is made.
    const file = virsh.file(
      'i.xml',
      `<interface type='bridge'><source bridge='${bridge}'/><guest dev='a-name-that-is-too-long'/></interface>`,
    );
    expect(virsh.run('attach-device', name, file, '--persistent').status).toBe(1);
    expect(ports()).toEqual([]);
    for (const which of [[], ['--inactive']]) expect(virsh.ok('dumpxml', name, ...which)).not.toContain('<interface');
    expect(virsh.inside(name, 'ls /sys/class/net').trim()).toBe('lo');
  });
});

suite('a console of a stored definition', ['root', 'built', 'busybox', 'fuse'], () => {
  const virsh = useVirsh();
  const logs = (name: string): string => virsh.ok('dumpxml', name, '--inactive', '--xpath', '//console/log/@file').trim();
  const console = (file: string, port = ''): string =>
    virsh.file('console.xml', `<console type='pty'><log file='${virsh.path(file)}'/>${port}</console>`);

  it('is added, changed and removed, and is there after the next start', () => {
    const name = virsh.boot();
    const [second, first] = ["<target port='1'/>", "<target port='0'/>"];
    virsh.ok('attach-device', name, console('a'), '--config');
    expect(virsh.error('attach-device', name, console('a'))[1]).toBe("unsupported configuration: device type 'chr' cannot be attached");
    expect(virsh.error('update-device', name, console('b'), '--config')[1]).toBe('operation failed: multiple matching devices found');
    virsh.ok('update-device', name, console('b', second), '--config');
    expect(logs(name)).toBe(`file="${virsh.path('b')}"`);
    virsh.ok('destroy', name);
    virsh.ok('start', name);
    expect(virsh.ok('dumpxml', name, '--xpath', '//console/target/@port').trim()).toBe('port="0"\n port="1"');
    virsh.ok('detach-device', name, console('x', first), '--config');
    expect(virsh.ok('dumpxml', name, '--inactive', '--xpath', '//console/target/@port').trim()).toBe('port="0"');
    expect(logs(name)).toBe(`file="${virsh.path('b')}"`);
    expect(virsh.error('update-device', name, console('c'), '--live')[1]).toBe('Operation not supported: Unable to modify live devices');
  });
});

suite('a device that is detached by its alias', ['root', 'built', 'busybox', 'fuse'], () => {
  const virsh = useVirsh();

  it('is the one of that name in each definition', () => {
    const name = virsh.boot();
    const data = fs.mkdtempSync(virsh.path('data-'));
    const [device, filesystem] = [
      virsh.file('d.xml', misc('/dev/kmsg')),
      virsh.file('f.xml', `<filesystem><source dir='${data}'/><target dir='/mnt'/></filesystem>`),
    ];
    for (const file of [device, filesystem]) virsh.ok('attach-device', name, file, '--persistent');
    const has = (what: string, ...which: string[]): boolean => virsh.ok('dumpxml', name, ...which).includes(what);
    expect(virsh.ok('detach-device-alias', name, 'hostdev0')).toBe('Device detach request sent successfully\n\n');
    expect([has('kmsg'), has('kmsg', '--inactive'), virsh.inside(name, 'ls /dev | grep kmsg')]).toEqual([false, true, '']);
    virsh.ok('detach-device-alias', name, 'hostdev0', '--config');
    expect(has('kmsg', '--inactive')).toBe(false);
    virsh.ok('detach-device-alias', name, 'fs1', '--live', '--config');
    expect([has(data), has(data, '--inactive'), virsh.inside(name, 'grep -c /mnt /proc/mounts').trim()]).toEqual([false, false, '0']);
    const refused = (alias: string, ...which: string[]) => virsh.error('detach-device-alias', name, alias, ...which);
    expect(refused('hostdev0')).toEqual([
      'Failed to detach device with alias hostdev0',
      'device not found: no device found with alias hostdev0',
    ]);
    expect(refused('console0')[1]).toBe("unsupported configuration: device type 'chr' cannot be detached");
    expect(refused('fs0')[1]).toBe('unsupported configuration: the root file system of a running domain cannot be changed');
    virsh.file('etc/libvirt/lxc.conf', 'functions = "libvirt"\n');
    expect(refused('fs0')[1]).toBe('this function is not supported by the connection driver: virDomainDetachDeviceAlias');
    const widget = virsh.file('w.xml', '<widget/>');
    expect(virsh.error('update-device', name, widget)[1]).toBe('Operation not supported: Unable to modify live devices');
    expect(virsh.error('update-device', name, widget, '--config')[1]).toBe("unsupported configuration: unknown device type 'widget'");
    expect(virsh.error('domiftune', name, 'eth0', '--inbound', '1')[1]).toBe(
      'this function is not supported by the connection driver: virDomainSetInterfaceParameters',
    );
    fs.rmSync(virsh.path('etc/libvirt/lxc.conf'));
  });
});
