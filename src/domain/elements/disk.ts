// <disk>: block devices that the container may use.

import { libvirtError } from '../../errors.ts';
import { parseUint64 } from '../../values/numbers.ts';
import { LARGEST_SIZE, scaledValue } from '../../values/units.ts';
import { enumAttribute, ON_OFF, unsignedAttribute, YES_NO } from '../../xml/attributes.ts';
import type { EchoedElement } from '../../xml/echoed.ts';
import {
  type AttributeReader,
  type EchoRule,
  echo,
  echoChild,
  echoedElement,
  nonZero,
  oldEnum,
  oneOf,
  onOff,
  positive,
  string,
  writeEchoed,
  yesNo,
} from '../../xml/echoed.ts';
import { attributeOf, childOf, childText, elementsOf, textOf, type XmlElement } from '../../xml/element.ts';
import type { XmlWriter } from '../../xml/writer.ts';
import type { DiskDevice } from '../definition.ts';
import { parseDeviceInfo, writeDeviceInfo } from './device-info.ts';
import { busOf, DRIVE_ADDRESSES, NOBODYS_TARGET } from './disk-address.ts';
import { AUTH, ENCRYPTION, echoBacking, parseSource, pathOf, SOURCE_TYPES, type SourceType } from './disk-source.ts';
import { IMAGE_FORMATS } from './filesystem.ts';

const DEVICES = ['disk', 'cdrom', 'floppy', 'lun'] as const;
const BUSES = ['none', 'ide', 'fdc', 'scsi', 'virtio', 'xen', 'usb', 'uml', 'sata', 'sd'];

const FORMAT: AttributeReader = oldEnum(IMAGE_FORMATS, (value) => `unknown driver format value '${value}'`);

/** `default` is what there is without the attribute. */
function notDefault(read: AttributeReader): AttributeReader {
  return (element, name) => {
    const value = read(element, name);
    return value === 'default' ? undefined : value;
  };
}

function bytesElement(element: XmlElement): EchoedElement {
  const options = { defaultScale: 1n, limit: LARGEST_SIZE };
  const bytes = scaledValue(textOf(element), attributeOf(element, 'unit'), './metadata_cache/max_size', options);
  return echoedElement('max_size', [['unit', 'bytes']], [], String(bytes));
}

const METADATA_CACHE: EchoRule = {
  name: 'metadata_cache',
  omitEmpty: true,
  children: [{ name: 'max_size', finish: (_echoed, element) => bytesElement(element) }],
};

const DRIVER: EchoRule = {
  name: 'driver',
  omitEmpty: true,
  attributes: [
    ['name', string],
    ['type', FORMAT],
    ['cache', notDefault(oneOf('default', 'none', 'writethrough', 'writeback', 'directsync', 'unsafe'))],
    ['error_policy', oneOf('stop', 'report', 'ignore', 'enospace')],
    ['rerror_policy', oneOf('stop', 'report', 'ignore', 'enospace')],
    ['io', oneOf('native', 'threads', 'io_uring')],
    ['ioeventfd', onOff],
    ['event_idx', onOff],
    ['copy_on_read', onOff],
    ['discard', oneOf('unmap', 'ignore')],
    ['iothread', nonZero],
    ['detect_zeroes', oneOf('off', 'on', 'unmap')],
    ['queues', positive],
    ['queue_size', positive],
    ['iommu', onOff],
    ['ats', onOff],
    ['packed', onOff],
    ['page_per_vq', onOff],
  ],
  children: [METADATA_CACHE],
};

