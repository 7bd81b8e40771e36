// Volumes of a pool: the files and directories in its directory. They are looked at whenever they are asked for.
//
// Who can write in the directory can put anything there, at any moment: a name is never followed out of it when something is changed,
// programs are given descriptors in place of names, and of a file that is no regular one nothing is read.
import fs from 'node:fs';
import { EEXIST, O_CLOEXEC, O_RDWR, O_TMPFILE } from '../../../lib-native/constants.ts';
import { linux } from '../../../lib-native/linux.ts';
import { errnoCode, libvirtError, systemError } from '../../errors.ts';
import { failureOf, requireProgram } from '../../host/programs.ts';
import type { Volume, VolumeFile, VolumeRequest } from '../../storage/definition.ts';
import { formatVolume } from '../../storage/format.ts';
import { parseVolume } from '../../storage/parse.ts';
import { type Image, PROBED_BYTES, probeImage } from '../../storage/probe.ts';
import { allPools, type PoolSummary } from '../../store/pools.ts';
import { type Connection, requireWritable } from '../connection.ts';
import { requireUnused } from './in-use.ts';
import { activePool, type PoolRef } from './pools.ts';

export interface VolumeRef {
  pool: PoolRef;
  name: string;
  path: string;
}

const FILE_MODE = 0o600;
/** Differs from libvirt, whose directories of mode 0600 nobody but root can enter: it is a container's root. */
const DIRECTORY_MODE = 0o755;
/** Programs whose images qemu-img makes. */
const IMAGES = ['bochs', 'vpc', 'vdi', 'cow', 'qcow', 'qcow2', 'qed', 'vmdk'];

const noVolume = (what: 'path' | 'name' | 'key', text: string) =>
  libvirtError('NO_STORAGE_VOL', `no storage vol with matching ${what} '${text}'`);

/** The volumes of an active pool, by name. Throws OPERATION_INVALID, SYSTEM_ERROR. */
export function listVolumes(connection: Connection, ref: PoolRef): Volume[] {
  const pool = activePool(connection, ref);
  return entriesOf(pool).flatMap((name) => readVolume(pathIn(pool, name), name) ?? []);
}

/** Their names, without a look at what they are. */
function entriesOf({ definition: { path } }: PoolSummary): string[] {
  try {
    return fs.readdirSync(path).sort();
  } catch (error) {
    throw systemError(`cannot open directory '${path}'`, error);
  }
}

const pathIn = ({ definition: { path } }: PoolSummary, name: string): string => (path === '/' ? `/${name}` : `${path}/${name}`);

/** Control characters would break lists and documents: libvirt leaves such out, too. */
const isName = (name: string): boolean =>
  name !== '' && name !== '.' && name !== '..' && !name.includes('/') && !/[\u0000-\u001f\u007f]/.test(name);

/** Throws NO_STORAGE_VOL. */
export function volumeByName(connection: Connection, ref: PoolRef, name: string): VolumeRef {
  const pool = activePool(connection, ref);
  const path = pathIn(pool, name);
  if (!isName(name) || readVolume(path, name) === undefined) throw noVolume('name', name);
  return { pool, name, path };
}

/** A volume's key is its path. Throws NO_STORAGE_VOL. */
export function volumeByPath(_connection: Connection, path: string, what: 'path' | 'key' = 'path'): VolumeRef {
  const at = path.lastIndexOf('/');
  const [directory, name] = [path.slice(0, at) || '/', path.slice(at + 1)];
  const pool = at < 0 ? undefined : allPools().find(({ active, definition }) => active && definition.path === directory);
  if (!pool || !isName(name) || readVolume(path, name) === undefined) throw noVolume(what, path);
  return { pool, name, path };
}

/** As it is now. Throws NO_STORAGE_VOL where it is gone. */
export function volumeOf(connection: Connection, { pool, name, path }: VolumeRef): Volume {
  activePool(connection, pool);
  const volume = readVolume(path, name);
  if (volume === undefined) throw noVolume('path', path);
  return volume;
}

