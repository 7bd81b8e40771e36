import { expect, it } from 'vitest';
import { aliasesOnlyIn, deviceByAlias } from '../../../src/domain/device-alias.ts';
import { parseDomain } from '../../../src/domain/parse.ts';
import { testHost } from './test-host.ts';

const definition = parseDomain(
  `<domain type='lxc'><name>a</name><memory>65536</memory><os><type>exe</type><init>/bin/sh</init></os><devices>
     <disk type='block'><source dev='/dev/x'/><target dev='sdb'/></disk>
     <disk type='block'><source dev='/dev/x'/><target dev='vdc'/></disk>
     <disk type='block'><source dev='/dev/x'/><target dev='hdd'/></disk>
     <filesystem><source dir='/r'/><target dir='/'/></filesystem>
     <filesystem><source dir='/d'/><target dir='/d'/></filesystem>
     <interface type='bridge'><mac address='52:54:00:00:00:01'/><source bridge='b'/></interface>
     <interface type='bridge'><mac address='52:54:00:00:00:02'/><source bridge='b'/></interface>
     <hostdev mode='capabilities' type='misc'><source><char>/dev/kmsg</char></source></hostdev>
     <console type='pty'/><console type='pty'/>
   </devices></domain>`,
  testHost(),
);

it.each([
  ['scsi0-0-0-1', 'sdb'],
  ['virtio-disk2', 'vdc'],
  ['ide0-1-1', 'hdd'],
  ['fs1', '/d'],
  ['net1', '52:54:00:00:00:02'],
  ['hostdev0', '/dev/kmsg'],
  ['console1', '"port":1'],
])('deviceByAlias() finds %s', (alias, mark) => expect(JSON.stringify(deviceByAlias(definition, alias))).toContain(mark));

it.each(['fs2', 'net', 'virtio-disk0', ''])('deviceByAlias() finds no %s', (alias) =>
  expect(() => deviceByAlias(definition, alias)).toThrow(`device not found: no device found with alias ${alias}`),
);

it('deviceByAlias() knows the name that a running domain shows', () => {
  const { devices } = definition;
  const named = { ...definition, devices: { ...devices, consoles: devices.consoles.map((one, i) => ({ ...one, alias: `ua-${i}` })) } };
  expect(deviceByAlias(named, 'ua-1').kind).toBe('console');
  expect(() => deviceByAlias(named, 'console1')).toThrow('no device found');
});

it('aliasesOnlyIn() names what one definition has more, by its place there', () => {
  const { devices } = definition;
  const without = { ...definition, devices: { ...devices, interfaces: devices.interfaces.slice(1), disks: devices.disks.slice(0, 2) } };
  expect(aliasesOnlyIn(definition, without)).toEqual(['ide0-1-1', 'net0']);
  expect(aliasesOnlyIn(without, definition)).toEqual([]);
  expect(aliasesOnlyIn(definition, { ...definition, title: 'changed' })).toEqual([]);
});