export function parseDisk(element: XmlElement, live: boolean, { naming = false } = {}): DiskDevice {
  const type = enumAttribute(element, 'type', SOURCE_TYPES) ?? 'file';
  const source = childOf(element, 'source');
  const sourceElement = source && parseSource(source, type);
  const device = enumAttribute(element, 'device', DEVICES) ?? 'disk';
  const options: [string, string][] = [];
  const model = enumAttribute(element, 'model', ['virtio', 'virtio-transitional', 'virtio-non-transitional']);
  if (model) options.push(['model', model]);
  const rawio = yesNo(element, 'rawio');
  if (rawio) options.push(['rawio', rawio]);
  const sgio = enumAttribute(element, 'sgio', ['filtered', 'unfiltered']);
  if (sgio) options.push(['sgio', sgio]);
  const snapshot = enumAttribute(element, 'snapshot', ['no', 'internal', 'external', 'manual', 'default']);
  const readonly = device === 'cdrom' || childOf(element, 'readonly') !== undefined;
  // What cannot be written to needs none.
  if (snapshot && !(snapshot === 'no' && readonly)) options.push(['snapshot', snapshot]);
  if (type === 'vhostuser' && !snapshot) options.push(['snapshot', 'no']);
  const backing = echoBacking(element);
  const others = parseOthers(element);
  if (backing) others.push(backing);
  const driver = echoChild(DRIVER, element);
  const target = readTarget(element, sourceElement, { type, device, naming });
  const disk: DiskDevice = {
    // An empty drive is of no particular type.
    type: source === undefined && type === 'block' ? 'file' : type,
    device,
    options,
    target,
    readonly,
    shareable: childOf(element, 'shareable') !== undefined,
    others,
  };
  if (driver) disk.driver = splitDriver(driver);
  if (sourceElement) {
    disk.sourceElement = sourceElement;
    const path = pathOf(sourceElement, type);
    if (path !== undefined) disk.source = path;
  }
  const image = live ? childOf(element, 'image') : undefined;
  if (image) disk.imageDevice = attributeOf(image, 'dev') ?? '';
  const serial = childText(element, 'serial');
  if (serial !== undefined) disk.serial = serial;
  Object.assign(disk, parseDeviceInfo(element, { live, boot: true }));
  return disk;
}

interface TargetContext {
  type: SourceType;
  device: string;
  /** A disk without a source names one, too. */
  naming: boolean;
}

function readTarget(element: XmlElement, source: EchoedElement | undefined, { type, device, naming }: TargetContext): DiskDevice['target'] {
  const target = childOf(element, 'target');
  const dev = (target && attributeOf(target, 'dev')) ?? (naming ? NOBODYS_TARGET : undefined);
  const given = target && enumAttribute(target, 'bus', BUSES);
  const tray = target && enumAttribute(target, 'tray', ['closed', 'open']);
  const removable = target && enumAttribute(target, 'removable', ON_OFF);
  const rotation = target && unsignedAttribute(target, 'rotation_rate');
  const path = source && pathOf(source, type);
  if (dev === undefined) throw libvirtError('NO_TARGET', path ?? '');
  const mayBeEmpty = naming || device === 'cdrom' || device === 'floppy';
  if (path === undefined && source === undefined && !mayBeEmpty) throw libvirtError('NO_SOURCE', dev);
  if (source !== undefined && path === undefined && ['file', 'block', 'dir'].includes(type) && !mayBeEmpty)
    throw libvirtError('NO_SOURCE', dev);
  const bus = given ?? (device === 'floppy' ? 'fdc' : busOf(dev));
  const others: [string, string][] = [];
  const hasMedium = device === 'cdrom' || device === 'floppy';
  if (tray && !hasMedium) throw libvirtError('CONFIG_UNSUPPORTED', 'tray is only valid for cdrom and floppy');
  if (removable && bus !== 'usb') throw libvirtError('XML_ERROR', 'removable is only valid for usb disks');
  if (tray === 'open') others.push(['tray', tray]);
  if (removable) others.push(['removable', removable]);
  if (rotation) others.push(['rotation_rate', String(rotation)]);
  return { dev, bus, others };
}

function splitDriver(driver: EchoedElement): NonNullable<DiskDevice['driver']> {
  const split: NonNullable<DiskDevice['driver']> = { others: [] };
  for (const [name, value] of driver.attributes) {
    if (name === 'name') split.name = value;
    else if (name === 'type') split.type = value;
    else split.others.push([name, value]);
  }
  const [cache] = driver.children;
  if (cache) split.metadataCache = cache;
  return split;
}

