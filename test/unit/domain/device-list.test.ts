import { describe, expect, it } from 'vitest';
import type { DomainDefinition } from '../../../src/domain/definition.ts';
import { parseDevice } from '../../../src/domain/device.ts';
import { withDevice, withoutDevice, withUpdatedDevice } from '../../../src/domain/device-list.ts';
import { minimalDefinition } from '../../helpers/definition.ts';
import { testHost as host } from './test-host.ts';

const device = (xml: string, naming = false) => parseDevice(xml, host(), { naming });
const disk = (dev: string, rest = '') => `<disk type='block'><source dev='/dev/sdx'/><target dev='${dev}'/>${rest}</disk>`;
const nic = (mac: string, bridge = 'br0', rest = '') =>
  `<interface type='bridge'><mac address='52:54:00:00:00:${mac}'/><source bridge='${bridge}'/>${rest}</interface>`;
const misc = (path: string) => `<hostdev mode='capabilities' type='misc'><source><char>${path}</char></source></hostdev>`;
const usb = (source: string) => `<hostdev mode='subsystem' type='usb'><source>${source}</source></hostdev>`;

/** A definition with these devices. */
const having = (...documents: string[]): DomainDefinition =>
  documents.reduce((known, xml) => withDevice(known, device(xml)), minimalDefinition());
const targets = ({ devices }: DomainDefinition) => devices.disks.map(({ target }) => target.dev);
const nics = ({ devices }: DomainDefinition) => devices.interfaces.map(({ mac, source }) => `${mac.slice(-2)} ${source}`);

describe('withDevice()', () => {
  it('puts a disk among those of its bus, by name', () => {
    expect(targets(having(disk('sdc'), disk('vda'), disk('sda'), disk('sdb')))).toEqual(['sda', 'sdb', 'sdc', 'vda']);
  });

  it('leaves the definition that it was given as it is', () => {
    const definition = having(disk('sda'));
    withDevice(definition, device(disk('sdb')));
    expect(targets(definition)).toEqual(['sda']);
  });

  it('refuses a second disk of one target, or one in the place of another', () => {
    expect(() => withDevice(having(disk('sda')), device(disk('sda')))).toThrow('invalid argument: target sda already exists.');
    const place = "<address type='drive' controller='0' bus='0' target='0' unit='0'/>";
    expect(() => withDevice(having(disk('sda')), device(disk('sdb', place)))).toThrow('Found duplicate drive address');
  });

  it('takes interfaces of one MAC address, but no host device twice', () => {
    expect(nics(having(nic('01'), nic('01')))).toEqual(['01 br0', '01 br0']);
    expect(() => having(misc('/dev/kmsg'), misc('/dev/kmsg'))).toThrow('invalid argument: device is already in the domain configuration');
    expect(having(misc('/dev/kmsg'), misc('/dev/rtc')).devices.hostdevs).toHaveLength(2);
  });

  it('refuses other devices', () => {
    for (const xml of ["<console type='pty'/>", "<controller type='scsi'/>", "<memballoon model='none'/>"]) {
      expect(() => having(xml)).toThrow('unsupported configuration: persistent attach of device is not supported');
    }
  });
});

describe('withoutDevice()', () => {
  it('knows a disk by its target alone', () => {
    const named = device("<disk type='block'><target dev='sda'/></disk>", true);
    expect(targets(withoutDevice(having(disk('sda'), disk('sdb')), named))).toEqual(['sdb']);
    expect(() => withoutDevice(having(disk('sdb')), named)).toThrow('invalid argument: no target device sda');
    expect(() => withoutDevice(having(disk('sdb')), device('<disk/>', true))).toThrow('invalid argument: no target device (null)');
  });

  it('knows an interface by its MAC address, whatever else is said', () => {
    expect(nics(withoutDevice(having(nic('01'), nic('02')), device(nic('02', 'other'))))).toEqual(['01 br0']);
  });

  it('knows the only interface without an address', () => {
    const any = device("<interface type='bridge'><source bridge='x'/></interface>");
    expect(nics(withoutDevice(having(nic('01')), any))).toEqual([]);
    expect(() => withoutDevice(having(nic('01'), nic('02')), any)).toThrow('operation failed: multiple matching devices found');
  });

  it('tells two interfaces of one MAC address apart by their PCI addresses', () => {
    const at = (slot: number) => `<address type='pci' domain='0' bus='0' slot='${slot}' function='0'/>`;
    const both = having(nic('01', 'br5', at(5)), nic('01', 'br6', at(6)));
    expect(nics(withoutDevice(both, device(nic('01', 'x', at(5)))))).toEqual(['01 br6']);
    expect(() => withoutDevice(both, device(nic('01')))).toThrow(
      'operation failed: multiple devices matching MAC address 52:54:00:00:00:01 found',
    );
    expect(() => withoutDevice(both, device(nic('01', 'x', at(7))))).toThrow(
      "device not found: no device found at address '0000:00:07.0' matching MAC address '52:54:00:00:00:01' and alias '(<null>)'",
    );
  });

  it('knows host devices by their source', () => {
    expect(withoutDevice(having(misc('/dev/kmsg')), device(misc('/dev/kmsg'))).devices.hostdevs).toEqual([]);
    expect(() => withoutDevice(having(misc('/dev/kmsg')), device(misc('/dev/rtc')))).toThrow('device not present in domain configuration');
    const both = having(usb("<vendor id='0x1234'/><product id='0xbeef'/>"), usb("<address bus='1' device='2'/>"));
    const [left] = withoutDevice(both, device(usb("<vendor id='0x1234'/><product id='0xbeef'/>"))).devices.hostdevs;
    expect(left?.usb).toEqual({ bus: 1, device: 2 });
    expect(() => withoutDevice(both, device(usb("<address bus='1' device='3'/>")))).toThrow('device not present in domain configuration');
  });
});

