// The event spool: one JSON line for each thing that happened, followed by `virsh-lxc event`.
import fs from 'node:fs';
import path from 'node:path';
import { LOCK_EX, LOCK_NB } from '../../lib-native/constants.ts';
import { linux } from '../../lib-native/linux.ts';
import { monotonicMs } from '../../lib-native/monotonic.ts';
import { pause } from '../../lib-native/pause.ts';
import { errnoCode } from '../errors.ts';
import { paths } from './paths.ts';

export type DeviceEventKind = 'device-added' | 'device-removed';

export interface DomainEvent {
  /** Milliseconds since the epoch. */
  time: number;
  domain: string;
  uuid: string;
  event: 'lifecycle' | 'reboot' | 'metadata-change' | DeviceEventKind;
  /** lifecycle: `Started`; detail: `Booted`. */
  kind?: string;
  detail?: string;
  /** lifecycle `Stopped`: that of init (wait(2)), where it is known. */
  waitStatus?: number;
  /** metadata-change. */
  type?: string;
  uri?: string;
  /** device-added, device-removed: its alias. */
  device?: string;
}

export interface NetworkEvent {
  /** Milliseconds since the epoch. */
  time: number;
  network: string;
  uuid: string;
  event: 'lifecycle' | 'metadata-change';
  /** lifecycle. */
  kind?: 'Defined' | 'Undefined' | 'Started' | 'Stopped';
  /** metadata-change: `title`, `description` or `element`. */
  type?: string;
  uri?: string;
}

export interface PoolEvent {
  /** Milliseconds since the epoch. */
  time: number;
  pool: string;
  uuid: string;
  event: 'lifecycle' | 'refresh';
  /** lifecycle. */
  kind?: 'Defined' | 'Undefined' | 'Started' | 'Stopped' | 'Created' | 'Deleted';
}

/** Beyond this the spool is begun anew; who still reads the old one finds it beside it. */
const SPOOL_LIMIT_BYTES = 256 * 1024;
/** Who has stopped in the middle of writing keeps others from it for so long. */
const LOCK_TIMEOUT_MS = 20;

/** What was in the spool before it was begun anew. */
export const previousSpool = (spool: string): string => `${spool}.old`;

/** Appends an event. Never fails: an event that cannot be told must not undo what happened. */
export function recordEvent(event: Omit<DomainEvent, 'time'>): void {
  record(paths.events, event);
}

export function recordNetworkEvent(event: Omit<NetworkEvent, 'time'>): void {
  record(paths.networkEvents, event);
}

export function recordPoolEvent(event: Omit<PoolEvent, 'time'>): void {
  record(paths.poolEvents, event);
}

function record(spool: string, event: object): void {
  const line = `${JSON.stringify({ time: Date.now(), ...event })}\n`;
  try {
    appendLine(spool, line);
  } catch (error) {
    if (errnoCode(error) !== 'ENOENT') return; // a full disk, say
    try {
      fs.mkdirSync(path.dirname(spool), { recursive: true, mode: 0o755 });
      appendLine(spool, line);
    } catch {
      // told to nobody: see above
    }
  }
}

/** Under the spool's lock: once it has been put aside nothing more comes into it, so that who has read it to its end has read all. */
function appendLine(spool: string, line: string): void {
  for (;;) {
    const fd = fs.openSync(spool, 'a', 0o600);
    try {
      const isLocked = tryLock(fd);
      if (isLocked && !isStill(spool, fd)) continue;
      if (fs.fstatSync(fd).size > SPOOL_LIMIT_BYTES) {
        fs.renameSync(spool, previousSpool(spool));
        continue;
      }
      fs.writeSync(fd, line);
      return;
    } finally {
      fs.closeSync(fd);
    }
  }
}

function tryLock(fd: number): boolean {
  for (const start = monotonicMs(); linux.flock(fd, LOCK_EX | LOCK_NB) < 0; pause(1))
    if (monotonicMs() - start > LOCK_TIMEOUT_MS) return false;
  return true;
}

function isStill(spool: string, fd: number): boolean {
  return fs.statSync(spool, { throwIfNoEntry: false })?.ino === fs.fstatSync(fd).ino;
}
