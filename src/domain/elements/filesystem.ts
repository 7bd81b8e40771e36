// <filesystem>: what is mounted where.

import { libvirtError } from '../../errors.ts';
import { parseInt32, parseUint32, parseWrapping } from '../../values/numbers.ts';
import { LARGEST_SIZE, scaleInteger } from '../../values/units.ts';
import { enumAttribute, invalidAttribute } from '../../xml/attributes.ts';
import type { EchoedElement } from '../../xml/echoed.ts';
import { type EchoRule, echoChild, isBare, oneOf, onOff, string, unlessEmpty, writeEchoed } from '../../xml/echoed.ts';
import { attributeOf, childOf, type XmlElement } from '../../xml/element.ts';
import { scaledChild } from '../../xml/scaled.ts';
import type { XmlWriter } from '../../xml/writer.ts';
import type { FilesystemDevice, FilesystemType } from '../definition.ts';
import { parseDeviceInfo, writeDeviceInfo } from './device-info.ts';

const TYPES: readonly FilesystemType[] = ['mount', 'block', 'file', 'template', 'ram', 'bind', 'volume'];
const DRIVERS = ['path', 'handle', 'loop', 'nbd', 'ploop', 'virtiofs'] as const;

export const IMAGE_FORMATS = 'raw dir bochs cloop dmg iso vpc vdi vhd ploop luks fat cow qcow qcow2 qed vmdk'.split(' ');

/** The attribute of <source> that holds what each type mounts. */
const SOURCE_ATTRIBUTES: Readonly<Record<Exclude<FilesystemType, 'ram'>, string>> = {
  mount: 'dir',
  bind: 'dir',
  block: 'dev',
  file: 'file',
  template: 'name',
  volume: 'volume',
};

/** `live`: as a running domain has it, nothing is filled in, and its mount is known. */
export function parseFilesystem(element: XmlElement, live: boolean): FilesystemDevice {
  const type = enumAttribute(element, 'type', TYPES) ?? 'mount';
  const accessmode = enumAttribute(element, 'accessmode', ['', 'passthrough', 'mapped', 'squash']) || undefined;
  const fmode = modeAttribute(element, 'fmode');
  const dmode = modeAttribute(element, 'dmode');
  const model = enumAttribute(element, 'model', ['virtio', 'virtio-transitional', 'virtio-non-transitional']);
  const multidevs = withoutDefault(enumAttribute(element, 'multidevs', ['default', 'remap', 'forbid', 'warn'] as const));
  const spaceHardLimitBytes = spaceLimit(element, 'space_hard_limit');
  const spaceSoftLimitBytes = spaceLimit(element, 'space_soft_limit');
  const sourceElement = childOf(element, 'source');
  const targetElement = childOf(element, 'target');
  const device: FilesystemDevice = { type, source: '', target: '', readonly: childOf(element, 'readonly') !== undefined };
  const source = readSource(device, sourceElement);
  const driver = readDriver(element);
  const binary = driver?.type === 'virtiofs' ? parseBinary(element) : undefined;
  const target = (targetElement && attributeOf(targetElement, 'dir')) || '';
  const usageKiB = type === 'ram' ? readUsage(sourceElement) : undefined;
  if (source === undefined && type !== 'ram') throw libvirtError('NO_SOURCE', target);
  Object.assign(device, parseDeviceInfo(element, { live, boot: true }));
  device.source = type === 'ram' ? String(usageKiB) : (source ?? '');
  device.target = target;
  const mount = live ? childOf(element, 'mount') : undefined;
  if (mount) device.mountId = parseUint32(attributeOf(mount, 'id') ?? '') ?? 0;
  if (accessmode) device.accessmode = accessmode;
  else if (!live && device.socket === undefined) device.accessmode = 'passthrough';
  if (fmode) device.fmode = fmode;
  if (dmode) device.dmode = dmode;
  if (model) device.model = model;
  if (multidevs) device.multidevs = multidevs;
  if (driver) device.driver = driver;
  if (binary) device.binary = binary;
  if (usageKiB !== undefined) device.usageKiB = usageKiB;
  if (spaceHardLimitBytes) device.spaceHardLimitBytes = spaceHardLimitBytes;
  if (spaceSoftLimitBytes) device.spaceSoftLimitBytes = spaceSoftLimitBytes;
  return device;
}

