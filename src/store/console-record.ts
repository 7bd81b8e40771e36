// What a container wrote to its consoles, as its controller keeps it: records with their time, in files that are bounded. In the
// first record of a line stands what it is, when in milliseconds, and of how many bytes: `O 1764425641123 512`, then those, then a
// line feed. O is output; S and E, with a text of ours, that the container starts and how it ended.
import fs from 'node:fs';
import { O_CLOEXEC, O_DIRECTORY, O_PATH } from '../../lib-native/constants.ts';
import { linux } from '../../lib-native/linux.ts';
import { failureInSync, libvirtError, systemError } from '../errors.ts';
import { goesBeyondLibvirt, lxcConf } from './lxc-conf.ts';
import { consoleRecords, paths } from './paths.ts';

const DEFAULT_KIB = 2048;
const DEFAULT_FILES = 3;

export interface RecordLimits {
  /** A file of so many is full. */
  bytes: number;
  /** How many files there are at most, that which is being written among them. */
  files: number;
}

/**
 * undefined: nothing is kept, by `console_log = 0`, or on a host that is to do no more than libvirt does. Throws CONF_SYNTAX and
 * CONFIG_UNSUPPORTED for wrong values.
 */
export function recordLimits(): RecordLimits | undefined {
  const conf = lxcConf();
  if (!(conf.flag('console_log') ?? goesBeyondLibvirt())) return undefined;
  const kib = conf.number('console_log_size') ?? DEFAULT_KIB;
  const files = conf.number('console_log_files') ?? DEFAULT_FILES;
  if (kib < 16 || kib > 4 * 1024 * 1024) throw libvirtError('CONFIG_UNSUPPORTED', 'console_log_size must be 16 to 4194304 KiB');
  if (files < 1 || files > 100) throw libvirtError('CONFIG_UNSUPPORTED', 'console_log_files must be 1 to 100');
  return { bytes: kib * 1024, files };
}

/**
 * Notes the start in the files of a container's consoles. Returns the directory that they are in, for its controller, which goes on
 * writing; the caller closes it. Throws SYSTEM_ERROR.
 */
export function openRecords(name: string, consoles: number): number {
  const path = consoleRecords(name);
  try {
    if (!fs.existsSync(path)) {
      fs.mkdirSync(paths.log, { recursive: true, mode: 0o755 });
      fs.mkdirSync(path, { recursive: true, mode: 0o700 });
    }
    for (let i = 0; i < consoles; i++) append(`${path}/${i}`, record('S', 'started'), fs.constants.O_CREAT);
  } catch (error) {
    throw systemError(`Failed to keep the output of consoles in '${path}'`, error);
  }
  const directory = linux.open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (directory < 0) throw systemError(`Unable to open file: ${path}`, -directory);
  return directory;
}

function append(file: string, bytes: Buffer, flags = 0): void {
  const fd = fs.openSync(file, fs.constants.O_WRONLY | fs.constants.O_APPEND | fs.constants.O_NOFOLLOW | flags, 0o600);
  try {
    fs.writeSync(fd, bytes);
  } finally {
    fs.closeSync(fd);
  }
}

const record = (kind: 'S' | 'E', text: string): Buffer => {
  const bytes = Buffer.from(text);
  return Buffer.concat([Buffer.from(`${kind} ${Date.now()} ${bytes.length}\n`), bytes, Buffer.from('\n')]);
};

/** Adds how a container ended to what its consoles had to say. Where none is kept, or the disk is full, that is all. */
export function recordEnd(name: string, text: string): void {
  failureInSync(() => {
    for (const { file } of recordFiles(name)) append(file, record('E', text));
  });
}

/** The files that are being written, by console. */
export function recordFiles(name: string): { console: number; file: string }[] {
  const path = consoleRecords(name);
  const entries = fs.existsSync(path) ? fs.readdirSync(path) : [];
  return entries.filter((entry) => /^\d+$/.test(entry)).map((entry) => ({ console: Number(entry), file: `${path}/${entry}` }));
}

export function moveRecords(from: string, to: string): void {
  if (!fs.existsSync(consoleRecords(from))) return;
  fs.rmSync(consoleRecords(to), { recursive: true, force: true }); // of another domain of that name, which is gone
  fs.renameSync(consoleRecords(from), consoleRecords(to));
}

export const removeRecords = (name: string): void => fs.rmSync(consoleRecords(name), { recursive: true, force: true });

/** True where anything is there of a domain that is gone, perhaps. */
export const hasRecords = (name: string): boolean => fs.existsSync(consoleRecords(name));

