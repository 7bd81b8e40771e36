// What is copied, into a tree. A file is made by a name of our own and then renamed: nobody sees half of one, and who dies leaves
// none (FileServer.leaveWill). What is there already is replaced if it is a file or a link, and never written into or through.
import {
  AT_EMPTY_PATH,
  EEXIST,
  EINVAL,
  ELOOP,
  ENOENT,
  ENOSPC,
  ENOSYS,
  ENOTDIR,
  EOPNOTSUPP,
  EPERM,
  O_CLOEXEC,
  O_CREAT,
  O_DIRECTORY,
  O_EXCL,
  O_NOFOLLOW,
  O_RDONLY,
  O_WRONLY,
  RESOLVE_BENEATH,
  RESOLVE_IN_ROOT,
  RESOLVE_NO_MAGICLINKS,
  S_IFIFO,
} from '../../../lib-native/constants.ts';
import type { Argument, Step } from '../../../lib-native/plan-encoding.ts';
import { libvirtError } from '../../errors.ts';
import { step } from '../plan/steps.ts';
import { type Attributes, attributeLeftOut, type Chunk, type Entry } from './entry.ts';
import { isCopied, toSide } from './extended.ts';
import { bytesOf, openHow, type Side } from './side.ts';

export interface TreeSinkRequest {
  side: Side;
  /** The directory in which everything is, opened; and its path, for messages. */
  dir: number;
  path: string;
  /** Owners, and the bits that make programs run with them. */
  keepsOwners: boolean;
  /** Entries come in no order and without the directories that they are in, which may be links within `dir`: those of an archive. */
  isArchive: boolean;
  /** `dir` is the root of its side. */
  isRoot: boolean;
  onLeftOut: (what: string) => void;
}

interface Open {
  name: string;
  fd: number;
  /** Made by this copy: what is in it is ours. */
  isFresh: boolean;
  /** What it gets when it is complete. */
  attributes: Attributes | undefined;
}

export class TreeSink {
  readonly #request: TreeSinkRequest;
  readonly #side: Side;
  /** The directories from `dir` down to the last entry. */
  readonly #open: Open[];
  /** Directories of this copy, by path: of an archive, one may be entered again. */
  readonly #made = new Map<string, Attributes | undefined>();

  constructor(request: TreeSinkRequest) {
    this.#request = request;
    this.#side = request.side;
    this.#open = [{ name: '', fd: request.dir, isFresh: false, attributes: undefined }];
  }

  add(entry: Entry): void {
    const { path, attributes } = entry;
    if (path.length === 0) return; // it is there
    const parent = this.#enter(path.slice(0, -1));
    const name = path.at(-1)!;
    if (entry.linkTo) this.#link(parent, name, path, entry.linkTo);
    else if (attributes.kind === 'directory') this.#directory(parent, name, path, attributes);
    else if (attributes.kind === 'file') this.#file(parent, name, entry);
    else this.#other(parent, name, entry);
  }

  #other(parent: Open, name: string, entry: Entry): void {
    const { path, attributes, target } = entry;
    const left = { socket: 'a socket', block: 'a device', character: 'a device' };
    if (attributes.kind in left) {
      this.#request.onLeftOut(`'${this.#shown(path)}' is left out: ${left[attributes.kind as keyof typeof left]}`);
      return;
    }
    this.#special(parent, name, entry, (temporary) =>
      target === undefined
        ? step('mknodat', [parent.fd, bytesOf(temporary), S_IFIFO | this.#mode(attributes), 0], 'mkfifo')
        : step('symlinkat', [bytesOf(target), parent.fd, bytesOf(temporary)], 'symlink'),
    );
  }

  /** Directories are complete. */
  finish(): void {
    while (this.#open.length > 1) this.#leave();
  }

  #at(path: readonly string[]): string {
    return [this.#request.path.replace(/\/+$/, ''), ...path].join('/') || '/';
  }

  #shown(path: readonly string[]): string {
    return this.#side.shown(this.#at(path));
  }

  /** The directory of that path below `dir`. */
  #enter(path: readonly string[]): Open {
    const isOpen = (i: number) => i + 1 < this.#open.length && this.#open[i + 1]!.name === path[i];
    let depth = 0;
    while (depth < path.length && isOpen(depth)) depth++;
    while (this.#open.length > depth + 1) this.#leave();
    for (; depth < path.length; depth++) this.#descend(path.slice(0, depth + 1));
    return this.#open.at(-1)!;
  }