export const volumeXml = (connection: Connection, ref: VolumeRef): string => formatVolume(volumeOf(connection, ref));

/** undefined: no volume of that name, or something that can be none (a socket, a FIFO, a link to nowhere). */
function readVolume(path: string, name: string): Volume | undefined {
  if (!isName(name)) return undefined;
  const found = lookAt(path);
  if (found === undefined) return undefined;
  const { stat, image } = found;
  const file = fileOf(path, stat, image.format);
  const isDirectory = stat.isDirectory();
  const isFile = stat.isFile();
  const backing = image.backing && backingFile(image.backing, path);
  return {
    name,
    type: isDirectory ? 'dir' : 'file',
    ...file,
    capacity: isFile ? (image.capacity ?? stat.size) : 0n,
    allocation: isFile ? stat.blocks * 512n : 0n,
    physical: isFile && stat.size > 0n ? stat.size : undefined,
    ...(backing && { backing }),
    ...(image.elsewhere && { elsewhere: true }),
  };
}

function fileOf(path: string, stat: fs.BigIntStats, format: string): VolumeFile {
  return {
    path,
    format,
    permissions: { mode: Number(stat.mode) & 0o7777, owner: Number(stat.uid), group: Number(stat.gid) },
    times: { atime: stat.atimeNs, mtime: stat.mtimeNs, ctime: stat.ctimeNs, btime: stat.birthtimeNs },
  };
}

/** Opened so that neither a FIFO nor a device waits or acts. */
function lookAt(path: string): { stat: fs.BigIntStats; image: Image } | undefined {
  let stat: fs.BigIntStats;
  try {
    stat = fs.statSync(path, { bigint: true });
    if (stat.isDirectory()) return { stat, image: { format: 'dir' } };
    if (stat.isBlockDevice()) return { stat, image: { format: 'raw' } };
    if (!stat.isFile()) return undefined;
    const fd = fs.openSync(path, fs.constants.O_RDONLY | fs.constants.O_NONBLOCK | fs.constants.O_NOCTTY);
    try {
      stat = fs.fstatSync(fd, { bigint: true });
      if (!stat.isFile()) return undefined;
      const bytes = Buffer.alloc(Math.min(PROBED_BYTES, Number(stat.size)));
      const length = fs.readSync(fd, bytes, 0, bytes.length, 0);
      return { stat, image: probeImage(bytes.subarray(0, length)) };
    } finally {
      fs.closeSync(fd);
    }
  } catch {
    return undefined; // gone meanwhile, a link to nowhere, or not to be read
  }
}

function backingFile({ path, format }: NonNullable<Image['backing']>, of: string): NonNullable<Volume['backing']> {
  const absolute = path.startsWith('/') ? path : `${of.slice(0, of.lastIndexOf('/'))}/${path}`;
  const found = lookAt(absolute);
  const known = format ?? found?.image.format ?? 'raw';
  return { path: absolute, format: known, file: found && fileOf(absolute, found.stat, known) };
}

export interface CreateOptions {
  preallocateMetadata?: boolean;
}

/** Makes a volume. Throws STORAGE_VOL_EXIST and its kin; nothing is left of it then. */
export function createVolume(connection: Connection, ref: PoolRef, xml: string, options: CreateOptions = {}): VolumeRef {
  requireWritable(connection, 'virStorageVolCreateXML');
  const pool = activePool(connection, ref);
  const request = parseVolume(xml);
  const path = newPath(pool, request.name);
  const { format } = request;
  requireFitting(request, options);
  if (format === 'dir') makeDirectory(path, request);
  else if (format === 'raw') makeRaw(path, request);
  else makeImage(path, request, options);
  return { pool, name: request.name, path };
}

/** What only images have is not asked of others. */
function requireFitting({ format, backing }: VolumeRequest, { preallocateMetadata }: CreateOptions): void {
  if (format === 'raw' && preallocateMetadata)
    throw libvirtError('CONFIG_UNSUPPORTED', 'metadata preallocation is not supported for raw volumes');
  const kind = { raw: 'raw', dir: 'directories' }[format as string];
  if (kind !== undefined && backing) throw libvirtError('NO_SUPPORT', `backing storage not supported for ${kind} volumes`);
}

