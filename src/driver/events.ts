// Following the event spool that the store writes.

import fs from 'node:fs';
import path from 'node:path';
import { errnoCode } from '../errors.ts';
import type { DomainEvent, NetworkEvent } from '../store/events.ts';
import { paths } from '../store/paths.ts';
import type { Connection } from './connection.ts';

export type { DomainEvent, NetworkEvent } from '../store/events.ts';

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

/** The spool may be begun anew at any time; what is then in it is new. */
async function* followSpool<T>(spool: string, signal: AbortSignal): AsyncGenerator<T> {
  const reader = new SpoolReader<T>(spool);
  const changes = watchDirectory(path.dirname(spool), signal);
  try {
    while (!signal.aborted) {
      yield* reader.read();
      await changes.next();
    }
  } finally {
    reader.close();
    changes.close();
  }
}

/** From what is in the spool now on. */
export class SpoolReader<T> {
  private readonly spool: string;
  private fd: number | undefined;
  private offset = 0;
  private partial = '';

  constructor(spool: string) {
    this.spool = spool;
    if (this.open()) this.offset = fs.fstatSync(this.fd!).size;
  }

  /** The events recorded since the last call. */
  *read(): Generator<T> {
    if (!this.open()) return;
    const fd = this.fd!;
    const size = fs.fstatSync(fd).size;
    if (size < this.offset) {
      this.offset = 0;
      this.partial = '';
    }
    const buffer = Buffer.alloc(size - this.offset);
    this.offset += fs.readSync(fd, buffer, 0, buffer.length, this.offset);
    const lines = (this.partial + buffer.toString('utf8')).split('\n');
    this.partial = lines.pop() ?? '';
    for (const line of lines) {
      const event = parseEvent<T>(line);
      if (event) yield event;
    }
  }

  close(): void {
    if (this.fd !== undefined) fs.closeSync(this.fd);
    this.fd = undefined;
  }

  private open(): boolean {
    if (this.fd !== undefined) return true;
    try {
      this.fd = fs.openSync(this.spool, 'r');
      return true;
    } catch (error) {
      if (errnoCode(error) === 'ENOENT') return false;
      throw error;
    }
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
