// Waiting for a descriptor.
import { EINTR, POLLIN } from './constants.ts';
import { linux } from './linux.ts';
import { monotonicMs } from './monotonic.ts';
import type { Syscalls } from './syscalls.ts';

/**
 * True as soon as there is something to read from `fd`, or its other end is closed; of a pidfd: as soon as the process has
 * ended. False after `timeoutMs`, which signals do not cut short (a profiler sends many); -1: never.
 */
export function readable(fd: number, timeoutMs: number, sys: Pick<Syscalls, 'poll'> = linux): boolean {
  const start = monotonicMs();
  for (let left = timeoutMs; ; left = timeoutMs < 0 ? timeoutMs : Math.max(0, start + timeoutMs - monotonicMs())) {
    const ready = sys.poll([{ fd, events: POLLIN }], left);
    if (ready !== -EINTR) return Array.isArray(ready) && ready[0] !== 0;
  }
}
