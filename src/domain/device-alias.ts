// Devices by the names that libvirt gives them: their aliases. Pure.
//
// libvirt's LXC driver names consoles, and nothing else. All others are found by the names that libvirt gives devices of virtual
// machines: a disk's tells its place, the rest are numbered in the order in which they stand now.
import { libvirtError } from '../errors.ts';
import { echoedAttribute } from '../xml/echoed.ts';
import type { DeviceAlias, DiskDevice, DomainDefinition } from './definition.ts';
import type { ParsedDevice } from './device.ts';
import { diskIndex } from './elements/disk-address.ts';

/** Throws DEVICE_MISSING where no device of the definition has that name. */
export function deviceByAlias(definition: DomainDefinition, alias: string): ParsedDevice {
  const found = devicesByAlias(definition).find(([name]) => name === alias);
  if (!found) throw libvirtError('DEVICE_MISSING', `no device found with alias ${alias}`);
  return found[1];
}

/** The names of those that one definition has and another, that it was or will be, has not. */
export function aliasesOnlyIn(definition: DomainDefinition, other: DomainDefinition): string[] {
  const known = new Set(devicesByAlias(other).map(([, parsed]) => described(parsed)));
  return devicesByAlias(definition).flatMap(([name, parsed]) => (known.has(described(parsed)) ? [] : [name]));
}

const described = (parsed: ParsedDevice): unknown => (parsed.kind === 'other' ? parsed : parsed.device);

function devicesByAlias({ devices }: DomainDefinition): [string, ParsedDevice][] {
  const { disks, filesystems, interfaces, hostdevs, serials, parallels, consoles } = devices;
  const numbered = <D extends DeviceAlias>(word: string, list: readonly D[], parsed: (device: D) => ParsedDevice) =>
    list.map((device, i): [string, ParsedDevice] => [device.alias ?? `${word}${i}`, parsed(device)]);
  return [
    ...disks.map((device): [string, ParsedDevice] => [device.alias ?? diskAlias(device), { kind: 'disk', device }]),
    ...numbered('fs', filesystems, (device) => ({ kind: 'filesystem', device })),
    ...numbered('net', interfaces, (device) => ({ kind: 'interface', device, macGiven: true })),
    ...numbered('hostdev', hostdevs, (device) => ({ kind: 'hostdev', device })),
    ...numbered('serial', serials, (device) => ({ kind: 'serial', device, portGiven: true })),
    ...numbered('parallel', parallels, (device) => ({ kind: 'parallel', device, portGiven: true })),
    ...numbered('console', consoles, (device) => ({ kind: 'console', device, portGiven: true })),
  ];
}

/** `scsi0-0-0-1`, `ide0-1-0`, `virtio-disk0`. */
function diskAlias({ target: { dev, bus }, address }: DiskDevice): string {
  const part = (name: string): string => (address && echoedAttribute(address, name)) ?? '0';
  if (bus === 'scsi') return `scsi${part('controller')}-${part('bus')}-${part('target')}-${part('unit')}`;
  if (['ide', 'sata', 'fdc'].includes(bus)) return `${bus}${part('controller')}-${part('bus')}-${part('unit')}`;
  return `${bus}-disk${diskIndex(dev) ?? 0}`;
}