function newPath(pool: PoolSummary, name: string): string {
  if (name.includes('/')) throw libvirtError('OPERATION_INVALID', `volume name '${name}' cannot contain '/'`);
  if (!isName(name)) throw libvirtError('XML_ERROR', `volume name '${name}' is no name of a file`);
  const path = pathIn(pool, name);
  if (fs.lstatSync(path, { throwIfNoEntry: false }) !== undefined) throw alreadyThere(name);
  return path;
}

const alreadyThere = (name: string) => libvirtError('STORAGE_VOL_EXIST', `'${name}' exists already`);

/** Runs what makes `path`, which did not exist; removes it again if that fails. */
function making(path: string, name: string, make: () => void): void {
  try {
    make();
  } catch (error) {
    if (errnoCode(error) === 'EEXIST') throw alreadyThere(name); // made by somebody else meanwhile, and theirs
    fs.rmSync(path, { recursive: true, force: true });
    throw error;
  }
}

/**
 * The same with a new file, which its descriptor leads to, whatever is done with its name meanwhile. It gets that when it is whole,
 * so that nothing is left if this process is killed, where the file system has files without names.
 */
function makingFile(path: string, name: string, fill: (fd: number) => void): void {
  const unnamed = linux.open(path.slice(0, path.lastIndexOf('/')) || '/', O_TMPFILE | O_RDWR | O_CLOEXEC, FILE_MODE);
  if (unnamed >= 0) {
    try {
      fill(unnamed);
      const result = linux.linkFile(unnamed, path);
      if (result === -EEXIST) throw alreadyThere(name);
      if (result < 0) throw systemError(`cannot create file '${path}'`, -result);
    } finally {
      fs.closeSync(unnamed);
    }
    return;
  }
  making(path, name, () => {
    const fd = fs.openSync(path, 'wx+', FILE_MODE);
    try {
      fill(fd);
    } finally {
      fs.closeSync(fd);
    }
  });
}

function makeDirectory(path: string, { name, permissions }: VolumeRequest): void {
  making(path, name, () => {
    fs.mkdirSync(path, { mode: 0o700 });
    withDirectory(path, (fd) => finish(fd, path, permissions, DIRECTORY_MODE));
  });
}

function makeRaw(path: string, { name, capacity, allocation, permissions }: VolumeRequest): void {
  makingFile(path, name, (fd) => {
    truncate(fd, path, capacity);
    if (allocation > 0n) allocate(fd, path, allocation);
    finish(fd, path, permissions, FILE_MODE);
  });
}

const LARGEST_FILE = 2n ** 53n;

function truncate(fd: number, path: string, size: bigint): void {
  try {
    if (size > LARGEST_FILE) throw libvirtError('OVERFLOW', `cannot extend file '${path}' to ${size} bytes`);
    fs.ftruncateSync(fd, Number(size));
  } catch (error) {
    throw systemErrorUnlessKnown(`cannot extend file '${path}'`, error);
  }
}

function allocate(fd: number, path: string, length: bigint): void {
  const result = length < 2n ** 63n ? linux.fallocate(fd, 0n, length) : -27;
  if (result < 0) throw systemError(`cannot allocate ${length} bytes in file '${path}'`, -result);
}

function systemErrorUnlessKnown(what: string, error: unknown): unknown {
  return errnoCode(error)?.startsWith('E') ? systemError(what, error) : error;
}

/** Owner and mode that the request names. */
function finish(fd: number, path: string, { mode, owner, group }: VolumeRequest['permissions'], otherwise: number): void {
  try {
    const { uid, gid } = fs.fstatSync(fd);
    if (owner !== undefined || group !== undefined) fs.fchownSync(fd, owner ?? uid, group ?? gid);
    fs.fchmodSync(fd, mode ?? otherwise);
  } catch (error) {
    throw systemError(`cannot set owner and mode of '${path}'`, error);
  }
}

