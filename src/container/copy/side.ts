// The files of one side of a copy, container or host, by its file server. Nothing is looked at by a path but what a person named: below
// that each name is looked up in a directory that is held, and never followed if it is a link. So whoever changes the tree meanwhile,
// a directory to a link, say, leads nowhere. Nothing is opened but files and directories: to open a device or a pipe is to use it.
import {
  AT_EMPTY_PATH,
  AT_FDCWD,
  AT_SYMLINK_NOFOLLOW,
  EACCES,
  EBADF,
  EFBIG,
  EINVAL,
  ENODATA,
  ENOENT,
  ENXIO,
  EOPNOTSUPP,
  EPERM,
  ERANGE,
  O_CLOEXEC,
  O_DIRECTORY,
  O_NOCTTY,
  O_NOFOLLOW,
  O_NONBLOCK,
  O_PATH,
  O_RDONLY,
  RESOLVE_NO_MAGICLINKS,
  S_IFBLK,
  S_IFCHR,
  S_IFDIR,
  S_IFIFO,
  S_IFLNK,
  S_IFMT,
  S_IFREG,
  S_IFSOCK,
  SEEK_DATA,
  SEEK_HOLE,
  STATX_BASIC_STATS,
} from '../../../lib-native/constants.ts';
import type { Argument, ReplyArea, Step } from '../../../lib-native/plan-encoding.ts';
import { libvirtError, systemError } from '../../errors.ts';
import type { Extent } from '../../values/tar.ts';
import { step } from '../plan/steps.ts';
import { type Attributes, type Chunk, type EntryKind, type IdMap, type Ids, pathEnd, shown } from './entry.ts';
import { type Extended, fromSide, isCopied } from './extended.ts';
import type { FileServer, Ran } from './server.ts';

const same: IdMap = { toContainer: (id) => id, fromContainer: (id) => id };
export const SAME_IDS: Ids = { uid: same, gid: same };

export interface Held {
  /** O_PATH, in the server. */
  fd: number;
  attributes: Attributes;
  /** The same for two names of one file. */
  id: string;
  /** Of its file system. */
  device: string;
  links: number;
  /** Fewer bytes on the disk than in it. */
  isSparse: boolean;
}

const STATX_BYTES = 256;
const STATFS_BYTES = 120;
const PATH_BYTES = 4096;
const MAX_FOLLOWED = 40;
/** A first piece comes with the opening; most files are done with it. */
const FIRST_BYTES = 65536;
const CHUNK_BYTES = 524288;
const LIST_BYTES = 65536;
const NAMES_BYTES = 4096;
const ALL_NAMES_BYTES = 65536;
/** Of one file: more is no honest file's. */
const MAX_EXTENDED = 256;
const MAX_EXTENDED_BYTES = 1 << 20;
/** Files of the kernel's tell no size. What is larger than this may have no end. */
const UNSIZED_BYTES = 64 << 20;

const area = (size: number): ReplyArea => ({ reply: Buffer.alloc(size), at: 0 });
export const bytesOf = (name: string): Buffer => Buffer.from(`${name}\0`, 'latin1');

const how = (flags: number, resolve: number): Buffer => {
  const bytes = Buffer.alloc(24);
  bytes.writeBigUInt64LE(BigInt(flags), 0);
  bytes.writeBigUInt64LE(BigInt(resolve), 16);
  return bytes;
};

/** openat2(2) with O_CLOEXEC. */
export const openHow = (dir: number, path: string, flags: number, resolve = 0): Step =>
  step('openat2', [dir, bytesOf(path), how(flags | O_CLOEXEC, resolve), 24], 'open');

export interface ExtendedRequest {
  /** With those that are copied only with owners. */
  keepsOwners: boolean;
  pathOf: (place: number) => string;
  leftOut: (place: number, name: string) => void;
}

export class Side {
  readonly server: FileServer;
  /** Before a path, in messages. */
  readonly name: string;
  readonly ids: Ids;
  /** Who owns what is copied here, unless its owners are kept: ids as the container counts. */
  readonly owner: { uid: number; gid: number };

  constructor(server: FileServer, { name, ids, owner }: { name: string; ids: Ids; owner: { uid: number; gid: number } }) {
    this.server = server;
    this.name = name;
    this.ids = ids;
    this.owner = owner;
  }

  fail(doing: string, path: string, errno: number): never {
    throw systemError(`cannot ${doing} '${this.shown(path)}'`, errno);
  }

  shown(path: string): string {
    return this.name + shown(path);
  }

  /** Runs steps that are all to succeed. */
  must(steps: readonly Step[], doing: string, path: string): readonly number[] {
    return this.done(this.server.run(steps), doing, path);
  }