  /** One further, into a directory that is there, or, of an archive, is not. */
  #descend(path: readonly string[]): void {
    const key = path.join('/');
    const parent = this.#open.at(-1)!;
    const name = path.at(-1)!;
    let found = this.#openDirectory(parent.fd, name);
    if (found < 0 && this.#request.isArchive) {
      if (found === -ENOENT) {
        this.#side.must([step('mkdirat', [parent.fd, bytesOf(name), 0o755], 'mkdir')], 'create', this.#at(path));
        this.#made.set(key, undefined);
        found = this.#openDirectory(parent.fd, name);
        if (found >= 0) this.#side.must(this.#own(found, undefined), 'change the owner of', this.#at(path));
      } else if (found === -ENOTDIR || found === -ELOOP) found = this.#openLinked(path);
    }
    if (found < 0) this.#side.fail('enter', this.#at(path), -found);
    this.#open.push({ name, fd: found, isFresh: false, attributes: this.#made.get(key) });
  }

  #openDirectory(dir: number, name: string): number {
    const { results, failed, errno } = this.#side.server.run([
      step('openat', [dir, bytesOf(name), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC], 'open'),
    ]);
    return failed >= 0 ? -errno : results[0]!;
  }

  /** A link in place of a directory, as /bin is one: it leads somewhere below `dir`, or nowhere. */
  #openLinked(path: readonly string[]): number {
    const within = (this.#request.isRoot ? RESOLVE_IN_ROOT : RESOLVE_BENEATH) | RESOLVE_NO_MAGICLINKS;
    const { results, failed, errno } = this.#side.server.run([openHow(this.#open[0]!.fd, path.join('/'), O_RDONLY | O_DIRECTORY, within)]);
    return failed >= 0 ? -errno : results[0]!;
  }

  #leave(): void {
    const { fd, attributes } = this.#open.at(-1)!;
    const path = this.#open.slice(1).map(({ name }) => name);
    const steps = attributes ? [...this.#own(fd, attributes), ...this.#finish(fd, path, attributes)] : [];
    this.#complete(steps, path, attributes);
    this.#open.pop();
    this.#side.close(fd);
  }

  #directory(parent: Open, name: string, path: readonly string[], attributes: Attributes): void {
    const make = step('mkdirat', [parent.fd, bytesOf(name), 0o700], 'mkdir', { tolerate: [EEXIST] });
    const open = step('openat', [parent.fd, bytesOf(name), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC], 'open');
    const { results, failed, errno } = this.#side.server.run([make, open]);
    const isFresh = results[0] === 0;
    if (failed === 1 && !isFresh && (errno === ENOTDIR || errno === ELOOP)) {
      if (this.#request.isArchive && this.#openLinkedOnce(path)) return;
      throw libvirtError('OPERATION_INVALID', `cannot replace '${this.#shown(path)}', which is no directory, with a directory`);
    }
    if (failed >= 0) this.#side.fail('create', this.#at(path), errno);
    const key = path.join('/');
    if (isFresh || this.#made.has(key)) this.#made.set(key, attributes);
    this.#open.push({ name, fd: results[1]!, isFresh, attributes: this.#made.get(key) });
  }

  #openLinkedOnce(path: readonly string[]): boolean {
    const fd = this.#openLinked(path);
    if (fd >= 0) this.#side.close(fd);
    return fd >= 0;
  }

  #file(parent: Open, name: string, { path, attributes, content }: Entry): void {
    if (!parent.isFresh) this.#mayReplace(parent, name, path);
    const made = { parent, temporary: temporaryName() };
    const chunks = content!()[Symbol.iterator]();
    const [first, second] = [chunks.next(), chunks.next()];
    const open = step('openat', [parent.fd, bytesOf(made.temporary), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600], 'open');
    const finish = (file: Argument) => [
      ...this.#own(file, attributes),
      ...this.#finish(file, path, attributes),
      step('close', [file], 'close'),
      this.#rename(parent, made.temporary, name),
    ];
    if (first.done || second.done) {
      const file = { step: open };
      const steps = [open, ...(first.done ? [] : [write(file, first.value)]), ...finish(file)];
      this.#complete(steps, path, attributes, made);
      return;
    }
    const { server } = this.#side;
    server.leaveWill([unlink(made)]);
    const fd = this.#side.must([open], 'create', this.#at(path))[0]!;
    server.post([write(fd, first.value)]);
    for (let chunk: IteratorResult<Chunk, unknown> = second; !chunk.done; chunk = chunks.next()) {
      this.#written(path);
      server.post([write(fd, chunk.value)]);
    }
    this.#written(path);
    this.#complete(finish(fd), path, attributes, made);
    server.leaveWill([step('getpid', [], 'nothing')]);
  }

  /** One piece is, while the next was fetched. */
  #written(path: readonly string[]): void {
    this.#side.done(this.#side.server.collect(), 'write', this.#at(path));
  }

  /** A link or a pipe: made, looked at whether it is what we made, then given away. */
  #special(parent: Open, name: string, { path, attributes }: Entry, make: (temporary: string) => Step): void {
    if (!parent.isFresh) this.#mayReplace(parent, name, path);
    const temporary = temporaryName();
    this.#side.must([make(temporary)], 'create', this.#at(path));
    const held = this.#side.hold(parent.fd, temporary, this.#at(path));
    if (held?.attributes.kind !== attributes.kind || held.links !== 1) this.#side.fail('create', this.#at(path), EEXIST);
    const steps = [
      ...this.#own(held!.fd, attributes),
      this.#times(held!.fd, attributes),
      step('close', [held!.fd], 'close'),
      this.#rename(parent, temporary, name),
    ];
    this.#complete(steps, path, attributes, { parent, temporary });
  }

  #link(parent: Open, name: string, path: readonly string[], linkTo: readonly string[]): void {
    if (!parent.isFresh) this.#mayReplace(parent, name, path);
    const temporary = temporaryName();
    const from = this.#directoryOf(linkTo);
    const steps = [
      step('linkat', [from, bytesOf(linkTo.at(-1)!), parent.fd, bytesOf(temporary), 0], 'link'),
      this.#rename(parent, temporary, name),
      // Of two names of one file that is not done.
      step('unlinkat', [parent.fd, bytesOf(temporary), 0], 'unlink', { tolerate: [ENOENT] }),
    ];
    const ran = this.#side.server.run(steps);
    this.#side.close(from);
    if (ran.failed > 0) this.#side.server.run([steps[2]!]);
    this.#side.done(ran, 'link', this.#at(path));
  }

  /** A descriptor of its own; each directory on the way is opened as `#descend` does. */
  #directoryOf(path: readonly string[]): number {
    let dir = this.#openDirectory(this.#open[0]!.fd, '.');
    for (const [i, name] of path.slice(0, -1).entries()) {
      let next = this.#openDirectory(dir, name);
      if (this.#request.isArchive && (next === -ENOTDIR || next === -ELOOP)) next = this.#openLinked(path.slice(0, i + 1));
      this.#side.close(dir);
      if (next < 0) this.#side.fail('enter', this.#at(path.slice(0, i + 1)), -next);
      dir = next;
    }
    return dir;
  }

  /** Throws unless there is nothing, a file or a link. */
  #mayReplace({ fd }: Open, name: string, path: readonly string[]): void {
    const held = this.#side.hold(fd, name, this.#at(path));
    if (!held) return;
    this.#side.close(held.fd);
    if (['file', 'symlink'].includes(held.attributes.kind)) return;
    const what = held.attributes.kind === 'directory' ? 'a directory' : 'no regular file';
    throw libvirtError('OPERATION_INVALID', `cannot replace '${this.#shown(path)}', which is ${what}`);
  }

  #rename = ({ fd }: Open, from: string, to: string): Step => step('renameat2', [fd, bytesOf(from), fd, bytesOf(to), 0], 'rename');

  #mode({ mode }: Attributes): number {
    return this.#request.keepsOwners ? mode : mode & 0o1777;
  }

  /** `fd`: also one that holds a link. Undefined attributes: of a directory that the archive does not have. */
  #own(fd: Argument, attributes: Attributes | undefined): Step[] {
    const { keepsOwners } = this.#request;
    const { ids, owner } = this.#side;
    const given = keepsOwners && attributes ? attributes : owner;
    const [uid, gid] = [ids.uid.fromContainer(given.uid), ids.gid.fromContainer(given.gid)];
    if (uid === undefined || gid === undefined) throw libvirtError('OPERATION_UNSUPPORTED', this.#unmapped(given));
    // A file system may know no owners: then it is as it can be, unless owners are what is wanted.
    const tolerate = keepsOwners ? [] : [EPERM];
    return [step('fchownat', [fd, bytesOf(''), uid, gid, AT_EMPTY_PATH], OWNER, { tolerate })];
  }

  #unmapped = ({ uid, gid }: { uid: number; gid: number }): string => `the container has no user ${uid} or no group ${gid}`;

  /** Of a file or directory, after its owner, whose change takes bits of the mode and capabilities away. */
  #finish(fd: Argument, path: readonly string[], attributes: Attributes): Step[] {
    const extended = [...(attributes.extended ?? [])].filter(([name]) => isCopied(name, this.#request.keepsOwners));
    return [
      step('fchmod', [fd, this.#mode(attributes)], 'chmod'),
      ...extended.flatMap(([name, value]) => this.#extend(fd, path, name, toSide(name, value, this.#side.ids))),
      this.#times(fd, attributes),
    ];
  }

  /** A file system may have none, or not be asked for one by just anybody: then one is left out. */
  #extend(fd: Argument, path: readonly string[], name: string, value: Buffer | undefined): Step[] {
    if (value) return [step('fsetxattr', [fd, bytesOf(name), value, value.length, 0], `${EXTEND}${name}`, { tolerate: UNWRITABLE })];
    this.#attributeLeftOut(path, name);
    return [];
  }

  #attributeLeftOut = (path: readonly string[], name: string) => this.#request.onLeftOut(attributeLeftOut(this.#shown(path), name));

  #times(fd: Argument, { kind, atime, mtime }: Attributes): Step {
    const times = Buffer.alloc(32); // struct timespec[2]
    for (const [i, { seconds, nanoseconds }] of [atime, mtime].entries()) {
      times.writeBigInt64LE(BigInt(seconds), i * 16);
      times.writeBigInt64LE(BigInt(nanoseconds), i * 16 + 8);
    }
    const isHeld = kind === 'symlink' || kind === 'fifo';
    const [name, flags] = isHeld ? [bytesOf(''), AT_EMPTY_PATH] : [null, 0];
    // Kernels before 5.8 know no descriptor of a link, and some file systems no times.
    return step('utimensat', [fd, name, times, flags], 'utimensat', { tolerate: [EPERM, EINVAL, ENOSYS, EOPNOTSUPP] });
  }

  /** The last steps of an entry; `temporary` does not stay where one fails. */
  #complete(steps: Step[], path: readonly string[], attributes: Attributes | undefined, made?: Temporary): void {
    if (steps.length === 0) return;
    const ran = this.#side.server.run(steps);
    for (const [i, { purpose }] of steps.entries())
      if (purpose.startsWith(EXTEND) && ran.results[i]! < 0) this.#attributeLeftOut(path, purpose.slice(EXTEND.length));
    if (ran.failed < 0) return;
    if (made) this.#side.server.run([unlink(made)]);
    if (steps[ran.failed]!.purpose === OWNER && ran.errno === EINVAL && attributes)
      throw libvirtError('OPERATION_UNSUPPORTED', this.#unmapped(this.#request.keepsOwners ? attributes : this.#side.owner));
    this.#side.fail('write', this.#at(path), ran.errno);
  }
}

const OWNER = 'chown';
const EXTEND = 'setxattr ';
const UNWRITABLE = [EOPNOTSUPP, EPERM, EINVAL, ENOSPC];

/** A piece of nothing is where the file ends. */
const write = (file: Argument, { at, bytes }: Chunk): Step =>
  bytes.length === 0
    ? step('ftruncate', [file, at], 'truncate')
    : step('pwrite64', [file, bytes, bytes.length, at], 'write', { whole: true });

interface Temporary {
  parent: Open;
  temporary: string;
}

const unlink = ({ parent, temporary }: Temporary): Step => step('unlinkat', [parent.fd, bytesOf(temporary), 0], 'unlink');

/** Guessed by nobody; whoever sees it made finds our own file there. */
function temporaryName(): string {
  const random = crypto.getRandomValues(new Uint8Array(8));
  return `.virsh-lxc-${Buffer.from(random).toString('hex')}`;
}
