// What is copied, from a tar archive and into one: streams of this process, standard input and output.
import { libvirtError } from '../../errors.ts';
import {
  BLOCK,
  checkExtents,
  type Extent,
  extentsOf,
  longName,
  paddingOf,
  parsePax,
  parseTarHeader,
  SPARSE_BLOCK,
  type Sparse,
  sparseBlock,
  TarError,
  type TarMember,
  tarEnd,
  tarHeader,
  tarSparseHeader,
} from '../../values/tar.ts';
import { type Attributes, attributeLeftOut, type Chunk, type Entry, type EntryKind, shown } from './entry.ts';
import { type Extended, extendedIn, recordsOf } from './extended.ts';

/** Gives the next bytes, at most so many; none: the end. */
export type Read = (size: number) => Buffer;
export type Write = (bytes: Buffer) => void;

const CHUNK_BYTES = 262144;
/** Names are shorter: who writes more wants the memory. */
const HEADER_BYTES = 1 << 20;
/** Of a file that became shorter so much is made up for in an archive, by zeros. */
const MOST_MISSING_BYTES = 256 << 20;
const PADDING_BYTES = 1 << 20;
/** Holes of less than this are written: not every program that unpacks archives knows of holes. */
const SPARSE_BYTES = 1 << 20;

const failure = (why: string) => libvirtError('OPERATION_FAILED', `the archive ${why}`);

/** The members of an archive. Throws OPERATION_FAILED for one that is none, or names places outside of where it is unpacked. */
export function* archiveEntries(read: Read, onLeftOut: (what: string) => void): Generator<Entry> {
  const source = new Blocks(read);
  const forAll = new Map<string, string>();
  let extensions = new Map<string, string>();
  try {
    for (;;) {
      const block = source.exactly(BLOCK, true);
      const header = block && parseTarHeader(block, new Map([...forAll, ...extensions]));
      if (!header) return source.toEnd();
      if (header.kind !== 'member') {
        if (header.size > HEADER_BYTES) throw new TarError('has a header that is too large');
        const bytes = source.exactly(header.size)!;
        source.exactly(paddingOf(header.size));
        if (header.kind === 'long') extensions.set(header.key, longName(bytes));
        else for (const [key, value] of parsePax(bytes)) (header.of === 'archive' ? forAll : extensions).set(key, value);
        continue;
      }
      const { extended, strange } = extendedIn(new Map([...forAll, ...extensions]));
      for (const name of strange) onLeftOut(attributeLeftOut(shown(header.member.path), name));
      extensions = new Map();
      yield* entry(header.member, { sparse: header.sparse, extended, source });
    }
  } catch (error) {
    if (error instanceof TarError) throw failure(error.message);
    throw error;
  }
}

function* entry(
  member: TarMember,
  { sparse, extended, source }: { sparse: Sparse | undefined; extended: Extended; source: Blocks },
): Generator<Entry> {
  const path = partsOf(member.path);
  const more = sparse && moreExtents(sparse, source);
  const extents = sparse ? [...sparse.extents, ...more!.extents] : [{ at: 0, length: member.size }];
  let left = member.size - (sparse?.more === 'data' ? more!.bytes : 0);
  if (sparse) checkExtents(extents, sparse.size, left);
  const size = sparse?.size ?? member.size;
  const content = function* (): Generator<Chunk> {
    for (const { at, length } of extents) {
      for (let done = 0; done < length; ) {
        const bytes = source.some(Math.min(length - done, CHUNK_BYTES));
        left -= bytes.length;
        yield { at: at + done, bytes };
        done += bytes.length;
      }
    }
    if (sparse) yield { at: size, bytes: Buffer.alloc(0) };
  };
  const attributes: Attributes = { ...attributesOf(member), size, ...(extended.size > 0 && { extended }) };
  if (member.kind === 'link') yield { path, attributes, linkTo: linkTarget(member) };
  else if (member.kind === 'symlink') yield { path, attributes, target: linkText(member) };
  else yield { path, attributes, ...(member.kind === 'file' ? { content } : {}) };
  while (left > 0) left -= source.some(Math.min(left, CHUNK_BYTES)).length; // what nobody wanted
  source.exactly(paddingOf(member.size));
}

