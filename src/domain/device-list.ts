// Adding, removing and replacing one device of a stored definition. Pure: what comes out is another definition.

import { libvirtError } from '../errors.ts';
import type { EchoedElement } from '../xml/echoed.ts';
import { echoedAttribute } from '../xml/echoed.ts';
import type {
  CharDevice,
  DiskDevice,
  DomainDefinition,
  DomainDevices,
  FilesystemDevice,
  HostDevice,
  InterfaceDevice,
} from './definition.ts';
import type { ParsedDevice } from './device.ts';
import { numberConsoles } from './elements/console.ts';
import { addImpliedControllers } from './elements/controller.ts';
import { insertDisk, validateDriveAddresses } from './elements/disk-address.ts';

/** Which kinds of devices a stored definition is changed of: libvirt's are disk, interface and hostdev. */
export interface Kinds {
  /** File systems and consoles, too. */
  readonly more: () => boolean;
}

const LIBVIRTS: Kinds = { more: () => false };

/** Throws INVALID_ARG or OPERATION_INVALID for a device that is there already, CONFIG_UNSUPPORTED for other kinds. */
export function withDevice(stored: DomainDefinition, parsed: ParsedDevice, { more }: Kinds = LIBVIRTS): DomainDefinition {
  const definition = withImpliedControllers(stored);
  const { devices } = definition;
  switch (parsed.kind) {
    case 'filesystem':
      if (!more()) throw notStored('attach');
      return withDevices(definition, { filesystems: withFilesystem(devices, parsed.device) });
    case 'console':
      if (!more()) throw notStored('attach');
      return withDevices(definition, { consoles: numbered([...devices.consoles, parsed.device]) });
    case 'disk':
      if (findDisk(devices, parsed.device) >= 0) throw libvirtError('INVALID_ARG', `target ${parsed.device.target.dev} already exists.`);
      return withDevices(definition, { disks: withStoredDisk(devices, parsed.device) });
    case 'interface':
      return withDevices(definition, { interfaces: [...devices.interfaces, parsed.device] });
    case 'hostdev':
      if (findHostdev(devices, parsed.device) >= 0) throw libvirtError('INVALID_ARG', 'device is already in the domain configuration');
      return withDevices(definition, { hostdevs: [...devices.hostdevs, parsed.device] });
    default:
      throw notStored('attach');
  }
}

const notStored = (change: 'attach' | 'detach' | 'update') =>
  libvirtError('CONFIG_UNSUPPORTED', `persistent ${change} of device is not supported`);

/** Throws INVALID_ARG, DEVICE_MISSING or OPERATION_FAILED where not exactly one device is meant, CONFIG_UNSUPPORTED for other kinds. */
export function withoutDevice(stored: DomainDefinition, parsed: ParsedDevice, { more }: Kinds = LIBVIRTS): DomainDefinition {
  const definition = withImpliedControllers(stored);
  const { devices } = definition;
  switch (parsed.kind) {
    case 'filesystem':
      if (!more()) throw notStored('detach');
      return withDevices(definition, { filesystems: without(devices.filesystems, findFilesystem(devices, parsed.device)) });
    case 'console':
      if (!more()) throw notStored('detach');
      return withDevices(definition, { consoles: numbered(without(devices.consoles, findConsole(devices, parsed))) });
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
      throw notStored('detach');
  }
}

/** Puts an interface, or a console, in place of the one that it names; of other kinds throws CONFIG_UNSUPPORTED. */
export function withUpdatedDevice(stored: DomainDefinition, parsed: ParsedDevice, { more }: Kinds = LIBVIRTS): DomainDefinition {
  const definition = withImpliedControllers(stored);
  const { devices } = definition;
  switch (parsed.kind) {
    case 'console':
      if (!more()) throw notStored('update');
      return withDevices(definition, { consoles: numbered(devices.consoles.with(findConsole(devices, parsed), parsed.device)) });
    case 'interface':
      return withDevices(definition, { interfaces: devices.interfaces.with(findInterface(devices, parsed), parsed.device) });
    default:
      throw notStored('update');
  }
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

/** The file systems with one more. Throws OPERATION_INVALID where its target is another's. */
export function withFilesystem({ filesystems }: DomainDevices, added: FilesystemDevice): FilesystemDevice[] {
  if (filesystems.some(({ target }) => isSameTarget(target, added.target)))
    throw libvirtError('OPERATION_INVALID', 'Target already exists');
  return [...filesystems, added];
}

/** The place of the file system of that target: of several the one on top. Throws DEVICE_MISSING where there is none. */
export function findFilesystem({ filesystems }: DomainDevices, { target }: FilesystemDevice): number {
  const at = filesystems.findLastIndex((known) => isSameTarget(known.target, target));
  if (at < 0) throw libvirtError('DEVICE_MISSING', 'no matching filesystem device was found');
  return at;
}

/** Two ways to write one path. */
export const isSameTarget = (one: string, other: string): boolean => plain(one) === plain(other);
const plain = (target: string): string =>
  target
    .split('/')
    .filter((part) => part !== '' && part !== '.')
    .join('/');

/** Consoles are copied, as numbering changes them. */
function numbered(consoles: readonly CharDevice[]): CharDevice[] {
  const copies = consoles.map((device) => ({ ...device }));
  numberConsoles(copies);
  return copies;
}

/** The place of the console of that port; without one, of the only console. Throws DEVICE_MISSING, or OPERATION_FAILED where it may be any of several. */
function findConsole({ consoles }: DomainDevices, { device, portGiven }: { device: CharDevice; portGiven: boolean }): number {
  if (!portGiven && consoles.length > 1) throw libvirtError('OPERATION_FAILED', 'multiple matching devices found');
  const at = portGiven ? consoles.findIndex(({ port }) => port === device.port) : consoles.length - 1;
  if (at < 0) throw libvirtError('DEVICE_MISSING', 'no matching console device was found');
  return at;
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
