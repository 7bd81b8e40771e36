// The event spool: one JSON line for each thing that happened, followed by `virsh-lxc event`.
import fs from 'node:fs';
import path from 'node:path';
import { errnoCode } from '../errors.ts';
import { paths } from './paths.ts';

export interface DomainEvent {
  /** Milliseconds since the epoch. */
  time: number;
  domain: string;
  uuid: string;
  event: 'lifecycle' | 'reboot' | 'metadata-change';
  /** lifecycle: `Started`; detail: `Booted`. */
  kind?: string;
  detail?: string;
  /** lifecycle `Stopped`: that of init (wait(2)), where it is known. */
  waitStatus?: number;
  /** metadata-change. */
  type?: string;
  uri?: string;
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

/** Beyond this the spool is begun anew; what is in it then is history that nobody follows. */
const SPOOL_LIMIT_BYTES = 256 * 1024;

/** Appends an event. Never fails: an event that cannot be told must not undo what happened. */
export function recordEvent(event: Omit<DomainEvent, 'time'>): void {
  record(paths.events, event);
}

export function recordNetworkEvent(event: Omit<NetworkEvent, 'time'>): void {
  record(paths.networkEvents, event);
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

function appendLine(spool: string, line: string): void {
  const fd = fs.openSync(spool, 'a', 0o600);
  try {
    if (fs.fstatSync(fd).size > SPOOL_LIMIT_BYTES) fs.ftruncateSync(fd, 0);
    fs.writeSync(fd, line);
  } finally {
    fs.closeSync(fd);
  }
}
