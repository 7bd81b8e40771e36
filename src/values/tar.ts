// Archives of tar, member by member: ustar with pax's extended headers (POSIX.1-2001), and what GNU tar writes for long names and for
// files with holes (its manual: Storing Sparse Files). Names are bytes: strings of latin1. Pure.

export const BLOCK = 512;

export type TarKind = 'file' | 'directory' | 'symlink' | 'link' | 'fifo' | 'block' | 'character';

export interface TarMember {
  kind: TarKind;
  path: string;
  /** Of a link. */
  target: string;
  mode: number;
  uid: number;
  gid: number;
  size: number;
  mtime: { seconds: number; nanoseconds: number };
  device: { major: number; minor: number };
  /** To be written before it. */
  records?: readonly (readonly [key: string, value: string])[];
}

const LETTERS: Readonly<Record<TarKind, string>> = {
  file: '0',
  link: '1',
  symlink: '2',
  character: '3',
  block: '4',
  directory: '5',
  fifo: '6',
};
const KINDS: ReadonlyMap<string, TarKind> = new Map([
  ...Object.entries(LETTERS).map(([kind, letter]) => [letter, kind as TarKind] as const),
  ['\0', 'file'],
  ['7', 'file'],
]);

/** A part of a file that has something in it. */
export interface Extent {
  at: number;
  length: number;
}

/** Of a file with holes: all that is in it is in the archive as one piece. */
export interface Sparse {
  /** How long the file is. */
  size: number;
  extents: Extent[];
  /** Where the rest of the extents is: in blocks of their own after the header, or as numbers before the data. */
  more: 'nowhere' | 'blocks' | 'data';
}

/** What is wrong with an archive. */
export class TarError extends Error {}

const padded = (size: number): number => Math.ceil(size / BLOCK) * BLOCK;

/** How many bytes of nothing follow that many of a member. */
export const paddingOf = (size: number): number => padded(size) - size;

/** The header of a member, with an extended one before it where a field is too small, or there are `more` records. */
export function tarHeader(member: TarMember, more: readonly string[] = []): Buffer {
  const { path, target, uid, gid, size, mtime } = member;
  const split = splitPath(path);
  const records = [
    ...(split ? [] : [record('path', path)]),
    ...(target.length <= 100 ? [] : [record('linkpath', target)]),
    ...(size < 8 ** 11 ? [] : [record('size', String(size))]),
    ...(uid < 8 ** 7 ? [] : [record('uid', String(uid))]),
    ...(gid < 8 ** 7 ? [] : [record('gid', String(gid))]),
    ...(mtime.seconds >= 0 && mtime.seconds < 8 ** 11 ? [] : [record('mtime', String(mtime.seconds))]),
    ...(member.records ?? []).map(([key, value]) => record(key, value)),
    ...more,
  ];
  const header = block(member, LETTERS[member.kind], split ?? ['', path.slice(0, 100)]);
  if (records.length === 0) return header;
  const text = Buffer.from(records.join(''), 'latin1');
  const extended: TarMember = { ...member, path: 'pax', target: '', mode: 0o644, uid: 0, gid: 0, size: text.length };
  return Buffer.concat([block(extended, 'x', ['', 'pax']), text, Buffer.alloc(paddingOf(text.length)), header]);
}

/** The same of a file with holes, of which all `extents` follow; whoever knows nothing of such unpacks a file of another name. */
export function tarSparseHeader(member: TarMember, extents: readonly Extent[]): Buffer {
  const { path, size } = member;
  const all = extents.at(-1) && endOf(extents.at(-1)!) === size ? extents : [...extents, { at: size, length: 0 }];
  const map = [all.length, ...all.flatMap(({ at, length }) => [at, length])].map((number) => `${number}\n`).join('');
  const [, directory, name] = /^(.*\/)?([^/]*)$/.exec(path)!;
  const stored = padded(map.length) + extents.reduce((sum, { length }) => sum + length, 0);
  const header = tarHeader({ ...member, path: `${directory ?? ''}GNUSparseFile.0/${name}`, size: stored }, [
    record('GNU.sparse.major', '1'),
    record('GNU.sparse.minor', '0'),
    record('GNU.sparse.name', path),
    record('GNU.sparse.realsize', String(size)),
  ]);
  return Buffer.concat([header, Buffer.from(map, 'latin1'), Buffer.alloc(paddingOf(map.length))]);
}