  done({ results, failed, errno }: Ran, doing: string, path: string): readonly number[] {
    if (failed >= 0) this.fail(doing, path, errno);
    return results;
  }

  close(fd: number): void {
    this.server.close(fd);
  }

  /** What a person named; undefined where nothing is. Follows links, but for a last one if that is asked. */
  find(path: string, { follows = true } = {}): Held | undefined {
    return this.#hold(openHow(AT_FDCWD, path, O_PATH | (follows ? 0 : O_NOFOLLOW), RESOLVE_NO_MAGICLINKS), path);
  }

  /** What has that name in a directory, were it a link; undefined where nothing has. `path`: for messages. */
  hold(dir: number, name: string, path: string): Held | undefined {
    return this.#hold(step('openat', [dir, bytesOf(name), O_PATH | O_NOFOLLOW | O_CLOEXEC], 'open'), path);
  }

  /** The same of several, in their order. */
  holdAll(dir: number, names: readonly string[], pathOf: (name: string) => string): (Held | undefined)[] {
    const each = names.map((name) => {
      const open = step('openat', [dir, bytesOf(name), O_PATH | O_NOFOLLOW | O_CLOEXEC], 'open', { tolerate: [ENOENT] });
      const stat = area(STATX_BYTES);
      return { name, stat, steps: [open, statx({ step: open }, stat, { tolerate: [EBADF] })] };
    });
    const { results, failed, errno } = this.server.run(each.flatMap(({ steps }) => steps));
    if (failed >= 0) this.fail('look at', pathOf(names[failed >> 1]!), errno);
    return each.map(({ name, stat }, i) => (results[2 * i]! < 0 ? undefined : this.#held(results[2 * i]!, stat.reply, pathOf(name))));
  }

  #hold(open: Step, path: string): Held | undefined {
    const stat = area(STATX_BYTES);
    const { results, failed, errno } = this.server.run([open, statx({ step: open }, stat)]);
    if (failed === 0 && errno === ENOENT) return undefined;
    if (failed >= 0) this.fail('look at', path, errno);
    return this.#held(results[0]!, stat.reply, path);
  }

  #held(fd: number, stat: Buffer, path: string): Held {
    const kind = KINDS.get(stat.readUInt16LE(28) & S_IFMT);
    if (kind === undefined) throw libvirtError('OPERATION_FAILED', `'${this.shown(path)}' is of no known type`);
    const size = Number(stat.readBigUInt64LE(40));
    const device = `${stat.readUInt32LE(136)}:${stat.readUInt32LE(140)}`;
    return {
      fd,
      attributes: {
        kind,
        mode: stat.readUInt16LE(28) & 0o7777,
        uid: this.ids.uid.toContainer(stat.readUInt32LE(20)),
        gid: this.ids.gid.toContainer(stat.readUInt32LE(24)),
        size: kind === 'file' ? size : 0,
        atime: timeAt(stat, 64),
        mtime: timeAt(stat, 112),
        device: { major: stat.readUInt32LE(128), minor: stat.readUInt32LE(132) },
      },
      id: `${device}:${stat.readBigUInt64LE(32)}`,
      device,
      links: stat.readUInt32LE(16),
      isSparse: Number(stat.readBigUInt64LE(48)) * 512 < size,
    };
  }

  /**
   * The extended attributes of files and directories that are held, by their place in `helds`; few have any that are copied.
   * `leftOut` is told of those that cannot be.
   */
  extended(helds: readonly (Held | undefined)[], { keepsOwners, pathOf, leftOut }: ExtendedRequest): Map<number, Extended> {
    const asked = helds.flatMap((held, place) =>
      held && (held.attributes.kind === 'file' || held.attributes.kind === 'directory')
        ? [{ place, fd: held.fd, names: area(NAMES_BYTES) }]
        : [],
    );
    const found = new Map<number, Extended>();
    if (asked.length === 0) return found;
    // These calls take no other name of what is only held than its number there.
    const go = step('fchdir', [this.server.descriptors], 'fchdir');
    const { results, failed, errno } = this.server.run([go, ...asked.map(({ fd, names }) => listExtended(fd, names))]);
    if (failed >= 0) this.fail('look at', pathOf(asked[Math.max(0, failed - 1)]!.place), errno);
    for (const [i, { place, fd, names }] of asked.entries()) {
      const length = results[i + 1]!;
      const all = length < 0 ? this.#longList(fd) : names.reply.toString('latin1', 0, length);
      const wanted = all.split('\0').filter((name) => isCopied(name, keepsOwners));
      if (wanted.length === 0) continue;
      const values = this.#values(fd, wanted.slice(0, MAX_EXTENDED));
      for (const name of wanted) if (!values.has(name)) leftOut(place, name);
      if (values.size > 0) found.set(place, values);
    }
    return found;
  }

