// Adding, removing and replacing one device of a stored definition. Pure: what comes out is another definition.

import { libvirtError } from '../errors.ts';
import type { EchoedElement } from '../xml/echoed.ts';
import { echoedAttribute } from '../xml/echoed.ts';
import type { DiskDevice, DomainDefinition, DomainDevices, HostDevice, InterfaceDevice } from './definition.ts';
import type { ParsedDevice } from './device.ts';
import { addImpliedControllers } from './elements/controller.ts';
import { insertDisk, validateDriveAddresses } from './elements/disk-address.ts';

/** Throws INVALID_ARG for a disk or host device that is there already, CONFIG_UNSUPPORTED for other kinds. */
export function withDevice(stored: DomainDefinition, parsed: ParsedDevice): DomainDefinition {
  const definition = withImpliedControllers(stored);
  const { devices } = definition;
  switch (parsed.kind) {
    case 'disk':
      if (findDisk(devices, parsed.device) >= 0) throw libvirtError('INVALID_ARG', `target ${parsed.device.target.dev} already exists.`);
      return withDevices(definition, { disks: withStoredDisk(devices, parsed.device) });
    case 'interface':
      return withDevices(definition, { interfaces: [...devices.interfaces, parsed.device] });
    case 'hostdev':
      if (findHostdev(devices, parsed.device) >= 0) throw libvirtError('INVALID_ARG', 'device is already in the domain configuration');
      return withDevices(definition, { hostdevs: [...devices.hostdevs, parsed.device] });
    default:
      throw libvirtError('CONFIG_UNSUPPORTED', 'persistent attach of device is not supported');
  }
}

/** Throws INVALID_ARG, DEVICE_MISSING or OPERATION_FAILED where not exactly one device is meant, CONFIG_UNSUPPORTED for other kinds. */
export function withoutDevice(stored: DomainDefinition, parsed: ParsedDevice): DomainDefinition {
  const definition = withImpliedControllers(stored);
  const { devices } = definition;
  switch (parsed.kind) {
    case 'disk': {
      const at = findDisk(devices, parsed.device);
      if (at < 0) throw libvirtError('INVALID_ARG', `no target device ${parsed.device.target.dev}`);
      return withDevices(definition, { disks: without(devices.disks, at) });
    }
    case 'interface':
      return withDevices(definition, { interfaces: without(devices.interfaces, findInterface(devices, parsed)) });
    case 'hostdev': {
      const at = findHostdev(devices, parsed.device);
      if (at < 0) throw libvirtError('INVALID_ARG', 'device not present in domain configuration');
      return withDevices(definition, { hostdevs: without(devices.hostdevs, at) });
    }
    default:
      throw libvirtError('CONFIG_UNSUPPORTED', 'persistent detach of device is not supported');
  }
}

/** Puts an interface in place of the one that it names; of other kinds throws CONFIG_UNSUPPORTED. */
export function withUpdatedDevice(stored: DomainDefinition, parsed: ParsedDevice): DomainDefinition {
  if (parsed.kind !== 'interface') throw libvirtError('CONFIG_UNSUPPORTED', 'persistent update of device is not supported');
  const definition = withImpliedControllers(stored);
  const at = findInterface(definition.devices, parsed);
  return withDevices(definition, { interfaces: definition.devices.interfaces.with(at, parsed.device) });
}

/** As libvirt has it: the controllers of disks that were added appear with the next change of a device. */
function withImpliedControllers(definition: DomainDefinition): DomainDefinition {
  const devices = { ...definition.devices, controllers: [...definition.devices.controllers] };
  addImpliedControllers(devices);
  return { ...definition, devices };
}

export function withDevices(definition: DomainDefinition, changed: Partial<DomainDevices>): DomainDefinition {
  return { ...definition, devices: { ...definition.devices, ...changed } };
}

/** Differs from libvirt: a disk whose address is taken is refused here and not only when the definition is next read. */
function withStoredDisk(devices: DomainDevices, added: DiskDevice): DiskDevice[] {
  const disks = withDisk(devices, added);
  validateDriveAddresses(disks);
  return disks;
}

/** The disks with one more, in its place among those of its bus. */
export function withDisk({ disks }: DomainDevices, added: DiskDevice): DiskDevice[] {
  const all = [...disks];
  insertDisk(all, added, ({ target }) => target.bus);
  return all;
}

export const without = <T>(list: readonly T[], at: number): T[] => list.toSpliced(at, 1);

/** The place of the disk of that target, or -1. */
export function findDisk({ disks }: DomainDevices, { target }: DiskDevice): number {
  return disks.findIndex((disk) => disk.target.dev === target.dev);
}

/** The place of the one interface that a document names by MAC address, PCI address or neither. Throws unless there is exactly one. */
export function findInterface({ interfaces }: DomainDevices, { device, macGiven }: { device: InterfaceDevice; macGiven: boolean }): number {
  const pci = pciAddress(device.address);
  const matches = interfaces.flatMap((known, i) =>
    (macGiven && known.mac !== device.mac) || (pci !== undefined && pciAddress(known.address) !== pci) ? [] : [i],
  );
  if (matches.length > 1) {
    throw libvirtError(
      'OPERATION_FAILED',
      macGiven ? `multiple devices matching MAC address ${device.mac} found` : 'multiple matching devices found',
    );
  }
  const [at] = matches;
  if (at === undefined) {
    const mac = macGiven ? device.mac : '(<null>)';
    throw libvirtError(
      'DEVICE_MISSING',
      `no device found at address '${pci ?? '(<null>)'}' matching MAC address '${mac}' and alias '(<null>)'`,
    );
  }
  return at;
}

/** The place of the interface with this MAC address or device on the host. Throws INVALID_ARG for one that is not there. */
export function findInterfaceNamed({ interfaces }: DomainDevices, name: string): number {
  const at = interfaces.findIndex(({ targetDev, mac }) => targetDev === name || mac === name.toLowerCase());
  if (at < 0) throw libvirtError('INVALID_ARG', `'${name}' is not a known interface`);
  return at;
}

/** `0000:00:05.0`; undefined for an address of another kind. */
function pciAddress(address: EchoedElement | undefined): string | undefined {
  if (address === undefined || echoedAttribute(address, 'type') !== 'pci') return undefined;
  const part = (name: string, digits: number) =>
    Number(echoedAttribute(address, name) ?? 0)
      .toString(16)
      .padStart(digits, '0');
  return `${part('domain', 4)}:${part('bus', 2)}:${part('slot', 2)}.${part('function', 1)}`;
}

/** The place of the same host device, or -1. */
export function findHostdev({ hostdevs }: DomainDevices, wanted: HostDevice): number {
  return hostdevs.findIndex((known) => known.mode === wanted.mode && known.type === wanted.type && isSameSource(known, wanted));
}

function isSameSource(known: HostDevice, wanted: HostDevice): boolean {
  if (wanted.mode === 'capabilities') return known.source === wanted.source;
  if (wanted.type !== 'usb') return JSON.stringify(known.sourceElement) === JSON.stringify(wanted.sourceElement);
  const { vendor = 0, product = 0, bus = 0, device = 0 } = wanted.usb ?? {};
  if (bus !== 0 && device !== 0) return known.usb?.bus === bus && known.usb.device === device;
  return (known.usb?.vendor ?? 0) === vendor && (known.usb?.product ?? 0) === product;
}