export interface ConsoleRecord {
  kind: 'O' | 'S' | 'E';
  timeMs: number;
  bytes: Buffer;
}

/** Every record that is whole, and how many bytes they and what is damaged take: the rest may be written still. Pure. */
export function parseRecords(text: Buffer): { records: ConsoleRecord[]; taken: number } {
  const records: ConsoleRecord[] = [];
  let at = 0;
  while (at < text.length) {
    const end = text.indexOf(0x0a, at);
    if (end < 0) break;
    const head = end - at > MAX_HEAD ? null : HEAD.exec(text.toString('latin1', at, end));
    const length = head ? Number(head[3]) : 0;
    const after = end + 1 + length;
    if (head && after >= text.length) break;
    if (!head || text[after] !== 0x0a) {
      at = end + 1; // a command that died, or a full disk, left half a record: the next one begins a line
      continue;
    }
    records.push({ kind: head[1] as ConsoleRecord['kind'], timeMs: Number(head[2]), bytes: text.subarray(end + 1, after) });
    at = after + 1;
  }
  return { records, taken: at };
}

const HEAD = /^([OSE]) (\d{1,16}) (\d{1,8})$/;
const MAX_HEAD = 32;

/** What is kept of a console, and then what comes: the files change their names when one is full. */
export class RecordReader implements Disposable {
  readonly #path: string;
  readonly #name: string;
  #fd = -1;
  #rest: Buffer = Buffer.alloc(0);

  constructor(domain: string, console: number) {
    this.#path = consoleRecords(domain);
    this.#name = String(console);
  }

  /** Everything since the last call, at first from the oldest file on. */
  next(): ConsoleRecord[] {
    const records: ConsoleRecord[] = [];
    if (this.#fd < 0) for (const fd of this.#openAll()) this.#readInto(records, fd);
    if (this.#fd < 0) return records;
    this.#readInto(records, this.#fd);
    // What was written before it was full, then from the beginning of the next one.
    for (let moved = this.#successor(); moved >= 0; moved = this.#successor()) {
      this.#readInto(records, this.#fd);
      fs.closeSync(this.#fd);
      this.#fd = moved;
      this.#rest = Buffer.alloc(0);
      this.#readInto(records, this.#fd);
    }
    return records;
  }

  [Symbol.dispose](): void {
    if (this.#fd >= 0) fs.closeSync(this.#fd);
    this.#fd = -1;
  }

  /** The older files, read and closed by the caller's loop; leaves the one that is being written open. */
  *#openAll(): Generator<number> {
    const entries = fs.existsSync(this.#path) ? fs.readdirSync(this.#path) : [];
    const older = entries
      .filter((entry) => entry.startsWith(`${this.#name}.`) && /^\d+$/.test(entry.slice(this.#name.length + 1)))
      .map((entry) => Number(entry.slice(this.#name.length + 1)))
      .sort((a, b) => b - a);
    const fds = older.map((number) => this.#open(`${this.#name}.${number}`)).filter((fd) => fd >= 0);
    this.#fd = this.#open(this.#name);
    for (const fd of fds) {
      yield fd;
      fs.closeSync(fd);
      this.#rest = Buffer.alloc(0);
    }
  }

  #open(name: string): number {
    const found = failureFree(() => fs.openSync(`${this.#path}/${name}`, fs.constants.O_RDONLY | fs.constants.O_NOFOLLOW));
    return found ?? -1;
  }

  /** The file that is written now, if it is not the one that is open. */
  #successor(): number {
    const now = fs.statSync(`${this.#path}/${this.#name}`, { throwIfNoEntry: false });
    const ours = fs.fstatSync(this.#fd);
    return now === undefined || (now.ino === ours.ino && now.dev === ours.dev) ? -1 : this.#open(this.#name);
  }

  #readInto(records: ConsoleRecord[], fd: number): void {
    const chunks = [this.#rest];
    for (;;) {
      const chunk = Buffer.allocUnsafe(256 * 1024);
      const length = fs.readSync(fd, chunk, 0, chunk.length, null);
      if (length === 0) break;
      chunks.push(chunk.subarray(0, length));
    }
    const text = Buffer.concat(chunks);
    const { records: found, taken } = parseRecords(text);
    for (const one of found) records.push(one);
    this.#rest = Buffer.from(text.subarray(taken));
  }
}

function failureFree<T>(action: () => T): T | undefined {
  try {
    return action();
  } catch {
    return undefined; // gone meanwhile
  }
}
