// Ours against what libvirt's driver wrote of the same domains: byte for byte, but for pids and for who writes.
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { liveDefinition, withDevices } from '../../../../src/container/live-definition.ts';
import type { DiskDevice, DomainDefinition, HostDevice, InterfaceDevice } from '../../../../src/domain/definition.ts';
import { parseDevice } from '../../../../src/domain/device.ts';
import { parseDomain } from '../../../../src/domain/parse.ts';
import { messageBytes } from '../../../../src/security/audit/encoding.ts';
import {
  type AuditRecord,
  cgroupChange,
  diskChange,
  hostdevChange,
  initRecord,
  interfaceChange,
  machineRecords,
  numberChange,
  RECORD_TYPES,
  resourceRecord,
  startRecord,
  startRecords,
  stopRecord,
} from '../../../../src/security/audit/records.ts';
import { ROOT } from '../../../helpers/requires.ts';
import { testHost } from '../../domain/test-host.ts';

/** The records of each command. */
const recorded = new Map(
  fs
    .readFileSync(path.join(ROOT, 'test/fixtures/audit/libvirt-9.0.txt'), 'utf8')
    .split(/^## /m)
    .slice(1)
    .map((section) => {
      const [command, ...lines] = section.trimEnd().split('\n');
      return [command!, lines] as const;
    }),
);

const TYPE_NAMES = { control: 'VIRT_CONTROL', resource: 'VIRT_RESOURCE', machine: 'VIRT_MACHINE_ID' } as const;
const inLog = (records: readonly AuditRecord[]): string[] =>
  records.map(({ type, text, success }) => {
    const message = messageBytes(text, success, { exe: '/usr/sbin/libvirtd', terminal: undefined }).toString();
    return `${TYPE_NAMES[type]} ${message.replace(/\0+$/, '')}`;
  });

const UUID = (last: string): string => `11111111-2222-3333-4444-5555555555${last}`;

function defined(name: string, last: string, devices = '', top = ''): DomainDefinition {
  const xml = `<domain type='lxc'><name>${name}</name><uuid>${UUID(last)}</uuid><memory unit='KiB'>131072</memory><vcpu>2</vcpu>
    <os><type>exe</type><init>/bin/sleep</init></os>${top}<devices>${devices}<console type='pty'/></devices></domain>`;
  return parseDomain(xml, testHost());
}

/** As it runs: with a root, and ptys. */
function running(definition: DomainDefinition): DomainDefinition {
  const live = liveDefinition({ ...definition, seclabels: [] });
  return withDevices({ ...live, seclabels: definition.seclabels }, { ptys: live.devices.consoles.map((_, i) => `/dev/pts/${i}`) });
}

const FULL = defined(
  'full',
  '01',
  `<disk type='block'><source dev='/dev/loop0'/><target dev='vda'/></disk>
   <disk type='block'><source dev='/dev/loop1'/><target dev='vdb'/><readonly/></disk>
   <disk type='network'><source protocol='nbd' name='far'/><target dev='vdc'/></disk>
   <filesystem type='mount'><source dir='/'/><target dir='/'/></filesystem>
   <filesystem type='mount'><source dir='/srv/with blank'/><target dir='/mnt'/></filesystem>
   <filesystem type='ram'><source usage='1024'/><target dir='/media'/></filesystem>
   <filesystem type='file'><source file='/tmp/rec/c.img'/><target dir='/opt'/></filesystem>
   <interface type='bridge'><mac address='52:54:00:aa:bb:01'/><source bridge='brx'/></interface>
   <interface type='bridge'><mac address='52:54:00:aa:bb:02'/><source bridge='brx'/></interface>
   <hostdev mode='capabilities' type='misc'><source><char>/dev/fuse</char></source></hostdev>
   <hostdev mode='capabilities' type='storage'><source><block>/dev/loop2</block></source></hostdev>
   <hostdev mode='capabilities' type='net'><source><interface>eth9</interface></source></hostdev>
   <console type='pty'/>`,
);

interface Pids {
  controllerPid: number;
  initPid: number;
  pidNamespace: number;
}

const started = (live: DomainDefinition, pids: Pids): AuditRecord[] => [
  ...machineRecords(live),
  ...startRecords(live),
  startRecord(live, 'booted', pids.controllerPid),
  initRecord(live, pids),
];

/** The pids of the recorded ones. */
function pidsOf(lines: readonly string[]): Pids {
  const [, controllerPid, initPid, pidNamespace] = /op=init .* vm-pid=(\d+) init-pid=(\d+) pid-ns=(\d+)/
    .exec(lines.join('\n'))!
    .map(Number);
  return { controllerPid: controllerPid!, initPid: initPid!, pidNamespace: pidNamespace! };
}

describe('the records of a start', () => {
  it.each([
    ['full', FULL],
    ['plain', defined('plain', '02')],
    ['with blank', defined('with blank', '03')],
    ['quo"te', defined('quo&quot;te', '04')],
    ['umläut', defined('umläut', '05')],
    ['tab\tbed', defined('tab&#9;bed', '06')],
    ['del\x7f', defined('del&#x7f;', '07')],
    ['dyn', dynamic()],
    ['nonelab', { ...defined('nonelab', '11'), seclabels: [{ type: 'none', model: 'apparmor' }] } satisfies DomainDefinition],
  ])('of %s are libvirt’s', (name, definition) => {
    const lines = recorded.get(`start ${name}`)!;
    expect(inLog(started(running(definition), pidsOf(lines)))).toEqual(lines);
  });

  it.each([
    ['bad', '08', '/dev/loop0'],
    ['baddev', '09', '/dev/nosuch'],
  ])('that failed, of %s, are libvirt’s', (name, last, disk) => {
    const stored = defined(name, last, `<disk type='block'><source dev='${disk}'/><target dev='vda'/></disk>`);
    expect(inLog([...startRecords(stored), startRecord(stored, 'booted', 0)])).toEqual(recorded.get(`start ${name}`));
  });

  it('that follows an end are libvirt’s, but for its stop, which has the pid of what runs then', () => {
    const live = running(defined('rb', '20'));
    const lines = recorded.get('reboot of rb')!;
    const pids = pidsOf(lines);
    const again = [
      stopRecord(live, 'reboot'),
      ...startRecords(live),
      startRecord(live, 'reboot', pids.controllerPid),
      initRecord(live, pids),
    ];
    expect(inLog(again)).toEqual(lines.with(0, lines[0]!.replace(/vm-pid=\d+/, 'vm-pid=0')));
  });

  it('tell how many processors are used, of those that there may be', () => {
    const definition = defined('plain', '02');
    definition.vcpu = { count: 4, current: 3, placement: 'static' };
    expect(startRecords(definition).at(-1)?.text).toContain('old-vcpu=0 new-vcpu=3');
  });
});

function dynamic(): DomainDefinition {
  const label = `libvirt-${UUID('21')}`;
  return { ...defined('dyn', '21'), seclabels: [{ type: 'dynamic', model: 'apparmor', relabel: 'yes', label, imagelabel: label }] };
}

describe('the record of an end', () => {
  it.each(['full', 'with blank', 'quo"te', 'umläut'])('of %s is libvirt’s', (name) => {
    const last = { full: '01', 'with blank': '03', 'quo"te': '04', umläut: '05' }[name]!;
    expect(inLog([stopRecord({ name, uuid: UUID(last) }, 'destroyed')])).toEqual(recorded.get(`destroy ${name}`));
  });

  it('has no uuid where none is known, nor what is none', () => {
    expect(stopRecord({ name: 'x', uuid: '' }, 'failed').text).toBe('virt=lxc op=stop reason=failed vm="x" uuid=? vm-pid=0');
    expect(stopRecord({ name: 'x', uuid: 'a vm="y"' }, 'failed').text).toContain(' uuid=? ');
  });
});

describe('the record of a device', () => {
  const device = (xml: string): unknown => (parseDevice(xml, testHost()) as { device: unknown }).device;
  const disk = (source: string) => device(`<disk type='block'><source dev='${source}'/><target dev='vdc'/></disk>`) as DiskDevice;
  const nic = (mac: string) =>
    device(`<interface type='bridge'><mac address='${mac}'/><source bridge='brx'/></interface>`) as InterfaceDevice;
  const hostdev = (type: string, element: string, source: string) =>
    device(`<hostdev mode='capabilities' type='${type}'><source><${element}>${source}</${element}></source></hostdev>`) as HostDevice;
  const usb = device(`<hostdev mode='subsystem' type='usb'><source><address bus='1' device='2'/></source></hostdev>`) as HostDevice;

  it.each([
    ['attach-device full d1.xml', diskChange('attach', undefined, disk('/dev/loop2')), true],
    ['attach-device full d2.xml', diskChange('attach', undefined, disk('/dev/nosuch')), false],
    ['attach-device full i1.xml', interfaceChange('attach', undefined, nic('52:54:00:aa:bb:03')), true],
    ['attach-device full h1.xml', hostdevChange('attach', hostdev('misc', 'char', '/dev/kmsg')), true],
    ['attach-device full h2.xml', hostdevChange('attach', hostdev('storage', 'block', '/dev/vda')), false],
    ['attach-device full u1.xml', hostdevChange('attach', usb), false],
    ['detach-device full d1.xml', diskChange('detach', disk('/dev/loop2'), undefined), true],
    ['detach-device full i1.xml', interfaceChange('detach', nic('52:54:00:aa:bb:03'), undefined), true],
    ['detach-device full h1.xml', hostdevChange('detach', hostdev('misc', 'char', '/dev/kmsg')), true],
  ])('of %s is libvirt’s', (command, changes, success) => {
    expect(inLog(changes.map((change) => resourceRecord(FULL, change, success)))).toEqual(recorded.get(command));
  });

  it('of a network’s disk is none: it is nothing of this host', () => {
    expect(diskChange('attach', undefined, { ...disk('/x'), type: 'network' })).toEqual([]);
  });
});

describe('the record of a device rule', () => {
  const text = (...words: Parameters<typeof cgroupChange>): string => resourceRecord(FULL, cgroupChange(...words), true).text;
  const head = (reason: string): string => `virt=lxc resrc=cgroup reason=${reason} vm="full" uuid=${UUID('01')} cgroup="/cg"`;

  it('is of all, of a kind or of one device', () => {
    expect(text('deny', '/cg')).toBe(`${head('deny')} class=all`);
    expect(text('allow', '/cg', { type: 'c', major: 136, minor: null, access: 'rwm' })).toBe(
      `${head('allow')} class=major category=pty maj=88 acl=rwm`,
    );
    expect(text('allow', '/cg', { type: 'b', major: 7, minor: null, access: 'r' })).toBe(
      `${head('allow')} class=major category=block maj=07 acl=r`,
    );
    expect(text('allow', '/cg', { type: 'b', major: 259, minor: 300, access: 'rw', path: '/dev/my disk' })).toBe(
      `${head('allow')} class=path path=2F6465762F6D79206469736B rdev=103:12C acl=rw`,
    );
    expect(text('allow', '/cg', { type: 'c', major: null, minor: null, access: 'm' })).toBe(
      `${head('allow')} class=all category=char acl=m`,
    );
  });
});

it('a change of memory is told by both sizes', () => {
  expect(numberChange('mem', 'update', 131072, 65536).map((one) => resourceRecord(FULL, one, false).text)).toEqual([
    `virt=lxc resrc=mem reason=update vm="full" uuid=${UUID('01')} old-mem=131072 new-mem=65536`,
  ]);
});

it('the kernel knows records by numbers of its own', () => {
  expect(RECORD_TYPES).toEqual({ control: 2500, resource: 2501, machine: 2502 });
});
