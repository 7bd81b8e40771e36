// Following the event spool that the store writes.

import fs from 'node:fs';
import path from 'node:path';
import { IN_ATTRIB, IN_MODIFY, IN_MOVE_SELF } from '../../lib-native/constants.ts';
import { linux } from '../../lib-native/linux.ts';
import { errnoCode } from '../errors.ts';
import { type DomainEvent, type NetworkEvent, type PoolEvent, previousSpool } from '../store/events.ts';
import { paths } from '../store/paths.ts';
import type { Connection } from './connection.ts';

export type { DomainEvent, NetworkEvent, PoolEvent } from '../store/events.ts';

/** Without notifications from the file system (an exotic one, or no more watches to be had) the spool is read this often. */
const POLL_MS = 250;

/** What happens to domains from now on, as it happens, until `signal` aborts. */
export function followEvents(_connection: Connection, signal: AbortSignal): AsyncGenerator<DomainEvent> {
  return followSpool(paths.events, signal);
}

/** The same for networks. */
export function followNetworkEvents(_connection: Connection, signal: AbortSignal): AsyncGenerator<NetworkEvent> {
  return followSpool(paths.networkEvents, signal);
}

/** And for storage pools. */
export function followPoolEvents(_connection: Connection, signal: AbortSignal): AsyncGenerator<PoolEvent> {
  return followSpool(paths.poolEvents, signal);
}

/** All that happened before the signal aborted, too. */
async function* followSpool<T>(spool: string, signal: AbortSignal): AsyncGenerator<T> {
  const reader = new SpoolReader<T>(spool);
  const changes = watchDirectory(path.dirname(spool), signal);
  try {
    for (;;) {
      yield* reader.read();
      if (signal.aborted) return;
      await changes.next();
    }
  } finally {
    reader.close();
    changes.close();
  }
}

/** From what is in the spool now on: each event once, in their order, also when the spool is begun anew meanwhile. */
export class SpoolReader<T> {
  readonly spool: string;
  /** Something was not read before it was thrown away: the spool has been begun anew more than once since the last read. */
  hasMissed = false;
  #file: OpenSpool | undefined;

  constructor(spool: string) {
    this.spool = spool;
    this.#file = openSpool(spool);
    this.#file?.skip();
  }

  /** The events recorded since the last call. */
  *read(): Generator<T> {
    for (;;) {
      // Asked before the rest of it is read: then nothing more comes into one that is not the spool any more.
      const current = inodeOf(this.spool);
      const file = this.#file;
      if (file) yield* file.read<T>();
      if (current === undefined || current === file?.inode) return;
      file?.close();
      this.#file = file && this.#missed(file.inode) ? openSpool(previousSpool(this.spool)) : openSpool(this.spool);
    }
  }

  close(): void {
    this.#file?.close();
    this.#file = undefined;
  }

  /** True if the spool was begun anew more than once: of the runs that are missing, the last is still there. */
  #missed(inode: number): boolean {
    const previous = inodeOf(previousSpool(this.spool));
    if (previous === undefined || previous === inode) return false;
    this.hasMissed = true;
    return true;
  }
}

function inodeOf(file: string): number | undefined {
  return fs.statSync(file, { throwIfNoEntry: false })?.ino;
}