function makeImage(path: string, request: VolumeRequest, options: CreateOptions): void {
  const { name, capacity, format, permissions, backing } = request;
  if (!IMAGES.includes(format)) throw libvirtError('INTERNAL_ERROR', `unknown storage vol type ${format}`);
  const program = requireProgram('qemu-img', 'qemu-utils');
  const source = backing ? ['-b', backing.path, '-F', backing.format] : [];
  const details = detailsOf(request, options.preallocateMetadata ? ['preallocation=metadata'] : []);
  makingFile(path, name, (stdin) => {
    const failure = failureOf(program, ['create', '-q', '-f', format, ...source, ...details, INPUT, kibibytes(capacity)], { stdin });
    if (failure !== undefined) throw libvirtError('INTERNAL_ERROR', failure);
    finish(stdin, path, permissions, FILE_MODE);
  });
}

const detailsOf = ({ qcow2 = [] }: VolumeRequest, more: readonly string[] = []): string[] =>
  [...more, ...qcow2].flatMap((option) => ['-o', option]);

const kibibytes = (bytes: bigint): string => `${(bytes + 1023n) / 1024n}K`;

export interface CopyOptions {
  /** Shares the blocks (copy-on-write) or fails. */
  reflink?: boolean;
}

/** A new volume with what is in `source`, and the sizes that `xml` asks for where they are larger. Throws as createVolume(). */
export function copyVolume(connection: Connection, ref: PoolRef, xml: string, source: VolumeRef, { reflink }: CopyOptions): VolumeRef {
  requireWritable(connection, 'virStorageVolCreateXMLFrom');
  const pool = activePool(connection, ref);
  const original = volumeOf(connection, source);
  const request = parseVolume(xml, { needsCapacity: false });
  const { name, format } = request;
  if (pathIn(pool, name) === source.path || lookAt(pathIn(pool, name)))
    throw libvirtError('INTERNAL_ERROR', `storage volume name '${name}' already in use.`);
  const path = newPath(pool, name);
  if ((format === 'dir') !== (original.type === 'dir'))
    throw libvirtError('CONFIG_UNSUPPORTED', `cannot make a volume of format '${format}' from one of format '${original.format}'`);
  if (format === original.format) copyAsIs(path, original, request, reflink === true);
  else convert(path, original, request);
  return { pool, name, path };
}

/** cp(1) knows holes and shared blocks. Differs from libvirt: of a directory all is copied that is in it. */
function copyAsIs(path: string, original: Volume, { name, capacity, permissions }: VolumeRequest, reflink: boolean): void {
  const program = requireProgram('cp', 'coreutils');
  const how = reflink ? ['--reflink=always'] : ['--reflink=auto', '--sparse=auto'];
  const copy = (words: string[], stdin: number, stdout: number) => {
    const failure = failureOf(program, [...words, ...how], { stdin, stdout });
    if (failure !== undefined) throw libvirtError('INTERNAL_ERROR', failure);
  };
  if (original.type === 'dir') {
    requireUnused(original.path, original.name);
    making(path, name, () => {
      fs.mkdirSync(path, { mode: 0o700 });
      withDirectory(original.path, (from) => withDirectory(path, (to) => copy(['-a', `${INPUT}/.`, OUTPUT], from, to)));
    });
    return;
  }
  makingFile(path, name, (to) => {
    withFile(original.path, (from) => copy([INPUT, OUTPUT], from, to));
    if (original.format === 'raw' && capacity > original.capacity) truncate(to, path, capacity);
    finish(to, path, permissions, FILE_MODE);
  });
}

/**
 * What an image names beside itself is opened with it: only what is a volume, too, and as the image that it is. Whoever can write in
 * a volume could name any file of the host's. Throws OPERATION_DENIED.
 */
