// A document of a single device, as attach-device, detach-device and update-device take it.

import { libvirtError } from '../errors.ts';
import type { EchoedElement } from '../xml/echoed.ts';
import { writeEchoed } from '../xml/echoed.ts';
import { attributeOf, childOf, type XmlElement } from '../xml/element.ts';
import { parseXml } from '../xml/reader.ts';
import { XmlWriter } from '../xml/writer.ts';
import type { CharDevice, DiskDevice, FilesystemDevice, HostDevice, InterfaceDevice } from './definition.ts';
import {
  numberConsoles,
  parseChannel,
  parseCharDevice,
  validateCharDevice,
  validateEchoedSource,
  writeCharDevice,
} from './elements/console.ts';
import { parseController } from './elements/controller.ts';
import { parseDisk, validateDisk, writeDisk } from './elements/disk.ts';
import { assignDriveAddress } from './elements/disk-address.ts';
import { parseFilesystem, validateFilesystem, writeFilesystem } from './elements/filesystem.ts';
import { parseHostdev, writeHostdev } from './elements/hostdev.ts';
import { parseInterface, rejectUnknownModel, validateInterface, writeInterface } from './elements/interface.ts';
import { parsePassiveDevice, rejectMemoryDevices, validateVideo } from './elements/passive-devices.ts';
import type { ParseHost } from './parse.ts';

export type ParsedDevice =
  | { kind: 'disk'; device: DiskDevice }
  | { kind: 'filesystem'; device: FilesystemDevice }
  /** `macGiven`: the document named the MAC address; otherwise it was made up. */
  | { kind: 'interface'; device: InterfaceDevice; macGiven: boolean }
  | { kind: 'hostdev'; device: HostDevice }
  /** `portGiven`: the document named the port; otherwise it was made up. */
  | { kind: 'console' | 'serial' | 'parallel'; device: CharDevice; portGiven: boolean }
  /** Any other device that libvirt knows; `device` is undefined where nothing of it would be printed. */
  | { kind: 'other'; name: string; device: EchoedElement | undefined };

export interface ParseDeviceOptions {
  /** The device of a running domain: its alias and generated names count. */
  live?: boolean;
  /** The document only says which device is meant: what a device could not do without may be missing. */
  naming?: boolean;
}

/** Throws what libvirt would for a device that no LXC domain can have. */
export function parseDevice(xml: string | Uint8Array, host: ParseHost, options: ParseDeviceOptions = {}): ParsedDevice {
  const root = parseXml(xml, '(device_definition)');
  const { live = false, naming = false } = options;
  switch (root.local) {
    case 'disk': {
      const device = parseDisk(root, live, { naming });
      assignDriveAddress(device);
      if (!naming) validateDisk(device);
      return { kind: 'disk', device };
    }
    case 'filesystem': {
      const device = parseFilesystem(root, live);
      if (!naming) validateFilesystem(device);
      return { kind: 'filesystem', device };
    }
    case 'interface': {
      const device = parseInterface(root, { live, randomMac: () => host.randomMac(), randomUuid: () => host.randomUuid() });
      rejectUnknownModel(device);
      validateInterface(device);
      return { kind: 'interface', device, macGiven: givesMac(root) };
    }
    case 'hostdev':
      return { kind: 'hostdev', device: parseHostdev(root, live) };
    case 'console':
    case 'serial':
    case 'parallel': {
      const device = parseCharDevice(root, root.local, live);
      validateCharDevice(device);
      const portGiven = device.port >= 0;
      if (root.local === 'console' && !portGiven) numberConsoles([device]);
      return { kind: root.local, device, portGiven };
    }
    case 'channel': {
      const device = parseChannel(root, live);
      validateEchoedSource(device);
      return { kind: 'other', name: root.local, device };
    }
    case 'controller':
      return { kind: 'other', name: root.local, device: parseController(root, live) };
    case 'input':
      if (!naming) throw libvirtError('INTERNAL_ERROR', 'Input devices are not supported by this virtualization driver.');
      return parseOther(root, live);
    case 'video': {
      const parsed = parseOther(root, live);
      if (!naming && parsed.device) validateVideo(parsed.device);
      return parsed;
    }
    default:
      return parseOther(root, live);
  }
}

function givesMac(root: XmlElement): boolean {
  const mac = childOf(root, 'mac');
  return mac !== undefined && attributeOf(mac, 'address') !== undefined;
}

const KNOWN = new Set(
  'lease input sound video audio watchdog graphics hub redirdev smartcard memballoon nvram rng shmem tpm panic memory iommu vsock'.split(
    ' ',
  ),
);

function parseOther(root: XmlElement, live: boolean): ParsedDevice & { kind: 'other' } {
  if (!KNOWN.has(root.local)) throw libvirtError('CONFIG_UNSUPPORTED', `unknown device type '${root.local}'`);
  const device = parsePassiveDevice(root, live);
  rejectMemoryDevices({ others: device ? [device] : [] });
  return { kind: 'other', name: root.local, device };
}

/** The device alone, not indented. */
export function formatDevice(parsed: ParsedDevice, options: { live: boolean }): string {
  const writer = new XmlWriter();
  const { live } = options;
  switch (parsed.kind) {
    case 'disk':
      writeDisk(writer, parsed.device);
      break;
    case 'filesystem':
      writeFilesystem(writer, parsed.device);
      break;
    case 'interface':
      writeInterface(writer, parsed.device, options);
      break;
    case 'hostdev':
      writeHostdev(writer, parsed.device);
      break;
    case 'console':
    case 'serial':
    case 'parallel':
      writeCharDevice(writer, parsed.kind, parsed.device, live);
      break;
    case 'other':
      if (parsed.device) writeEchoed(writer, parsed.device);
      break;
    default:
      parsed satisfies never;
  }
  return writer.toString();
}
