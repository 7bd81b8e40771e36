// What the kernel counts of a block device, whoever uses it, and how large it is (sysfs: block/stat, block/size).
import fs from 'node:fs';
import { attempt } from './attempt.ts';
import { deviceMajor, deviceMinor } from './device-number.ts';
import { readNumber, readText } from './system-files.ts';

const SECTOR_BYTES = 512n;
const NS_OF_MS = 1_000_000n;

export interface DeviceTimes {
  readNs: bigint;
  writeNs: bigint;
  flushRequests: bigint;
  flushNs: bigint;
}

/** `number`: `major:minor`. undefined where there is no such device. */
export function deviceTimes(number: string): DeviceTimes | undefined {
  const text = readText(`/sys/dev/block/${number}/stat`);
  return text === undefined ? undefined : deviceTimesIn(text);
}

/** The columns of block/stat.rst; the last two came with Linux 5.5. */
export function deviceTimesIn(text: string): DeviceTimes {
  const columns = text.trim().split(/\s+/).map(BigInt);
  const at = (column: number): bigint => columns[column] ?? 0n;
  return { readNs: at(3) * NS_OF_MS, writeNs: at(7) * NS_OF_MS, flushRequests: at(15), flushNs: at(16) * NS_OF_MS };
}

/** In bytes. */
export interface StorageSizes {
  /** What is seen of it as a device. */
  capacity: bigint;
  /** What is taken of the host's storage. */
  allocation: bigint;
  /** Up to where the file or device reaches. */
  physical: bigint;
}

export interface Storage {
  /** `major:minor` of the block device; undefined for an image file that has none now. */
  number: string | undefined;
  sizes: StorageSizes;
}

/** Of a block device or an image file at `source`; `device` is the one that shows the image. undefined for what is neither, or not there. */
export function storageAt(source: string, device: string | undefined): Storage | undefined {
  const facts = attempt(() => fs.statSync(source));
  const number = device === undefined ? undefined : numberOf(device);
  const deviceBytes = number === undefined ? undefined : sizeOf(number);
  if (facts?.isBlockDevice()) {
    const own = numberOf(source);
    const bytes = (own === undefined ? undefined : sizeOf(own)) ?? 0n;
    return { number: own, sizes: { capacity: bytes, allocation: bytes, physical: bytes } };
  }
  if (!facts?.isFile()) return undefined;
  const physical = BigInt(facts.size);
  return { number, sizes: { capacity: deviceBytes ?? physical, allocation: BigInt(facts.blocks) * SECTOR_BYTES, physical } };
}

function numberOf(path: string): string | undefined {
  const facts = attempt(() => fs.statSync(path));
  return facts?.isBlockDevice() ? `${deviceMajor(facts.rdev)}:${deviceMinor(facts.rdev)}` : undefined;
}

function sizeOf(number: string): bigint | undefined {
  const sectors = readNumber(`/sys/dev/block/${number}/size`);
  return sectors === undefined ? undefined : BigInt(sectors) * SECTOR_BYTES;
}