/** Those that stand between the header and the data, and how many bytes they are. */
function moreExtents({ more }: Sparse, source: Blocks): { extents: Extent[]; bytes: number } {
  let bytes = 0;
  const next = (): Buffer => {
    bytes += BLOCK;
    if (bytes > HEADER_BYTES) throw new TarError('has a header that is too large');
    return source.exactly(BLOCK)!;
  };
  const extents: Extent[] = [];
  if (more === 'blocks') {
    for (let isExtended = true; isExtended; ) {
      const block = next();
      extents.push(...sparseBlock(block, 0, SPARSE_BLOCK.entries));
      isExtended = block[SPARSE_BLOCK.isExtendedAt] !== 0;
    }
  } else if (more === 'data') {
    const first = next().toString('latin1');
    const blocks = [first];
    const wanted = 1 + 2 * Number(/^(\d{1,9})\n/.exec(first)?.[1] ?? Number.NaN);
    if (Number.isNaN(wanted)) throw new TarError('has a sparse file in it that is damaged');
    for (let lines = linesIn(first); lines < wanted; ) {
      const block = next().toString('latin1');
      blocks.push(block);
      lines += linesIn(block);
    }
    extents.push(...extentsOf(blocks.join('').split('\n').slice(1, wanted)));
  }
  return { extents, bytes };
}

const linesIn = (text: string): number => text.split('\n').length - 1;

function attributesOf({ kind, mode, uid, gid, mtime, device }: TarMember): Attributes {
  return { kind: kind === 'link' ? 'file' : kind, mode, uid, gid, size: 0, mtime, atime: mtime, device };
}

/** Below the place where it is unpacked: a leading slash is left out, as tar does; a way up is none of an honest archive. */
function partsOf(path: string): string[] {
  const parts = path.split('/').filter((part) => part !== '' && part !== '.');
  if (parts.includes('..')) throw new TarError(`leads outside: '${shown(path)}'`);
  if (path === '' || path.includes('\0')) throw new TarError('has a member without a name');
  return parts;
}

function linkTarget({ target, path }: TarMember): string[] {
  const parts = partsOf(target);
  if (parts.length === 0) throw new TarError(`has a link to nothing: '${shown(path)}'`);
  return parts;
}

/** May say what it likes: nothing of ours follows it out. */
function linkText({ target, path }: TarMember): string {
  if (target === '' || target.includes('\0')) throw new TarError(`has a link to nothing: '${shown(path)}'`);
  return target;
}

class Blocks {
  readonly #read: Read;
  constructor(read: Read) {
    this.#read = read;
  }

  some(size: number): Buffer {
    const bytes = this.#read(size);
    if (bytes.length === 0) throw failure('ends too early');
    return bytes;
  }

  /** `mayEnd`: undefined at the end. */
  exactly(size: number, mayEnd = false): Buffer | undefined {
    const parts: Buffer[] = [];
    for (let left = size; left > 0; ) {
      if (mayEnd && left === size) {
        const first = this.#read(left);
        if (first.length === 0) return undefined;
        parts.push(first);
        left -= first.length;
        continue;
      }
      const bytes = this.some(left);
      parts.push(bytes);
      left -= bytes.length;
    }
    return Buffer.concat(parts);
  }

  /** Who writes it is not to be told that nobody reads what it pads its archive with. */
  toEnd(): void {
    for (let left = PADDING_BYTES; left > 0; ) {
      const { length } = this.#read(Math.min(left, CHUNK_BYTES));
      if (length === 0) return;
      left -= length;
    }
  }
}

/** Writes entries as members of an archive. */
export class ArchiveSink {
  readonly #write: Write;
  readonly #onLeftOut: (what: string) => void;
  #written = 0;

