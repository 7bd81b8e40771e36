// <blkiotune>: weights and limits of block I/O.

import { libvirtError } from '../../errors.ts';
import { parseInteger, parseWrapping } from '../../values/numbers.ts';
import { childOf, childrenOf, elementsOf, mergedChild, textOf, type XmlElement } from '../../xml/element.ts';
import type { XmlWriter } from '../../xml/writer.ts';
import type { BlkioDevice, DomainDefinition } from '../definition.ts';

type Limit = Exclude<keyof BlkioDevice, 'path'>;

/** Elements of a device in the order of printing: name, property, word in messages, parser. */
const LIMITS: readonly [name: string, property: Limit, word: string, bits: 32 | 64][] = [
  ['weight', 'weight', 'weight', 32],
  ['read_iops_sec', 'readIopsSec', 'read iops sec', 32],
  ['write_iops_sec', 'writeIopsSec', 'write iops sec', 32],
  ['read_bytes_sec', 'readBytesSec', 'read bytes sec', 64],
  ['write_bytes_sec', 'writeBytesSec', 'write bytes sec', 64],
];

export function parseBlkiotune(domain: XmlElement): DomainDefinition['blkiotune'] {
  const element = mergedChild(domain, 'blkiotune');
  const tune: DomainDefinition['blkiotune'] = { devices: [] };
  if (element === undefined) return tune;
  const weightElement = childOf(element, 'weight');
  // A weight that is no number counts as none.
  const weight = weightElement && parseInteger(textOf(weightElement));
  if (weight !== undefined && weight > 0n && weight < 2n ** 32n) tune.weight = Number(weight);
  const paths = new Set<string>();
  for (const child of childrenOf(element, 'device')) {
    const device = parseDevice(child);
    if (paths.has(device.path)) throw libvirtError('CONFIG_UNSUPPORTED', `duplicate blkio device path '${device.path}'`);
    paths.add(device.path);
    tune.devices.push(device);
  }
  return tune;
}

function parseDevice(element: XmlElement): BlkioDevice {
  const device: BlkioDevice = { path: '' };
  for (const child of elementsOf(element)) {
    const text = textOf(child);
    if (child.local === 'path') {
      if (device.path === '') device.path = text;
      continue;
    }
    const limit = LIMITS.find(([name]) => name === child.local);
    if (limit === undefined) continue;
    const [, property, word, bits] = limit;
    const value = text === '' ? 0n : parseWrapping(text, bits);
    if (value === undefined) throw libvirtError('CONFIG_UNSUPPORTED', `could not parse ${word} ${text}`);
    if (Number(value) !== 0) device[property] = Number(value);
    else delete device[property];
  }
  if (device.path === '') throw libvirtError('CONFIG_UNSUPPORTED', 'missing per-device path');
  return device;
}

export function writeBlkiotune(writer: XmlWriter, { blkiotune }: DomainDefinition): void {
  const devices = blkiotune.devices.filter((device) => LIMITS.some(([, property]) => device[property] !== undefined));
  writer.optionalBlock('blkiotune', [], () => {
    if (blkiotune.weight) writer.text('weight', blkiotune.weight);
    for (const device of devices)
      writer.block('device', [], () => {
        writer.text('path', device.path);
        for (const [name, property, , bits] of LIMITS) {
          const value = device[property];
          if (value !== undefined) writer.text(name, bits === 64 ? printable(value) : value);
        }
      });
  });
}

/** Beyond what a double holds exactly: never in exponents, never above 64 bits. */
function printable(value: number): bigint {
  const exact = BigInt(Math.trunc(value));
  return exact >= 2n ** 64n ? 2n ** 64n - 1n : exact;
}
