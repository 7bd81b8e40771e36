// One lock per domain and per network, held around every change of its state. The kernel drops it when its holder dies (flock(2)).
import fs from 'node:fs';
import path from 'node:path';
import { EAGAIN, EINTR, LOCK_EX, LOCK_NB } from '../../lib-native/constants.ts';
import { linux } from '../../lib-native/linux.ts';
import { monotonicMs } from '../../lib-native/monotonic.ts';
import { pause } from '../../lib-native/pause.ts';
import { errnoCode, libvirtError, systemError } from '../errors.ts';
import { networkLockFile } from './network-locks.ts';
import { lockFile, paths } from './paths.ts';
import { sweepDirectory } from './sweep.ts';

/** libvirt gives up on a state change lock after this long. */
export const LOCK_TIMEOUT_MS = 30_000;
const NOTICE_AFTER_MS = 1000;

/** A state change lock that is held. Let go of with its file, so that nobody has to know later which locks are still somebody's. */
export class StateLock implements Disposable {
  readonly #file: string;
  #fd: number;

  constructor(file: string, fd: number) {
    this.#file = file;
    this.#fd = fd;
  }

  [Symbol.dispose](): void {
    if (this.#fd < 0) return;
    try {
      if (isStill(this.#file, this.#fd)) fs.unlinkSync(this.#file); // not the one that somebody made after this one was removed by hand
    } catch {
      // a store that has become read-only: the file stays, and is nobody's
    }
    fs.closeSync(this.#fd);
    this.#fd = -1;
  }
}

/**
 * The state change lock of domain `name`. Waits for it; after a second `onWaiting` is told once.
 * Throws OPERATION_TIMEOUT after 30 s, SYSTEM_ERROR where the lock's file cannot be made.
 */
export function lockDomain(name: string, onWaiting?: (what: string) => void): StateLock {
  return acquire(lockFile(name), name === '' ? 'another command that defines domains' : `another command on domain '${name}'`, onWaiting);
}

/** The same for network `name`. Taken after a domain's lock, never before one. */
export function lockNetwork(name: string, onWaiting?: (what: string) => void): StateLock {
  const what = name === '' ? 'another command that defines networks' : `another command on network '${name}'`;
  return acquire(networkLockFile(name), what, onWaiting);
}

/** That of all storage pools. */
export function lockPools(): StateLock {
  return acquire(`${paths.poolRun}/pools.lock`, 'another command on storage pools', undefined);
}

export const lockTimeout = () => libvirtError('OPERATION_TIMEOUT', 'cannot acquire state change lock');

function acquire(file: string, what: string, onWaiting: ((what: string) => void) | undefined): StateLock {
  const deadline = monotonicMs() + LOCK_TIMEOUT_MS;
  for (;;) {
    const fd = openLockFile(file);
    sweepLocks(path.dirname(file), path.basename(file));
    if (!flockUntil(fd, deadline, () => onWaiting?.(what))) {
      fs.closeSync(fd);
      throw lockTimeout();
    }
    // Its last holder may have removed the file while we waited for it: then we hold a lock that nobody else will ask for.
    if (isStill(file, fd)) return new StateLock(file, fd);
    fs.closeSync(fd);
  }
}

/** The same, if nobody has it. */
export function tryLockDomain(name: string): StateLock | undefined {
  const file = lockFile(name);
  return tryLock(file, openLockFile(file));
}

export function tryLockNetwork(name: string): StateLock | undefined {
  const file = networkLockFile(name);
  return tryLock(file, openLockFile(file));
}

function tryLock(file: string, fd: number): StateLock | undefined {
  if (linux.flock(fd, LOCK_EX | LOCK_NB) >= 0 && isStill(file, fd)) return new StateLock(file, fd);
  fs.closeSync(fd);
  return undefined;
}

/**
 * Removes the locks that killed commands left in the directory: those that nobody has. Once for each directory. Those of networks stay
 * for who repairs what else was left (bridge/start.ts).
 */
function sweepLocks(directory: string, own: string): void {
  if (directory === paths.networkRun) return;
  for (const entry of sweepDirectory(directory)) {
    if (!entry.endsWith('.lock') || entry === own) continue;
    const file = `${directory}/${entry}`;
    try {
      tryLock(file, fs.openSync(file, 'r+'))?.[Symbol.dispose]();
    } catch {
      // let go of meanwhile, or a directory
    }
  }
}

function openLockFile(file: string): number {
  try {
    return fs.openSync(file, 'a', 0o600);
  } catch (error) {
    if (errnoCode(error) !== 'ENOENT') throw systemError(`Failed to open file '${file}'`, error);
  }
  try {
    fs.mkdirSync(path.dirname(file), { recursive: true, mode: 0o755 });
    return fs.openSync(file, 'a', 0o600);
  } catch (error) {
    throw systemError(`Failed to open file '${file}'`, error);
  }
}

function isStill(file: string, fd: number): boolean {
  const there = fs.statSync(file, { throwIfNoEntry: false });
  return there !== undefined && there.ino === fs.fstatSync(fd).ino;
}

/** Takes the lock, first at once, then by asking again: a blocking flock could not be given up. False: the deadline came. */
function flockUntil(fd: number, deadline: number, onNotice: () => void): boolean {
  const begin = monotonicMs();
  let noticed = false;
  for (let pauseMs = 1; ; pauseMs = Math.min(pauseMs * 2, 20)) {
    const result = linux.flock(fd, LOCK_EX | LOCK_NB);
    if (result >= 0) return true;
    if (result !== -EAGAIN && result !== -EINTR) throw systemError('cannot acquire state change lock', -result);
    const now = monotonicMs();
    if (now >= deadline) return false;
    if (!noticed && now - begin >= NOTICE_AFTER_MS) {
      noticed = true;
      onNotice();
    }
    pause(pauseMs);
  }
}

/** The lock of the whole store: held for the moment in which a name or a uuid is taken. Never before a domain's lock. */
export function lockStore(): StateLock {
  return lockDomain('');
}

/** The same, if nobody has it. */
export function tryLockStore(): StateLock | undefined {
  return tryLockDomain('');
}

/** The same for networks. */
export function lockNetworkStore(): StateLock {
  return lockNetwork('');
}