describe('withUpdatedDevice()', () => {
  it('replaces the interface of the same MAC address, in its place', () => {
    expect(nics(withUpdatedDevice(having(nic('01'), nic('02'), nic('03')), device(nic('02', 'br9'))))).toEqual([
      '01 br0',
      '02 br9',
      '03 br0',
    ]);
    expect(() => withUpdatedDevice(having(nic('01')), device(nic('02')))).toThrow('device not found');
  });

  it('refuses other devices', () => {
    expect(() => withUpdatedDevice(having(disk('sda')), device(disk('sda')))).toThrow('persistent update of device is not supported');
  });
});

describe('what libvirt changes of no container', () => {
  const kinds = { more: () => true };
  const filesystem = (target: string) => device(`<filesystem><source dir='/srv'/><target dir='${target}'/></filesystem>`);
  const console = (log: string, port?: number) =>
    device(`<console type='pty'><log file='${log}'/>${port === undefined ? '' : `<target port='${port}'/>`}</console>`);
  const logs = ({ devices }: DomainDefinition) => devices.consoles.map(({ port, others }) => `${port} ${others[0]?.attributes[0]?.[1]}`);
  const without = (definition: DomainDefinition): DomainDefinition => ({
    ...definition,
    devices: { ...definition.devices, filesystems: [], consoles: [] },
  });
  const three = ['a', 'b', 'c'].reduce((known, log) => withDevice(known, console(log), kinds), without(minimalDefinition()));

  it('is refused in its words', () => {
    expect(() => withDevice(minimalDefinition(), filesystem('/a'))).toThrow('persistent attach of device is not supported');
    expect(() => withoutDevice(minimalDefinition(), filesystem('/a'))).toThrow('persistent detach of device is not supported');
    for (const one of [filesystem('/a'), console('a')])
      expect(() => withUpdatedDevice(three, one)).toThrow('persistent update of device is not supported');
    expect(() => withUpdatedDevice(three, filesystem('/a'), kinds)).toThrow('persistent update of device is not supported');
  });

  it('is a file system, known by its target however that is written', () => {
    const one = withDevice(without(minimalDefinition()), filesystem('/a/b'), kinds);
    const targets = ({ devices }: DomainDefinition) => devices.filesystems.map(({ target }) => target);
    expect(() => withDevice(one, filesystem('//a/./b/'), kinds)).toThrow('Target already exists');
    expect(targets(withDevice(one, filesystem('/a'), kinds))).toEqual(['/a/b', '/a']);
    expect(targets(withoutDevice(one, filesystem('/a/b/'), kinds))).toEqual([]);
    expect(() => withoutDevice(one, filesystem('/a'), kinds)).toThrow('no matching filesystem device was found');
  });

  it('is a console, known by its port, and numbered in order', () => {
    expect(logs(three)).toEqual(['0 a', '1 b', '2 c']);
    expect(logs(withoutDevice(three, console('', 1), kinds))).toEqual(['0 a', '1 c']);
    expect(logs(withUpdatedDevice(three, console('x', 2), kinds))).toEqual(['0 a', '1 b', '2 x']);
    expect(logs(three)).toEqual(['0 a', '1 b', '2 c']);
    for (const change of [withoutDevice, withUpdatedDevice]) {
      expect(() => change(three, console('x'), kinds)).toThrow('multiple matching devices found');
      expect(() => change(three, console('x', 3), kinds)).toThrow('no matching console device was found');
    }
    const one = withoutDevice(withoutDevice(three, console('', 0), kinds), console('', 0), kinds);
    expect(logs(withUpdatedDevice(one, console('y'), kinds))).toEqual(['0 y']);
    expect(logs(withoutDevice(one, console(''), kinds))).toEqual([]);
  });
});
