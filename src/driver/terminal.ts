// What the console relay needs of the kernel beyond reading and writing: raw mode and waiting for several descriptors.

import { EINTR, POLLIN } from '../../lib-native/constants.ts';
import { linux } from '../../lib-native/linux.ts';
import { systemError } from '../errors.ts';

const POLLOUT = 4;

export { makeRaw } from '../host/terminal.ts';

export interface Waited {
  /** By position in the request: something to read (or the other end is gone). */
  readonly readable: readonly boolean[];
  readonly writable: readonly boolean[];
}

/** Waits until one of the descriptors can be read (or written, where asked); undefined when a signal came first. */
export function waitFor(fds: readonly { readonly fd: number; readonly write: boolean }[]): Waited | undefined {
  const events = linux.poll(
    fds.map(({ fd, write }) => ({ fd, events: POLLIN | (write ? POLLOUT : 0) })),
    -1,
  );
  if (typeof events === 'number') {
    if (events === -EINTR) return undefined;
    throw systemError('Failed to wait for the console', -events);
  }
  return { readable: events.map((ready) => (ready & ~POLLOUT) !== 0), writable: events.map((ready) => (ready & POLLOUT) !== 0) };
}
