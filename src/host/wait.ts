// What the console relay needs of the kernel beyond reading and writing: raw mode and waiting for several descriptors.

import { EINTR, POLLIN, POLLOUT } from '../../lib-native/constants.ts';
import { linux } from '../../lib-native/linux.ts';
import { systemError } from '../errors.ts';

export { makeRaw, setWindowSize, windowSize } from './terminal.ts';

export interface Waited {
  /** By position in the request: something to read (or the other end is gone). */
  readonly readable: readonly boolean[];
  readonly writable: readonly boolean[];
}

/** A descriptor, and what it is waited for; one that is negative is left out. */
export interface Wanted {
  readonly fd: number;
  readonly read?: boolean;
  readonly write?: boolean;
}

/** Waits until one of the descriptors can be read or written, as asked, or is at its end; undefined when a signal or the time-out came first. */
export function waitFor(fds: readonly Wanted[], timeoutMs: number): Waited | undefined {
  const events = linux.poll(
    fds.map(({ fd, read, write }) => ({ fd, events: (read ? POLLIN : 0) | (write ? POLLOUT : 0) })),
    timeoutMs,
  );
  if (typeof events === 'number') {
    if (events === -EINTR) return undefined;
    throw systemError('Failed to wait for the console', -events);
  }
  if (events.every((ready) => ready === 0)) return undefined;
  return { readable: events.map((ready) => (ready & ~POLLOUT) !== 0), writable: events.map((ready) => (ready & POLLOUT) !== 0) };
}