function withoutDefault<const T extends string>(value: T | undefined): Exclude<T, 'default'> | undefined {
  return value === 'default' ? undefined : (value as Exclude<T, 'default'> | undefined);
}

function modeAttribute(element: XmlElement, name: string): string | undefined {
  const text = attributeOf(element, name);
  if (text === undefined) return undefined;
  const mode = parseUint32(text, 8);
  if (mode === undefined) throw invalidAttribute(element, name, text, 'non-negative integer value');
  const printed = mode.toString(8).padStart(4, '0');
  if (mode > 0o777) throw libvirtError('XML_ERROR', `invalid ${name}: '0${mode.toString(8)}'`);
  return mode === 0 ? undefined : printed;
}

function spaceLimit(element: XmlElement, name: string): bigint | undefined {
  return scaledChild(element, name, { defaultScale: 1n, limit: LARGEST_SIZE });
}

/** Fills in what is peculiar to a type and answers the plain source, undefined if it is missing. */
function readSource(device: FilesystemDevice, element: XmlElement | undefined): string | undefined {
  if (element === undefined || device.type === 'ram') return undefined;
  const source = attributeOf(element, SOURCE_ATTRIBUTES[device.type]);
  if (device.type === 'volume') {
    const pool = attributeOf(element, 'pool');
    if ((pool === undefined) !== (source === undefined))
      throw libvirtError('XML_ERROR', "'pool' and 'volume' must be specified together for 'pool' type source");
    if (pool !== undefined) device.pool = pool;
  }
  const socket = device.type === 'mount' && source === undefined ? attributeOf(element, 'socket') : undefined;
  if (socket === undefined) return source;
  device.socket = socket;
  return '';
}

function readUsage(element: XmlElement | undefined): number {
  const text = element && attributeOf(element, 'usage');
  if (element === undefined || text === undefined) throw libvirtError('XML_ERROR', "missing 'usage' attribute for RAM filesystem");
  const usage = parseWrapping(text, 64);
  if (usage === undefined) throw libvirtError('XML_ERROR', `cannot parse usage '${text}' for RAM filesystem`);
  return Number(scaleInteger(usage, attributeOf(element, 'units') ?? '', 1024n) / 1024n);
}

function readDriver(element: XmlElement): FilesystemDevice['driver'] {
  const driver = childOf(element, 'driver');
  if (driver === undefined) return undefined;
  const type = enumAttribute(driver, 'type', DRIVERS);
  const wrpolicy = withoutDefault(enumAttribute(driver, 'wrpolicy', ['default', 'immediate'] as const));
  const format = attributeOf(driver, 'format');
  if (format !== undefined && !IMAGE_FORMATS.includes(format))
    throw libvirtError('CONFIG_UNSUPPORTED', `unknown driver format value '${format}'`);
  const queueText = type === 'virtiofs' ? attributeOf(driver, 'queue') || undefined : undefined;
  const queue = queueText === undefined ? undefined : parseWrapping(queueText, 64);
  if (queueText !== undefined && queue === undefined)
    throw libvirtError('XML_ERROR', `cannot parse queue size '${queueText}' for virtiofs`);
  const options: [string, string][] = [];
  for (const name of ['iommu', 'ats', 'packed', 'page_per_vq']) {
    const value = onOff(driver, name);
    if (value !== undefined) options.push([name, value]);
  }
  return {
    ...(type && { type }),
    ...(format !== undefined && { format }),
    ...(wrpolicy && { wrpolicy }),
    ...(queue && { queue: String(queue) }),
    options,
  };
}