  /** One that did not find room; or of a file system that has none. */
  #longList(fd: number): string {
    const names = area(ALL_NAMES_BYTES);
    const { results } = this.server.run([listExtended(fd, names)]);
    return results[0]! < 0 ? '' : names.reply.toString('latin1', 0, results[0]);
  }

  #values(fd: number, names: readonly string[]): Map<string, Buffer> {
    const get = (name: string, into: ReplyArea | null) =>
      step('getxattr', [bytesOf(String(fd)), bytesOf(name), into, into?.reply.length ?? 0], 'getxattr', { tolerate: UNREADABLE });
    const { results: sizes } = this.server.run(names.map((name) => get(name, null)));
    const fitting: { name: string; into: ReplyArea }[] = [];
    let left = MAX_EXTENDED_BYTES;
    for (const [i, name] of names.entries()) {
      const size = sizes[i]!;
      if (size < 0 || size > left) continue;
      left -= size;
      fitting.push({ name, into: area(Math.max(1, size)) });
    }
    const values = new Map<string, Buffer>();
    if (fitting.length === 0) return values;
    const { results } = this.server.run(fitting.map(({ name, into }) => get(name, into)));
    for (const [i, { name, into }] of fitting.entries()) {
      const value = results[i]! < 0 ? undefined : fromSide(name, into.reply.subarray(0, results[i]), this.ids);
      if (value) values.set(name, Buffer.from(value));
    }
    return values;
  }

  /** True for a file system that is no store of files but the kernel's own word: /proc, /sys and their kin. */
  isKernels(dir: number, path: string): boolean {
    const found = area(STATFS_BYTES);
    this.must([step('fstatfs', [dir, found], 'fstatfs')], 'look at', path);
    return KERNELS.has(found.reply.readUInt32LE(0));
  }

  idOf(dir: number, path: string): string {
    const stat = area(STATX_BYTES);
    this.must([statx(dir, stat)], 'look at', path);
    return this.#held(dir, stat.reply, path).id;
  }

  /** Where a file of that path is, or would be: its directory, and its name there; links of that name are followed. */
  locate(path: string): { dir: number; name: string } {
    let at = path;
    for (let links = 0; ; links++) {
      const { name, directory } = pathEnd(at);
      if (name === undefined || links > MAX_FOLLOWED) this.fail('find', path, ENOENT);
      const last = this.find(at.replace(/\/+$/, ''), { follows: false });
      if (last?.attributes.kind !== 'symlink') {
        if (last) this.close(last.fd);
        const open = openHow(AT_FDCWD, directory, O_RDONLY | O_DIRECTORY, RESOLVE_NO_MAGICLINKS);
        return { dir: this.must([open], 'open the directory of', path)[0]!, name: name! };
      }
      const target = this.readLink(last, at);
      this.close(last.fd);
      at = target.startsWith('/') ? target : `${directory.replace(/\/*$/, '/')}${target}`;
    }
  }

  readLink({ fd }: Held, path: string): string {
    const text = area(PATH_BYTES);
    const [length] = this.must([step('readlinkat', [fd, bytesOf(''), text, PATH_BYTES], 'readlink')], 'read the link', path);
    return text.reply.toString('latin1', 0, length);
  }

  /** A directory that is held, to be read and changed; the hold is let go. */
  openDirectory({ fd }: Held, path: string): number {
    const open = step('openat', [fd, bytesOf('.'), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC], 'open');
    return this.must([open, step('close', [fd], 'close')], 'open', path)[0]!;
  }

  /** The names in it, some at a time. */
  *names(dir: number, path: string): Generator<string> {
    for (;;) {
      const list = area(LIST_BYTES);
      const [length] = this.must([step('getdents64', [dir, list, LIST_BYTES], 'getdents64')], 'read', path);
      if (length === 0) return;
      for (const name of namesIn(list.reply.subarray(0, length))) {
        if (name.includes('/') || name === '') this.fail('read', path, EINVAL); // no kernel says so, and a damaged file system is not to
        if (name !== '.' && name !== '..') yield name;
      }
    }
  }

  /** A file that is held, as long as it was when it was held; the hold is let go. */
  *content({ fd, attributes: { size }, isSparse }: Held, path: string, extents?: readonly Extent[]): Generator<Chunk> {
    const open = this.#open(fd);
    const release = step('close', [fd], 'close');
    if (isSparse) {
      const [file] = this.must([open, release], 'read', path) as [number];
      for (const { at, length } of extents ?? this.#extents(file, size, path)) yield* this.#range(file, at, at + length, path);
      this.close(file);
      yield { at: size, bytes: Buffer.alloc(0) };
      return;
    }
    const until = size === 0 ? UNSIZED_BYTES : size;
    const first = area(Math.min(until, FIRST_BYTES));
    const read = step('pread64', [{ step: open }, first, first.reply.length, 0], 'read');
    const isDone = size > 0 && size <= FIRST_BYTES;
    const done = isDone ? [step('close', [{ step: open }], 'close')] : [];
    const results = this.must([open, release, read, ...done], 'read', path);
    const got = results[2]!;
    if (got > 0) yield { at: 0, bytes: first.reply.subarray(0, got) };
    if (isDone) return;
    const file = results[0]!;
    if (got > 0) {
      for (const chunk of this.#range(file, got, until, path)) {
        if (size === 0 && chunk.at + chunk.bytes.length === until) this.fail('read', path, EFBIG);
        yield chunk;
      }
    }
    this.close(file);
  }

  /** Where there is something in a file that is held. */
  extents({ fd, attributes: { size } }: Held, path: string): Extent[] {
    const [file] = this.must([this.#open(fd)], 'read', path) as [number];
    const found = [...this.#extents(file, size, path)];
    this.close(file);
    return found;
  }

  #open = (fd: number): Step =>
    step('openat', [this.server.descriptors, bytesOf(String(fd)), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC], 'open');

  /** The next piece is read while the last one is used. */
  *#range(file: number, from: number, to: number, path: string): Generator<Chunk> {
    let [at, next] = [from, area(0)];
    const ask = () => {
      next = area(Math.min(CHUNK_BYTES, to - at));
      this.server.post([step('pread64', [file, next, next.reply.length, at], 'read')]);
    };
    if (at < to) ask();
    while (at < to) {
      const [got] = this.done(this.server.collect(), 'read', path) as [number];
      if (got === 0) return; // it has become shorter
      const chunk = { at, bytes: next.reply.subarray(0, got) };
      at += got;
      if (at < to) ask();
      yield chunk;
    }
  }

  /** Where there is something. A file system that does not know says that it is everywhere. */
  *#extents(file: number, size: number, path: string): Generator<Extent> {
    for (let at = 0; at < size; ) {
      const data = step('lseek', [file, at, SEEK_DATA], 'lseek');
      const { results, failed, errno } = this.server.run([data, step('lseek', [file, { step: data }, SEEK_HOLE], 'lseek')]);
      if (failed === 0 && errno === ENXIO) return;
      const [from, to] = failed >= 0 ? [at, size] : [results[0]!, Math.min(results[1]!, size)];
      if (from < at || to <= from) this.fail('read', path, ENXIO);
      yield { at: from, length: to - from };
      at = to;
    }
  }
}

/** linux/magic.h: proc, sysfs, cgroup, cgroup2, devpts, debugfs, tracefs, securityfs, bpf, mqueue, configfs, selinuxfs, binfmt_misc, pstore, efivarfs. */
const KERNELS: ReadonlySet<number> = new Set([
  ...[0x9fa0, 0x62656572, 0x27e0eb, 0x63677270, 0x1cd1, 0x64626720, 0x74726163, 0x73636673],
  ...[0xcafe4a11, 0x19800202, 0x62656570, 0xf97cff8c, 0x42494e4d, 0x6165676c, 0xde5e81e4],
]);

const KINDS: ReadonlyMap<number, EntryKind> = new Map([
  [S_IFREG, 'file'],
  [S_IFDIR, 'directory'],
  [S_IFLNK, 'symlink'],
  [S_IFIFO, 'fifo'],
  [S_IFSOCK, 'socket'],
  [S_IFBLK, 'block'],
  [S_IFCHR, 'character'],
]);

const statx = (fd: Argument, into: ReplyArea, extra: Partial<Step> = {}): Step =>
  step('statx', [fd, bytesOf(''), AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW, STATX_BASIC_STATS, into], 'statx', extra);

/** Gone, grown, or nobody's to read; of a file system that has none. */
const UNREADABLE = [ENODATA, ERANGE, EPERM, EOPNOTSUPP];

const listExtended = (fd: number, into: ReplyArea): Step =>
  step('listxattr', [bytesOf(String(fd)), into, into.reply.length], 'listxattr', { tolerate: [ERANGE, EOPNOTSUPP, EPERM, EACCES] });

const timeAt = (stat: Buffer, at: number) => ({ seconds: Number(stat.readBigInt64LE(at)), nanoseconds: stat.readUInt32LE(at + 8) });

/** getdents64(2): inode, offset, length of the record, type, name. */
function* namesIn(list: Buffer): Generator<string> {
  for (let at = 0; at + 19 <= list.length; ) {
    const end = at + list.readUInt16LE(at + 16);
    yield list.toString('latin1', at + 19, list.indexOf(0, at + 19));
    at = end;
  }
}
