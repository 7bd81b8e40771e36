// Waiting for a descriptor.
import { POLLIN } from './constants.ts';
import { linux } from './linux.ts';

/** True as soon as there is something to read from `fd`, or its other end is closed; of a pidfd: as soon as the process has ended. */
export function readable(fd: number, timeoutMs: number): boolean {
  const ready = linux.poll([{ fd, events: POLLIN }], timeoutMs);
  return Array.isArray(ready) && ready[0] !== 0;
}