const BINARY: EchoRule = {
  name: 'binary',
  attributes: [
    ['path', unlessEmpty(string)],
    ['xattr', onOff],
  ],
  children: [
    { name: 'cache', omitEmpty: true, attributes: [['mode', oneOf('none', 'always')]] },
    { name: 'sandbox', omitEmpty: true, attributes: [['mode', oneOf('namespace', 'chroot')]] },
    {
      name: 'lock',
      omitEmpty: true,
      attributes: [
        ['posix', onOff],
        ['flock', onOff],
      ],
    },
    {
      name: 'thread_pool',
      omitEmpty: true,
      attributes: [['size', threadPoolSize]],
    },
  ],
};

function threadPoolSize(element: XmlElement, name: string): string | undefined {
  const text = attributeOf(element, name);
  if (!text) return undefined;
  const size = parseInt32(text);
  if (size === undefined) throw libvirtError('XML_ERROR', `cannot parse thread pool size '${text}' for virtiofs`);
  return size < 0 ? undefined : String(size);
}

function parseBinary(element: XmlElement): EchoedElement | undefined {
  const binary = echoChild(BINARY, element);
  return binary && isBare(binary) ? undefined : binary;
}

/** It has to go somewhere, and only a daemon of its own can be booted from. */
export function validateFilesystem(device: FilesystemDevice): void {
  if (device.target === '') {
    const hasPath = device.type !== 'ram' && device.type !== 'volume'; // a volume has none yet
    throw libvirtError('NO_TARGET', hasPath ? (device.socket ?? device.source) : '');
  }
  if (device.info?.some(({ name }) => name === 'boot') && device.driver?.type !== 'virtiofs')
    throw libvirtError('CONFIG_UNSUPPORTED', 'boot order is only supported for virtiofs');
}

/** Tags that a daemon of its own serves are names, and must differ. */
export function validateFilesystemTags(devices: readonly FilesystemDevice[]): void {
  const seen = new Set<string>();
  for (const { driver, target } of devices) {
    if (driver?.type !== 'virtiofs') continue;
    if (seen.has(target)) throw libvirtError('CONFIG_UNSUPPORTED', `filesystem target '${target}' specified twice`);
    seen.add(target);
  }
}

/** `status`: with what only a status document keeps. */
export function writeFilesystem(writer: XmlWriter, device: FilesystemDevice, { status = false } = {}): void {
  writer.block(
    'filesystem',
    [
      ['type', device.type],
      ['accessmode', device.accessmode],
      ['model', device.model],
      ['multidevs', device.multidevs],
      ['fmode', device.fmode],
      ['dmode', device.dmode],
    ],
    () => {
      const { driver } = device;
      // Only a driver that is named says more of itself.
      const named: [string, string | undefined][] = driver?.type
        ? [
            ['type', driver.type],
            ['format', driver.format],
            ['wrpolicy', driver.wrpolicy],
            ['queue', driver.queue],
          ]
        : [];
      const attributes = [...named, ...(driver?.options ?? [])];
      if (attributes.some(([, value]) => value !== undefined)) writer.empty('driver', attributes);
      if (device.binary) writeEchoed(writer, device.binary);
      writeSource(writer, device);
      writer.empty('target', [['dir', device.target]]);
      if (status && device.mountId !== undefined) writer.empty('mount', [['id', device.mountId]]);
      if (device.readonly) writer.empty('readonly');
      writeDeviceInfo(writer, device);
      writer.text('space_hard_limit', device.spaceHardLimitBytes, [['unit', 'bytes']]);
      writer.text('space_soft_limit', device.spaceSoftLimitBytes, [['unit', 'bytes']]);
    },
  );
}

function writeSource(writer: XmlWriter, device: FilesystemDevice): void {
  if (device.type === 'ram')
    writer.empty('source', [
      ['usage', device.usageKiB ?? 0],
      ['units', 'KiB'],
    ]);
  else if (device.type === 'volume')
    writer.empty('source', [
      ['pool', device.pool],
      ['volume', device.source],
    ]);
  else if (device.socket !== undefined) writer.empty('source', [['socket', device.socket]]);
  else writer.empty('source', [[SOURCE_ATTRIBUTES[device.type], device.source]]);
}
