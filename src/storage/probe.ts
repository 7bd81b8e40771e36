// What image a file holds, by its first bytes. Pure. Sources: qemu's docs/interop (qcow2.txt, qed_spec.txt), the formats' own headers.

import type { VolumeFormat } from './definition.ts';

export interface Image {
  format: VolumeFormat;
  /** Bytes that a guest sees; undefined: as large as the file. */
  capacity?: bigint;
  backing?: { path: string; format?: string };
  /** Some of it lies in other files, which it names where or as they are not looked for here. */
  elsewhere?: true;
}

/** How much of a file tells what it is: an ISO 9660 file system says so after 32 KiB. */
export const PROBED_BYTES = 33 * 1024;

const ISO_MARK_AT = 32769;
const SECTOR = 512n;
const LONGEST_PATH = 1023;

/** `raw` where nothing else is recognised. What it says of itself is not checked: it is data, and never opened. */
export function probeImage(bytes: Buffer): Image {
  const is = (at: number, mark: string): boolean => bytes.subarray(at, at + mark.length).equals(Buffer.from(mark, 'latin1'));
  const u32 = (at: number): number => (at + 4 <= bytes.length ? bytes.readUInt32BE(at) : 0);
  const u32le = (at: number): number => (at + 4 <= bytes.length ? bytes.readUInt32LE(at) : 0);
  const u64 = (at: number): bigint => (at + 8 <= bytes.length ? bytes.readBigUInt64BE(at) : 0n);
  const u64le = (at: number): bigint => (at + 8 <= bytes.length ? bytes.readBigUInt64LE(at) : 0n);
  if (is(0, 'QFI\xfb')) {
    const format = u32(4) === 1 ? 'qcow' : 'qcow2';
    const named = u64(8) !== 0n && u32(16) !== 0;
    const backing = named ? backingOf(bytes, Number(u64(8)), u32(16), format === 'qcow2' ? u32(4) : 0) : undefined;
    const hasDataFile = u32(4) >= 3 && (u64(72) & QCOW2_DATA_FILE) !== 0n;
    return { format, capacity: u64(24), ...otherFiles(named, backing, hasDataFile) };
  }
  if (is(0, 'QED\0')) {
    const named = (u64le(16) & QED_BACKING) !== 0n;
    const path = named ? textAt(bytes, u32le(56), u32le(60)) : undefined;
    const backing = path === undefined ? undefined : { path, ...(u64le(16) & QED_RAW_BACKING && { format: 'raw' }) };
    return { format: 'qed', capacity: u64le(48), ...otherFiles(named, backing) };
  }
  // One without a capacity is a list of others' files.
  if (is(0, 'KDMV')) {
    const capacity = u64le(12) * SECTOR;
    return { format: 'vmdk', capacity, ...((capacity === 0n || bytes.includes(VMDK_PARENT)) && { elsewhere: true }) };
  }
  if (is(64, '\x7f\x10\xda\xbe')) return { format: 'vdi', capacity: u64le(0x170) };
  if (is(0, 'conectix')) return { format: 'vpc', capacity: u64(48) };
  if (is(ISO_MARK_AT, 'CD001')) return { format: 'iso' };
  return { format: 'raw' };
}

/** Bits of a header's incompatible features. */
const QCOW2_DATA_FILE = 4n;
const QED_BACKING = 1n;
const QED_RAW_BACKING = 4n;
/** In a descriptor, which is in the first sectors. */
const VMDK_PARENT = 'parentFileNameHint';

const otherFiles = (named: boolean, backing: Image['backing'], hasMore = false): Pick<Image, 'backing' | 'elsewhere'> => ({
  ...(backing && { backing }),
  ...((hasMore || (named && !backing)) && { elsewhere: true }),
});

function textAt(bytes: Buffer, at: number, length: number): string | undefined {
  return at === 0 || length === 0 || length > LONGEST_PATH || at + length > bytes.length
    ? undefined
    : bytes.toString('utf8', at, at + length);
}

/** The extension of a qcow2 header that names the backing file's format. */
const BACKING_FORMAT = 0xe2792aca;

function backingOf(bytes: Buffer, at: number, length: number, version: number): Image['backing'] {
  const path = textAt(bytes, at, length);
  if (path === undefined) return undefined;
  let place = version >= 3 && bytes.length >= 104 ? bytes.readUInt32BE(100) : 72;
  while (version >= 2 && place + 8 <= at && place + 8 <= bytes.length) {
    const [kind, size] = [bytes.readUInt32BE(place), bytes.readUInt32BE(place + 4)];
    if (kind === 0) break;
    if (kind === BACKING_FORMAT && place + 8 + size <= bytes.length)
      return { path, format: bytes.toString('latin1', place + 8, place + 8 + size) };
    place += 8 + Math.ceil(size / 8) * 8;
  }
  return { path };
}