// -- the rest ----------------------------------------------------------------------------------------------------------------

const IOTUNE_FIELDS = [
  'total_bytes_sec',
  'read_bytes_sec',
  'write_bytes_sec',
  'total_iops_sec',
  'read_iops_sec',
  'write_iops_sec',
  'total_bytes_sec_max',
  'read_bytes_sec_max',
  'write_bytes_sec_max',
  'total_iops_sec_max',
  'read_iops_sec_max',
  'write_iops_sec_max',
  'size_iops_sec',
  'group_name',
  'total_bytes_sec_max_length',
  'read_bytes_sec_max_length',
  'write_bytes_sec_max_length',
  'total_iops_sec_max_length',
  'read_iops_sec_max_length',
  'write_iops_sec_max_length',
];

const IOTUNE: EchoRule = {
  name: 'iotune',
  omitEmpty: true,
  children: IOTUNE_FIELDS.map(
    (name): EchoRule => ({
      name,
      text: (text) => {
        if (name === 'group_name') return text || undefined;
        if (text === '') return undefined;
        const value = parseUint64(text);
        if (value === undefined) throw libvirtError('XML_ERROR', `disk iotune field '${name}' must be an integer`);
        return value === 0n ? undefined : String(value);
      },
    }),
  ),
};

const OTHERS: readonly EchoRule[] = [
  AUTH,
  { name: 'backenddomain', omitEmpty: true, attributes: [['name', string]] },
  {
    name: 'geometry',
    omitEmpty: true,
    attributes: [
      ['cyls', positive],
      ['heads', positive],
      ['secs', positive],
      ['trans', oneOf('none', 'auto', 'lba')],
    ],
  },
  {
    name: 'blockio',
    omitEmpty: true,
    attributes: [
      ['logical_block_size', positive],
      ['physical_block_size', positive],
    ],
  },
  IOTUNE,
  { name: 'transient', attributes: [['shareBacking', oneOf(...YES_NO)]] },
  { name: 'wwn', text: (text) => parseWwn(text) },
  { name: 'vendor', text: (text) => printable(text, 'vendor', 8) },
  { name: 'product', text: (text) => printable(text, 'product', 16) },
  ENCRYPTION,
];

/** A world wide name as it is written; undefined if it is empty. Throws INTERNAL_ERROR unless it is 16 hexadecimal digits. */
export function parseWwn(text: string): string | undefined {
  if (text === '') return undefined;
  if (!/^(0x)?[0-9a-fA-F]{16}$/.test(text)) throw libvirtError('INTERNAL_ERROR', `Malformed wwn: ${text}`);
  return text;
}

function printable(text: string, name: string, most: number): string | undefined {
  if (text === '') return undefined;
  if (text.length > most) throw libvirtError('CONFIG_UNSUPPORTED', `disk ${name} is more than ${most} characters`);
  if (!/^[\x20-\x7e]*$/.test(text)) throw libvirtError('CONFIG_UNSUPPORTED', `disk ${name} is not printable string`);
  return text;
}

function parseOthers(element: XmlElement): EchoedElement[] {
  const others: EchoedElement[] = [];
  const seen = new Set<string>();
  for (const child of elementsOf(element)) {
    const rule = OTHERS.find(({ name }) => name === child.local);
    if (rule === undefined || child.uri !== undefined || seen.has(rule.name)) continue;
    seen.add(rule.name);
    const echoed = echo(rule, child);
    if (echoed) others.push(echoed);
  }
  return others;
}

// -- checks -----------------------------------------------------------------------------------------------------------------

