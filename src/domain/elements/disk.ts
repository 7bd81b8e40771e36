// <disk>: block devices that the container may use.

import { libvirtError } from '../../errors.ts';
import type { DiskDevice, EchoedElement } from '../definition.ts';
import { parseUint64 } from '../numbers.ts';
import { attributeOf, childOf, childText, elementsOf, textOf, type XmlElement } from '../xml/element.ts';
import type { XmlWriter } from '../xml/writer.ts';
import { enumAttribute, ON_OFF, unsignedAttribute, YES_NO } from './attributes.ts';
import { parseDeviceInfo, pciAttributes, writeDeviceInfo } from './device-info.ts';
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
  required,
  string,
  unsigned,
  unsigned64,
  writeEchoed,
  yesNo,
} from './echoed.ts';
import { IMAGE_FORMATS } from './filesystem.ts';

const TYPES = ['file', 'block', 'dir', 'network', 'volume', 'nvme', 'vhostuser'] as const;
type SourceType = (typeof TYPES)[number];
const DEVICES = ['disk', 'cdrom', 'floppy', 'lun'] as const;
const BUSES = ['none', 'ide', 'fdc', 'scsi', 'virtio', 'xen', 'usb', 'uml', 'sata', 'sd'];

/** Prefixes of target names that tell their bus. */
const NAME_PREFIXES: readonly [prefix: string, bus: string][] = [
  ['fd', 'fdc'],
  ['hd', 'ide'],
  ['vd', 'virtio'],
  ['sd', 'scsi'],
  ['xvd', 'xen'],
  ['ubd', 'uml'],
];

const FORMAT: AttributeReader = oldEnum(IMAGE_FORMATS, (value) => `unknown driver format value '${value}'`);

const METADATA_CACHE: EchoRule = {
  name: 'metadata_cache',
  omitEmpty: true,
  children: [{ name: 'max_size', finish: (_echoed, element) => echoedElement('max_size', [['unit', 'bytes']], [], textOf(element)) }],
};

const DRIVER: EchoRule = {
  name: 'driver',
  omitEmpty: true,
  attributes: [
    ['name', string],
    ['type', FORMAT],
    ['cache', oneOf('default', 'none', 'writethrough', 'writeback', 'directsync', 'unsafe')],
    ['error_policy', oneOf('stop', 'report', 'ignore', 'enospace')],
    ['rerror_policy', oneOf('stop', 'report', 'ignore')],
    ['io', oneOf('native', 'threads', 'io_uring')],
    ['ioeventfd', onOff],
    ['event_idx', onOff],
    ['copy_on_read', onOff],
    ['discard', oneOf('unmap', 'ignore')],
    ['iothread', nonZero],
    ['detect_zeroes', oneOf('off', 'on', 'unmap')],
    ['queues', nonZero],
    ['queue_size', nonZero],
    ['iommu', onOff],
    ['ats', onOff],
    ['packed', onOff],
    ['page_per_vq', onOff],
  ],
  children: [METADATA_CACHE],
};

export function parseDisk(element: XmlElement, live: boolean): DiskDevice {
  const type = enumAttribute(element, 'type', TYPES) ?? 'file';
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
  if (snapshot) options.push(['snapshot', snapshot]);
  const backing = echoBacking(element);
  const others = parseOthers(element);
  if (backing) others.push(backing);
  const driver = echoChild(DRIVER, element);
  const target = readTarget(element, sourceElement, type, device);
  const disk: DiskDevice = {
    type,
    device,
    options,
    target,
    readonly: device === 'cdrom' || childOf(element, 'readonly') !== undefined,
    shareable: childOf(element, 'shareable') !== undefined,
    others,
  };
  if (driver) disk.driver = splitDriver(driver);
  if (sourceElement) {
    disk.sourceElement = sourceElement;
    const path = pathOf(sourceElement, type);
    if (path !== undefined) disk.source = path;
  }
  const serial = childText(element, 'serial');
  if (serial !== undefined) disk.serial = serial;
  Object.assign(disk, parseDeviceInfo(element, { live, boot: true }));
  return disk;
}

function readTarget(element: XmlElement, source: EchoedElement | undefined, type: SourceType, device: string): DiskDevice['target'] {
  const target = childOf(element, 'target');
  const dev = target && attributeOf(target, 'dev');
  const given = target && enumAttribute(target, 'bus', BUSES);
  const tray = target && enumAttribute(target, 'tray', ['closed', 'open']);
  const removable = target && enumAttribute(target, 'removable', ON_OFF);
  const rotation = target && unsignedAttribute(target, 'rotation_rate', { nonZero: true });
  const path = source && pathOf(source, type);
  if (!dev) throw libvirtError('NO_TARGET', path ?? '');
  if (path === undefined && source === undefined && device !== 'cdrom' && device !== 'floppy') throw libvirtError('NO_SOURCE', dev);
  if (source !== undefined && path === undefined && ['file', 'block', 'dir'].includes(type) && device !== 'cdrom' && device !== 'floppy')
    throw libvirtError('NO_SOURCE', dev);
  const bus = given ?? (device === 'floppy' ? 'fdc' : busOf(dev));
  const others: [string, string][] = [];
  if (tray && (device === 'cdrom' || device === 'floppy') && tray === 'open') others.push(['tray', tray]);
  if (removable && bus === 'usb') others.push(['removable', removable]);
  if (rotation !== undefined) others.push(['rotation_rate', String(rotation)]);
  return { dev, bus, others };
}