function requireOwnFiles({ path, backing, elsewhere }: Volume, depth = 0): void {
  if (elsewhere) throw libvirtError('OPERATION_DENIED', `'${path}' names other files as parts of itself`);
  if (backing === undefined) return;
  const [at, name] = [backing.path.lastIndexOf('/'), backing.path.slice(backing.path.lastIndexOf('/') + 1)];
  const isOurs = allPools().some(({ active, definition }) => active && definition.path === (backing.path.slice(0, at) || '/'));
  if (!isOurs || depth > MAX_BACKING || !isName(name))
    throw libvirtError('OPERATION_DENIED', `'${path}' names the backing file '${backing.path}', which is no volume of an active pool`);
  const next = readVolume(backing.path, name);
  if (next === undefined || backing.format === 'raw') return;
  if (next.format !== backing.format)
    throw libvirtError('OPERATION_DENIED', `'${path}' names the backing file '${backing.path}' as an image that it is not`);
  requireOwnFiles(next, depth + 1);
}

const MAX_BACKING = 16;

function convert(path: string, original: Volume, request: VolumeRequest): void {
  const { name, format, permissions } = request;
  requireOwnFiles(original);
  const program = requireProgram('qemu-img', 'qemu-utils');
  makingFile(path, name, (stdout) => {
    withFile(original.path, (stdin) => {
      const words = ['convert', '-q', '--image-opts', '-O', format, ...detailsOf(request), inputImage(original), OUTPUT];
      const failure = failureOf(program, words, { stdin, stdout });
      if (failure !== undefined) throw libvirtError('INTERNAL_ERROR', failure);
    });
    finish(stdout, path, permissions, FILE_MODE);
  });
}

/** What a program is given for a file: by a name it could meet another one there. */
const [INPUT, OUTPUT] = ['/dev/stdin', '/dev/stdout'];

/** Of qemu-img: the image that is its standard input. Where a backing file is that it names beside itself, qemu-img cannot see then. */
function inputImage({ format, backing }: Volume): string {
  const options = [`driver=${format}`, 'file.driver=file', `file.filename=${INPUT}`];
  if (backing?.file)
    options.push(
      `backing.driver=${backing.format}`,
      'backing.file.driver=file',
      `backing.file.filename=${backing.path.replaceAll(',', ',,')}`,
    );
  return options.join();
}

function withDirectory(path: string, use: (fd: number) => void): void {
  let fd: number;
  try {
    fd = fs.openSync(path, fs.constants.O_RDONLY | fs.constants.O_DIRECTORY | fs.constants.O_NOFOLLOW);
  } catch (error) {
    throw systemError(`cannot open directory '${path}'`, error);
  }
  try {
    use(fd);
  } finally {
    fs.closeSync(fd);
  }
}

function withFile<T>(path: string, use: (fd: number) => T): T {
  const fd = openToChange(path);
  try {
    return use(fd);
  } finally {
    fs.closeSync(fd);
  }
}

/** A regular file, and the one of that name. Throws SYSTEM_ERROR, OPERATION_INVALID. */
function openToChange(path: string): number {
  let fd: number;
  try {
    fd = fs.openSync(path, fs.constants.O_RDWR | fs.constants.O_NOFOLLOW | fs.constants.O_NONBLOCK | fs.constants.O_NOCTTY);
  } catch (error) {
    throw systemError(`cannot open volume '${path}'`, error);
  }
  if (fs.fstatSync(fd).isFile()) return fd;
  fs.closeSync(fd);
  throw libvirtError('OPERATION_INVALID', `volume '${path}' is not a regular file`);
}

/** A directory has to be empty. Throws SYSTEM_ERROR. */
export function deleteVolume(connection: Connection, ref: VolumeRef): void {
  requireWritable(connection, 'virStorageVolDelete');
  activePool(connection, ref.pool);
  const stat = fs.lstatSync(ref.path, { throwIfNoEntry: false });
  if (stat === undefined) throw noVolume('path', ref.path);
  try {
    if (stat.isDirectory()) fs.rmdirSync(ref.path);
    else fs.unlinkSync(ref.path);
  } catch (error) {
    throw systemError(`cannot ${stat.isDirectory() ? 'remove directory' : 'unlink file'} '${ref.path}'`, error);
  }
}

export interface ResizeOptions {
  allocate: boolean;
  /** The size is how much more, or with `shrink` less. */
  delta: boolean;
  shrink: boolean;
}