/** What does not go together in one disk. */
export function validateDisk(disk: DiskDevice): void {
  const option = (name: string): string | undefined => disk.options.find(([known]) => known === name)?.[1];
  const unsupported = (message: string): never => {
    throw libvirtError('CONFIG_UNSUPPORTED', message);
  };
  const { bus, dev } = disk.target;
  const wrong = (what: string): never => {
    throw libvirtError('INTERNAL_ERROR', `Invalid ${what}`);
  };
  if (disk.device === 'floppy' && !dev.startsWith('fd')) wrong(`floppy device name: ${dev}`);
  if ((disk.device === 'disk' || disk.device === 'lun') && !/^(hd|sd|vd|xvd|ubd)/.test(dev)) wrong(`harddisk device name: ${dev}`);
  if (disk.device === 'floppy' && bus !== 'fdc') wrong(`bus type '${bus}' for floppy disk`);
  if (disk.device !== 'floppy' && bus === 'fdc') wrong(`bus type '${bus}' for disk`);
  const isLun = disk.device === 'lun';
  if (isLun && !['block', 'network', 'volume'].includes(disk.type))
    unsupported("disk device='lun' is only valid for block type disk source");
  if (!isLun && option('rawio')) unsupported("rawio can be used only with device='lun'");
  if (!isLun && option('sgio')) unsupported("sgio can be used only with device='lun'");
  if (!isLun && disk.sourceElement?.children.some(({ name }) => name === 'reservations'))
    unsupported('<reservations/> allowed only for lun devices');
  if (disk.driver?.others.some(([name, value]) => name === 'rerror_policy' && value === 'enospace'))
    unsupported("Invalid disk read error policy: 'enospace'");
  const model = option('model');
  if (bus !== 'virtio' && model) unsupported(`disk model '${model}' not supported for bus '${bus}'`);
  for (const [name] of disk.driver?.others ?? []) {
    if (bus === 'virtio') break;
    if (name === 'ioeventfd' || name === 'event_idx') unsupported(`disk ${name} mode supported only for virtio bus`);
    if (name === 'iommu' || name === 'ats' || name === 'packed') unsupported(`${name} driver option is only supported for virtio devices`);
  }
  validateTotals(disk);
  const address = disk.address?.attributes[0]?.[1];
  if (Object.hasOwn(DRIVE_ADDRESSES, bus) && address !== undefined && address !== 'drive')
    unsupported(`Invalid address type '${address}' for the disk '${disk.target.dev}' with the bus type '${bus}'`);
}

/** A total excludes its parts. */
function validateTotals(disk: DiskDevice): void {
  const set = new Set(disk.others.find(({ name }) => name === 'iotune')?.children.map(({ name }) => name));
  for (const what of ['bytes_sec', 'iops_sec', 'bytes_sec_max', 'iops_sec_max'])
    if (set.has(`total_${what}`) && (set.has(`read_${what}`) || set.has(`write_${what}`)))
      throw libvirtError('XML_ERROR', `total and read/write ${what} cannot be set at the same time`);
}

// -- printing ----------------------------------------------------------------------------------------------------------------

/** `status`: with what only a status document keeps. */
export function writeDisk(writer: XmlWriter, disk: DiskDevice, { status = false } = {}): void {
  const other = (...names: string[]): void => {
    for (const name of names) for (const element of disk.others) if (element.name === name) writeEchoed(writer, element);
  };
  writer.block('disk', [['type', disk.type], ['device', disk.device], ...disk.options], () => {
    const { driver } = disk;
    if (driver)
      writer.block('driver', [['name', driver.name], ['type', driver.type], ...driver.others], () => {
        if (driver.metadataCache) writeEchoed(writer, driver.metadataCache);
      });
    other('auth');
    if (disk.sourceElement) writeEchoed(writer, disk.sourceElement);
    if (status && disk.imageDevice !== undefined) writer.empty('image', [['dev', disk.imageDevice]]);
    other('backingStore', 'backenddomain', 'geometry', 'blockio');
    writer.empty('target', [['dev', disk.target.dev], ['bus', disk.target.bus], ...disk.target.others]);
    other('iotune');
    if (disk.readonly) writer.empty('readonly');
    if (disk.shareable) writer.empty('shareable');
    other('transient');
    writer.text('serial', disk.serial);
    other('wwn', 'vendor', 'product', 'encryption');
    writeDeviceInfo(writer, disk);
  });
}