const endOf = ({ at, length }: Extent): number => at + length;

/** Two empty blocks, as many as make a record of tar's. */
export const tarEnd = (written: number): Buffer =>
  Buffer.alloc(2 * BLOCK + ((20 * BLOCK - ((written + 2 * BLOCK) % (20 * BLOCK))) % (20 * BLOCK)));

/** 100 bytes, or up to 155 and a slash before them. */
function splitPath(path: string): [prefix: string, name: string] | undefined {
  if (path.length <= 100) return ['', path];
  for (let slash = path.indexOf('/'); slash >= 0 && slash <= 155; slash = path.indexOf('/', slash + 1)) {
    const name = path.slice(slash + 1);
    if (slash > 0 && name.length <= 100 && name !== '') return [path.slice(0, slash), name];
  }
  return undefined;
}

/** `LENGTH KEY=VALUE\n`, where the length counts itself. */
function record(key: string, value: string): string {
  const rest = ` ${key}=${value}\n`;
  let length = rest.length + 1;
  while (String(length).length + rest.length !== length) length = String(length).length + rest.length;
  return `${length}${rest}`;
}

function block({ target, mode, uid, gid, size, mtime, device }: TarMember, letter: string, [prefix, name]: [string, string]): Buffer {
  const bytes = Buffer.alloc(BLOCK);
  const octal = (at: number, width: number, value: number) => {
    const fits = value >= 0 && value < 8 ** (width - 1) ? value : 0;
    bytes.write(`${fits.toString(8).padStart(width - 1, '0')}\0`, at, 'latin1');
  };
  bytes.write(name, 0, 100, 'latin1');
  octal(100, 8, mode);
  octal(108, 8, uid);
  octal(116, 8, gid);
  octal(124, 12, size);
  octal(136, 12, mtime.seconds);
  bytes.write('        ', 148, 'latin1');
  bytes.write(letter, 156, 'latin1');
  bytes.write(target.slice(0, 100), 157, 100, 'latin1');
  bytes.write('ustar\x0000', 257, 'latin1');
  octal(329, 8, device.major);
  octal(337, 8, device.minor);
  bytes.write(prefix, 345, 155, 'latin1');
  bytes.write(`${checksum(bytes).toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return bytes;
}

/** Of all bytes, as if its own field were of spaces. */
function checksum(bytes: Buffer): number {
  let sum = 8 * 0x20;
  for (let i = 0; i < BLOCK; i++) if (i < 148 || i >= 156) sum += bytes[i]!;
  return sum;
}

/** What extended headers say of the next member, by pax's names. */
export type Extensions = ReadonlyMap<string, string>;

/** A header as it is read: a member, or what is to be read before one. undefined: the end of the archive. */
export type TarHeader =
  | { kind: 'member'; member: TarMember; sparse?: Sparse }
  | { kind: 'extensions'; size: number; of: 'member' | 'archive' }
  | { kind: 'long'; size: number; key: 'path' | 'linkpath' };

/** Throws TarError for what is no header, or one of a member that is unknown. `extensions` go before the header's own fields. */
export function parseTarHeader(bytes: Buffer, extensions: Extensions): TarHeader | undefined {
  if (bytes.every((byte) => byte === 0)) return undefined;
  if (Number.parseInt(textAt(bytes, 148, 8).trim(), 8) !== checksum(bytes)) throw new TarError(compressionOf(bytes) ?? 'is no tar archive');
  const letter = bytes.toString('latin1', 156, 157);
  const size = numberOf(extensions, 'size') ?? octalAt(bytes, 124, 12);
  if (letter === 'x' || letter === 'g')
    return { kind: 'extensions', size: octalAt(bytes, 124, 12), of: letter === 'x' ? 'member' : 'archive' };
  if (letter === 'L' || letter === 'K') return { kind: 'long', size: octalAt(bytes, 124, 12), key: letter === 'L' ? 'path' : 'linkpath' };
  const sparse = sparseOf(bytes, letter, extensions);
  const prefix = bytes.toString('latin1', 257, 263) === 'ustar\0' ? textAt(bytes, 345, 155) : '';
  const name = textAt(bytes, 0, 100);
  const path = extensions.get('GNU.sparse.name') ?? extensions.get('path') ?? (prefix === '' ? name : `${prefix}/${name}`);
  const known = letter === 'S' ? 'file' : KINDS.get(letter);
  if (!known) throw new TarError(`has a member of unknown type '${letter.replace(/[^ -~]/, '?')}'`);
  // Before ustar a directory was a file whose name ends with a slash.
  const kind = known === 'file' && path.endsWith('/') ? 'directory' : known;
  return {
    kind: 'member',
    ...(sparse && { sparse }),
    member: {
      kind,
      path,
      target: extensions.get('linkpath') ?? textAt(bytes, 157, 100),
      mode: octalAt(bytes, 100, 8) & 0o7777,
      uid: numberOf(extensions, 'uid') ?? octalAt(bytes, 108, 8),
      gid: numberOf(extensions, 'gid') ?? octalAt(bytes, 116, 8),
      size: kind === 'file' ? size : 0,
      mtime: timeOf(extensions.get('mtime')) ?? { seconds: numberAt(bytes, 136, 12), nanoseconds: 0 },
      device: { major: octalAt(bytes, 329, 8), minor: octalAt(bytes, 337, 8) },
    },
  };
}

const damaged = () => new TarError('has a sparse file in it that is damaged');

/** As GNU tar has written them: by its own type, and three times with pax's headers. */
function sparseOf(bytes: Buffer, letter: string, extensions: Extensions): Sparse | undefined {
  if (letter === 'S')
    return { size: octalAt(bytes, 483, 12), extents: sparseBlock(bytes, 386, 4), more: bytes[482] === 0 ? 'nowhere' : 'blocks' };
  if (extensions.has('GNU.sparse.major')) {
    const size = numberOf(extensions, 'GNU.sparse.realsize');
    if (extensions.get('GNU.sparse.major') !== '1' || extensions.get('GNU.sparse.minor') !== '0' || size === undefined) throw damaged();
    return { size, extents: [], more: 'data' };
  }
  const size = numberOf(extensions, 'GNU.sparse.size');
  if (size === undefined) return undefined;
  const map = extensions.get('GNU.sparse.map') ?? '';
  return { size, extents: extentsOf(map === '' ? [] : map.split(',')), more: 'nowhere' };
}

/** In a block of its own: so many extents, and whether another block follows. */
export const SPARSE_BLOCK = { entries: 21, isExtendedAt: 504 } as const;

/** Extents in a header; those that are not used are empty. */
export function sparseBlock(bytes: Buffer, from: number, entries: number): Extent[] {
  const starts = Array.from({ length: entries }, (_, i) => from + 24 * i);
  const used = starts.findIndex((at) => bytes[at] === 0 && bytes[at + 12] === 0);
  return starts.slice(0, used < 0 ? entries : used).map((at) => ({ at: octalAt(bytes, at, 12), length: octalAt(bytes, at + 12, 12) }));
}

/** Of offsets and lengths in turn. */
export function extentsOf(numbers: readonly string[]): Extent[] {
  if (numbers.length % 2 !== 0) throw damaged();
  return Array.from({ length: numbers.length / 2 }, (_, i) => ({ at: numberIn(numbers[2 * i]!), length: numberIn(numbers[2 * i + 1]!) }));
}

/** Throws TarError unless they follow each other in the file, and are what is stored of it. */
export function checkExtents(extents: readonly Extent[], size: number, stored: number): void {
  let [end, sum] = [0, 0];
  for (const extent of extents) {
    if (extent.at < end || endOf(extent) > size) throw damaged();
    end = endOf(extent);
    sum += extent.length;
  }
  if (sum !== stored) throw damaged();
}

/** Records that may be there more than once, for one list. */
const LISTED: ReadonlySet<string> = new Set(['GNU.sparse.offset', 'GNU.sparse.numbytes']);

/** The records of an extended header. */
export function parsePax(bytes: Buffer): Map<string, string> {
  const found = new Map<string, string>();
  const set = (key: string, value: string) => {
    const before = LISTED.has(key) ? found.get('GNU.sparse.map') : undefined;
    found.set(LISTED.has(key) ? 'GNU.sparse.map' : key, before === undefined ? value : `${before},${value}`);
  };
  for (let at = 0; at < bytes.length; ) {
    const space = bytes.indexOf(0x20, at);
    const digits = bytes.toString('latin1', at, Math.max(space, at));
    const length = /^\d{1,9}$/.test(digits) ? Number(digits) : 0;
    const text = bytes.toString('latin1', space + 1, at + length);
    const equals = text.indexOf('=');
    if (length === 0 || at + length > bytes.length || !text.endsWith('\n') || equals < 1)
      throw new TarError('has an extended header that is damaged');
    set(text.slice(0, equals), text.slice(equals + 1, -1));
    at += length;
  }
  return found;
}

/** The text of one of GNU tar's long names. */
export const longName = (bytes: Buffer): string => textAt(bytes, 0, bytes.length);

function textAt(bytes: Buffer, at: number, width: number): string {
  const field = bytes.toString('latin1', at, at + width);
  const end = field.indexOf('\0');
  return end < 0 ? field : field.slice(0, end);
}

/** Of all numbers but times. */
function octalAt(bytes: Buffer, at: number, width: number): number {
  const value = numberAt(bytes, at, width);
  if (value < 0) throw new TarError('has a number in it that is none');
  return value;
}

/** Octal digits, or as GNU tar writes what is larger, binary with the first bit set. */
function numberAt(bytes: Buffer, at: number, width: number): number {
  const first = bytes[at]!;
  if (first & 0x80) {
    let value = first & 0x40 ? -1 : first & 0x3f;
    for (let i = at + 1; i < at + width; i++) value = value * 256 + bytes[i]!;
    return safe(value);
  }
  const text = textAt(bytes, at, width).trim();
  if (text === '') return 0;
  if (!/^[0-7]+$/.test(text)) throw new TarError('has a number in it that is none');
  return safe(Number.parseInt(text, 8));
}

function numberOf(extensions: Extensions, key: string): number | undefined {
  const text = extensions.get(key);
  return text === undefined ? undefined : numberIn(text);
}

function numberIn(text: string): number {
  if (!/^\d+$/.test(text)) throw new TarError('has a number in it that is none');
  return safe(Number(text));
}

function safe(value: number): number {
  if (!Number.isSafeInteger(value)) throw new TarError('has a number in it that is too large');
  return value;
}

function timeOf(text: string | undefined): TarMember['mtime'] | undefined {
  if (text === undefined) return undefined;
  const parts = /^(-?\d{1,15})(?:\.(\d+))?$/.exec(text);
  if (!parts) throw new TarError('has a time in it that is none');
  const seconds = Number(parts[1]);
  const nanoseconds = Number((parts[2] ?? '').padEnd(9, '0').slice(0, 9));
  return text.startsWith('-') && nanoseconds > 0 ? { seconds: seconds - 1, nanoseconds: 1e9 - nanoseconds } : { seconds, nanoseconds };
}

/** Known by their first bytes. */
function compressionOf(bytes: Buffer): string | undefined {
  const starts: readonly (readonly [string, string])[] = [
    ['1f8b', 'gzip'],
    ['425a68', 'bzip2'],
    ['fd377a585a', 'xz'],
    ['28b52ffd', 'zstd'],
  ];
  const program = starts.find(([start]) => bytes.toString('hex').startsWith(start))?.[1];
  return program && `is compressed by ${program}: unpack it before`;
}