function busOf(dev: string): string {
  return NAME_PREFIXES.find(([prefix]) => dev.startsWith(prefix))?.[1] ?? 'ide';
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

// -- sources -----------------------------------------------------------------------------------------------------------------

const PATH_ATTRIBUTES: Readonly<Partial<Record<SourceType, string>>> = { file: 'file', block: 'dev', dir: 'dir' };

function pathOf(source: EchoedElement, type: string): string | undefined {
  const name = PATH_ATTRIBUTES[type as SourceType];
  return source.attributes.find(([known]) => known === name)?.[1];
}

const SECLABEL: EchoRule = {
  name: 'seclabel',
  many: true,
  attributes: [
    ['model', string],
    ['labelskip', yesNo],
    ['relabel', yesNo],
  ],
  children: [{ name: 'label', text: (text) => text || undefined }],
};

const SECRET: EchoRule = {
  name: 'secret',
  attributes: [
    ['type', string],
    ['uuid', string],
    ['usage', string],
  ],
};

const ENCRYPTION: EchoRule = {
  name: 'encryption',
  attributes: [
    ['format', required(oneOf('default', 'qcow', 'luks', 'luks2'))],
    ['engine', oneOf('qemu', 'librbd')],
  ],
  children: [{ ...SECRET, many: true }],
};

const AUTH: EchoRule = {
  name: 'auth',
  attributes: [['username', string]],
  children: [SECRET],
};

const HOST: EchoRule = {
  name: 'host',
  many: true,
  attributes: [
    ['name', string],
    ['port', unsigned],
    ['transport', oneOf('tcp', 'unix', 'rdma')],
    ['socket', string],
  ],
};

const PROTOCOLS = 'nbd rbd sheepdog gluster iscsi http https ftp ftps tftp ssh vxhs nfs'.split(' ');

const STARTUP: readonly [string, AttributeReader] = ['startupPolicy', oneOf('default', 'mandatory', 'requisite', 'optional')];

const SOURCE_RULES: Readonly<Record<SourceType, EchoRule>> = {
  file: { name: 'source', attributes: [['file', string], ['fdgroup', string], STARTUP], children: [SECLABEL, ENCRYPTION] },
  block: { name: 'source', attributes: [['dev', string], STARTUP], children: [SECLABEL, ENCRYPTION] },
  dir: { name: 'source', attributes: [['dir', string], STARTUP], children: [ENCRYPTION] },
  network: {
    name: 'source',
    attributes: [
      ['protocol', required(oneOf(...PROTOCOLS))],
      ['name', string],
      ['query', string],
      ['tls', yesNo],
      ['tlsHostname', string],
    ],
    children: [
      HOST,
      { name: 'snapshot', attributes: [['name', string]] },
      { name: 'config', attributes: [['file', string]] },
      AUTH,
      ENCRYPTION,
    ],
  },
  volume: {
    name: 'source',
    attributes: [['pool', string], ['volume', string], ['mode', oneOf('host', 'direct')], STARTUP],
    children: [SECLABEL, ENCRYPTION],
    finish: (echoed) => {
      const has = (name: string) => echoed.attributes.some(([known]) => known === name);
      if (has('pool') !== has('volume'))
        throw libvirtError('XML_ERROR', "'pool' and 'volume' must be specified together for 'pool' type source");
      return echoed;
    },
  },
  nvme: {
    name: 'source',
    attributes: [
      ['type', required(string)],
      ['managed', yesNo],
      ['namespace', unsigned64],
    ],
    children: [{ name: 'address', finish: (_echoed, element) => echoedElement('address', pciAttributes(element)) }],
  },
  vhostuser: {
    name: 'source',
    attributes: [
      ['type', required(string)],
      ['path', string],
    ],
    children: [
      {
        name: 'reconnect',
        attributes: [
          ['enabled', required(yesNo)],
          ['timeout', unsigned],
        ],
      },
    ],
  },
};

function parseSource(element: XmlElement, type: SourceType): EchoedElement | undefined {
  const echoed = echo(SOURCE_RULES[type], element);
  return echoed && echoed.attributes.length === 0 && echoed.children.length === 0 ? undefined : echoed;
}

/** The chain of images below this one. */
function echoBacking(element: XmlElement): EchoedElement | undefined {
  const backing = childOf(element, 'backingStore');
  if (backing === undefined) return undefined;
  const type = attributeOf(backing, 'type');
  if (type === undefined) return echoedElement('backingStore', []);
  if (!TYPES.some((known) => known === type))
    throw libvirtError('XML_ERROR', `Invalid value for attribute 'type' in element 'backingStore': '${type}'.`);
  const format = childOf(backing, 'format');
  const formatType = format && attributeOf(format, 'type');
  if (formatType === undefined) throw libvirtError('XML_ERROR', 'missing disk backing store format');
  if (!IMAGE_FORMATS.includes(formatType)) throw libvirtError('CONFIG_UNSUPPORTED', `unknown disk backing store format '${formatType}'`);
  const source = childOf(backing, 'source');
  if (source === undefined) throw libvirtError('XML_ERROR', 'missing disk backing store source');
  const kept = parseSource(source, type as SourceType);
  const below = echoBacking(backing);
  return echoedElement(
    'backingStore',
    [['type', type]],
    [echoedElement('format', [['type', formatType]]), ...(kept ? [kept] : []), ...(below ? [below] : [])],
  );
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

function parseWwn(text: string): string | undefined {
  if (text === '') return undefined;
  if (!/^(0x)?[0-9a-fA-F]{16}$/.test(text)) throw libvirtError('XML_ERROR', 'malformed wwn');
  return text;
}

function printable(text: string, name: string, most: number): string | undefined {
  if (text === '') return undefined;
  if (text.length > most) throw libvirtError('XML_ERROR', `disk ${name} is more than ${most} characters`);
  if (!/^[\x20-\x7e]*$/.test(text)) throw libvirtError('XML_ERROR', `disk ${name} is not printable string`);
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

// -- the list ----------------------------------------------------------------------------------------------------------------

/** `vdaa` is 26; undefined for a name that follows no scheme. */
export function diskIndex(dev: string): number | undefined {
  const prefix = [...NAME_PREFIXES.map(([known]) => known)].find((known) => dev.startsWith(known));
  const letters = prefix === undefined ? undefined : /^([a-z]+)[0-9]*$/.exec(dev.slice(prefix.length))?.[1];
  if (letters === undefined) return undefined;
  let index = 0;
  for (const letter of letters) index = index * 26 + (letter.charCodeAt(0) - 0x60);
  return index - 1;
}

/** Inserts by name among disks of the same written bus; a bus that was only guessed counts as none. */
export function insertDisk(disks: DiskDevice[], disk: DiskDevice, busGiven: (disk: DiskDevice) => string): void {
  const index = diskIndex(disk.target.dev) ?? -1;
  let at = -1;
  for (let i = disks.length - 1; i >= 0; i--) {
    const other = disks[i] as DiskDevice;
    if (busGiven(other) !== busGiven(disk)) continue;
    if ((diskIndex(other.target.dev) ?? -1) > index) at = i;
    else if (at < 0) at = i + 1;
  }
  disks.splice(at < 0 ? disks.length : at, 0, disk);
}

/** Disks of one target cannot live together. */
export function validateDiskTargets(disks: readonly DiskDevice[]): void {
  const seen = new Map<string, DiskDevice>();
  for (const disk of disks) {
    const other = seen.get(disk.target.dev);
    if (other)
      throw libvirtError(
        'XML_ERROR',
        `target '${disk.target.dev}' duplicated for disk sources '${other.source ?? '(null)'}' and '${disk.source ?? '(null)'}'`,
      );
    seen.set(disk.target.dev, disk);
  }
}

/** Disks for each controller, and how an index splits into bus, target and unit. */
const DRIVE_ADDRESSES: Readonly<Record<string, (index: number) => [controller: number, bus: number, target: number, unit: number]>> = {
  scsi: (index) => [Math.floor(index / 7), 0, 0, index % 7],
  ide: (index) => [Math.floor(index / 4), Math.floor((index % 4) / 2), 0, index % 2],
  fdc: (index) => [Math.floor(index / 2), 0, 0, index % 2],
  sata: (index) => [Math.floor(index / 6), 0, 0, index % 6],
};

/** Where a disk of a controller's bus is attached, if it does not say so. */
export function assignDriveAddress(disk: DiskDevice): void {
  if (disk.address) return;
  const split = DRIVE_ADDRESSES[disk.target.bus];
  const index = diskIndex(disk.target.dev);
  if (index === undefined) throw libvirtError('XML_ERROR', `Unknown disk name '${disk.target.dev}' and no address specified`);
  if (split === undefined) return;
  const [controller, bus, target, unit] = split(index);
  disk.address = echoedElement('address', [
    ['type', 'drive'],
    ['controller', String(controller)],
    ['bus', String(bus)],
    ['target', String(target)],
    ['unit', String(unit)],
  ]);
}

// -- printing ----------------------------------------------------------------------------------------------------------------

export function writeDisk(writer: XmlWriter, disk: DiskDevice): void {
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