function openSpool(file: string): OpenSpool | undefined {
  try {
    return new OpenSpool(fs.openSync(file, 'r'));
  } catch (error) {
    if (errnoCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

class OpenSpool {
  readonly inode: number;
  readonly #fd: number;
  #offset = 0;
  #partial = Buffer.alloc(0);

  constructor(fd: number) {
    this.#fd = fd;
    this.inode = fs.fstatSync(fd).ino;
  }

  skip(): void {
    this.#offset = fs.fstatSync(this.#fd).size;
  }

  *read<T>(): Generator<T> {
    const { size } = fs.fstatSync(this.#fd);
    if (size <= this.#offset) return;
    const buffer = Buffer.alloc(size - this.#offset);
    this.#offset += fs.readSync(this.#fd, buffer, 0, buffer.length, this.#offset);
    const text = Buffer.concat([this.#partial, buffer]);
    const end = text.lastIndexOf(0x0a) + 1;
    this.#partial = text.subarray(end);
    for (const line of text.toString('utf8', 0, end).split('\n')) {
      const event = parseEvent<T>(line);
      if (event) yield event;
    }
  }

  close(): void {
    fs.closeSync(this.#fd);
  }
}

/** Of the file system's words: what is written to the spool, and that it is not the spool any more. */
const SPOOL_CHANGES = IN_MODIFY | IN_ATTRIB | IN_MOVE_SELF;
/** Without notifications events are as late as this. */
const UNWATCHED_MS = 20;

const SPOOLS = { domain: paths.events, network: paths.networkEvents, pool: paths.poolEvents } as const;

/** What happens to domains, networks or pools from now on, for whoever waits with poll(2) for other things, too. */
export class EventQueue<T extends DomainEvent | NetworkEvent | PoolEvent> implements Disposable {
  readonly #reader: SpoolReader<T>;
  readonly #inotify: number;
  #watched: number | undefined;

  constructor(kind: keyof typeof SPOOLS) {
    const spool = SPOOLS[kind];
    this.#inotify = linux.inotifyInit();
    makeSpool(spool);
    this.#watch(spool);
    this.#reader = new SpoolReader(spool);
  }

  /** Can be read when there may be something new; undefined: it is to be asked every `askMs`. */
  get fd(): number | undefined {
    return this.#watched === undefined ? undefined : this.#inotify;
  }

  get askMs(): number {
    return this.#watched === undefined ? UNWATCHED_MS : -1;
  }

  /** Something was thrown away before it was read (SpoolReader). */
  get hasMissed(): boolean {
    return this.#reader.hasMissed;
  }

  /** What was recorded since the last call, in its order. */
  read(): T[] {
    if (this.#watched !== undefined) this.#drain();
    const { spool } = this.#reader;
    const inode = inodeOf(spool);
    if (inode !== this.#watched) {
      if (inode === undefined) makeSpool(spool);
      this.#watch(spool);
    }
    return [...this.#reader.read()];
  }

  [Symbol.dispose](): void {
    this.#reader.close();
    if (this.#inotify >= 0) linux.close(this.#inotify);
  }

  /** Before it is read: what comes later is told of later. */
  #watch(spool: string): void {
    this.#watched = undefined;
    if (this.#inotify < 0 || linux.inotifyAddWatch(this.#inotify, spool, SPOOL_CHANGES) < 0) return;
    this.#watched = inodeOf(spool);
  }

  #drain(): void {
    const buffer = Buffer.alloc(4096);
    try {
      while (fs.readSync(this.#inotify, buffer) === buffer.length);
    } catch (error) {
      if (errnoCode(error) !== 'EAGAIN') throw error;
    }
  }
}

/** A spool that nobody has written to yet cannot be watched. */
function makeSpool(spool: string): void {
  try {
    fs.mkdirSync(path.dirname(spool), { recursive: true, mode: 0o755 });
    fs.closeSync(fs.openSync(spool, 'a', 0o600));
  } catch {
    // a store that cannot be written to: it is asked instead
  }
}

/** A line that is no event (cut off by a crash) is passed over. */
function parseEvent<T>(line: string): T | undefined {
  try {
    return JSON.parse(line) as T;
  } catch {
    return undefined;
  }
}

/** `next()` resolves after something in the spool's directory changed, and once `signal` aborts. */
function watchDirectory(directory: string, signal: AbortSignal): { next(): Promise<void>; close(): void } {
  let changed = false;
  let wake: (() => void) | undefined;
  const notify = () => {
    changed = true;
    wake?.();
  };
  let watcher: fs.FSWatcher | undefined;
  try {
    fs.mkdirSync(directory, { recursive: true, mode: 0o755 });
    watcher = fs.watch(directory, notify);
    watcher.on('error', notify);
  } catch {
    // The timer below does.
  }
  const timer = setInterval(notify, POLL_MS);
  signal.addEventListener('abort', notify);
  return {
    next: async () => {
      if (!changed && !signal.aborted) await new Promise<void>((resolve) => (wake = resolve));
      changed = false;
      wake = undefined;
    },
    close: () => {
      watcher?.close();
      clearInterval(timer);
      signal.removeEventListener('abort', notify);
    },
  };
}