/** Throws INVALID_ARG for what would lose data; the volume is as it was then. */
export function resizeVolume(
  connection: Connection,
  ref: VolumeRef,
  size: bigint,
  { allocate: fills, delta, shrink }: ResizeOptions,
): void {
  requireWritable(connection, 'virStorageVolResize');
  const volume = volumeOf(connection, ref);
  const wanted = !delta ? size : shrink ? volume.capacity - (size < volume.capacity ? size : volume.capacity) : volume.capacity + size;
  if (wanted < volume.allocation && volume.format === 'raw')
    throw libvirtError('INVALID_ARG', "can't shrink capacity below existing allocation");
  if (wanted < volume.capacity && !shrink)
    throw libvirtError('INVALID_ARG', "Can't shrink capacity below current capacity unless shrink flag explicitly specified");
  if (volume.type === 'dir') throw libvirtError('OPERATION_UNSUPPORTED', 'a directory has no size to change');
  if (volume.format !== 'raw') {
    resizeImage(volume, wanted, { fills, shrink });
    return;
  }
  withFile(ref.path, (fd) => {
    truncate(fd, ref.path, wanted);
    if (fills && wanted > 0n) allocate(fd, ref.path, wanted);
  });
}

function resizeImage(volume: Volume, size: bigint, { fills, shrink }: { fills: boolean; shrink: boolean }): void {
  requireOwnFiles(volume);
  const program = requireProgram('qemu-img', 'qemu-utils');
  const how = [...(fills ? ['--preallocation=falloc'] : []), ...(shrink ? ['--shrink'] : [])];
  const words = ['resize', '-q', '--image-opts', ...how, inputImage(volume), kibibytes(size)];
  const failure = withFile(volume.path, (stdin) => failureOf(program, words, { stdin }));
  if (failure !== undefined) throw libvirtError('INTERNAL_ERROR', failure);
}

export const WIPE_ALGORITHMS: readonly string[] = [
  ...['zero', 'nnsa', 'dod', 'bsi', 'gutmann', 'schneier', 'pfitzner7', 'pfitzner33', 'random', 'trim'],
];
const WIPED_AT_ONCE = 1024 * 1024;

/** Writes over what is there. A file with holes is made one hole. Throws SYSTEM_ERROR, OPERATION_FAILED. */
export function wipeVolume(connection: Connection, ref: VolumeRef, algorithm: string): void {
  requireWritable(connection, 'virStorageVolWipePattern');
  activePool(connection, ref.pool);
  withFile(ref.path, (fd) => {
    if (algorithm === 'zero') {
      overwrite(fd, ref.path);
      return;
    }
    if (algorithm === 'trim') throw libvirtError('NO_SUPPORT', "'trim' algorithm not supported");
    const program = requireProgram('scrub', 'scrub');
    // By descriptor: the name may mean another file by then.
    const failure = failureOf(program, ['-f', '-p', algorithm, '/dev/stdin'], { stdin: fd });
    if (failure !== undefined) throw libvirtError('INTERNAL_ERROR', failure);
  });
}

function overwrite(fd: number, path: string): void {
  try {
    const { size, blocks } = fs.fstatSync(fd);
    if (blocks * 512 < size) {
      fs.ftruncateSync(fd, 0);
      fs.ftruncateSync(fd, size);
      return;
    }
    const zeros = Buffer.alloc(WIPED_AT_ONCE);
    for (let at = 0; at < size; ) at += fs.writeSync(fd, zeros, 0, Math.min(zeros.length, size - at), at);
    fs.fsyncSync(fd);
  } catch (error) {
    throw systemError(`Failed to wipe volume '${path}'`, error);
  }
}

/** A descriptor with the volume's data at its beginning, to be closed by the caller. Throws SYSTEM_ERROR, OPERATION_INVALID. */
export function openVolume(connection: Connection, ref: VolumeRef, { write }: { write: boolean }): number {
  requireWritable(connection, write ? 'virStorageVolUpload' : 'virStorageVolDownload');
  activePool(connection, ref.pool);
  return openToChange(ref.path);
}