  constructor(write: Write, onLeftOut: (what: string) => void) {
    this.#write = write;
    this.#onLeftOut = onLeftOut;
  }

  add(entry: Entry): void {
    const { kind } = entry.attributes;
    if (kind === 'socket') this.#onLeftOut(`'${shown(entry.path.join('/'))}' is left out: a socket`);
    else this.#add(entry, kind);
  }

  #add({ path, attributes, target, linkTo, content, extents }: Entry, kind: Exclude<EntryKind, 'socket'>): void {
    const isDirectory = kind === 'directory';
    const member: TarMember = {
      kind: linkTo ? 'link' : kind,
      path: path.length === 0 ? './' : path.join('/') + (isDirectory ? '/' : ''),
      target: target ?? linkTo?.join('/') ?? '',
      mode: attributes.mode,
      uid: attributes.uid,
      gid: attributes.gid,
      size: 0,
      mtime: attributes.mtime,
      device: attributes.device,
      ...(attributes.extended && { records: recordsOf(attributes.extended) }),
    };
    if (!content) {
      this.#put(tarHeader(member));
    } else if (extents) {
      const all = extents();
      const [size, stored] = [attributes.size, all.reduce((sum, { length }) => sum + length, 0)];
      const whole = { ...member, size };
      if (size - stored < SPARSE_BYTES) this.#file(whole, content(all));
      else this.#sparse(whole, all, content(all));
    } else if (attributes.size > 0) {
      this.#file({ ...member, size: attributes.size }, content());
    } else {
      const chunks = [...content()]; // one that does not tell its size, as the kernel's own are
      this.#file({ ...member, size: chunks.reduce((sum, { bytes }) => sum + bytes.length, 0) }, chunks);
    }
  }

  finish(): void {
    this.#put(tarEnd(this.#written));
  }

  #file(member: TarMember, chunks: Iterable<Chunk>): void {
    this.#put(tarHeader(member));
    let end = 0;
    for (const { at, bytes } of chunks) {
      this.#nothing(at - end);
      this.#put(bytes);
      end = at + bytes.length;
    }
    this.#makeUp(member, member.size - end);
    this.#nothing(paddingOf(member.size));
  }

  /** Of each extent as much as its map says, whatever is in it by now. */
  #sparse(member: TarMember, extents: readonly Extent[], chunks: Iterable<Chunk>): void {
    this.#put(tarSparseHeader(member, extents));
    const before = this.#written;
    let [place, written] = [0, 0];
    for (const { at, bytes } of chunks) {
      for (; place < extents.length && at >= extents[place]!.at + extents[place]!.length; place++) {
        const { length } = extents[place]!;
        this.#nothing(length - written);
        written = 0;
      }
      if (bytes.length === 0) break;
      this.#put(bytes);
      written += bytes.length;
    }
    const stored = extents.reduce((sum, { length }) => sum + length, 0);
    const missing = stored - (this.#written - before);
    this.#makeUp(member, missing);
    this.#nothing(paddingOf(stored));
  }

  /** The header has told a size. A file system that is a program of the container's may tell any. Throws OPERATION_FAILED. */
  #makeUp({ path }: TarMember, missing: number): void {
    if (missing <= 0) return;
    if (missing > MOST_MISSING_BYTES) throw libvirtError('OPERATION_FAILED', `'${shown(path)}' has ${missing} bytes less than it says`);
    this.#onLeftOut(`'${shown(path)}' has become shorter while it was copied`);
    this.#nothing(missing);
  }

  #nothing(size: number): void {
    for (let left = size; left > 0; left -= CHUNK_BYTES) this.#put(NOTHING.subarray(0, Math.min(left, CHUNK_BYTES)));
  }

  #put(bytes: Buffer): void {
    this.#write(bytes);
    this.#written += bytes.length;
  }
}

const NOTHING = Buffer.alloc(CHUNK_BYTES);
