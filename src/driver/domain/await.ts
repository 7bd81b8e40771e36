// Waiting for the end of a domain.

import { monotonicMs } from '../../../lib-native/monotonic.ts';
import type { DomainRef } from '../../domain/ref.ts';
import { waitFor } from '../../host/wait.ts';
import type { Connection } from '../connection.ts';
import { Attendance } from './attendance.ts';

/** A signal that comes just before the wait is seen to after it. */
const SIGNAL_DELAY_MS = 1000;

/** Until the domain is off and all it had has been given back. A reboot is no end. */
export async function awaitInactive(
  _connection: Connection,
  ref: DomainRef,
  { timeoutMs = Number.POSITIVE_INFINITY, isInterrupted }: { timeoutMs?: number | undefined; isInterrupted: () => boolean },
): Promise<'inactive' | 'timed out' | 'interrupted'> {
  const deadline = monotonicMs() + timeoutMs;
  using attendance = new Attendance();
  for (let endFd = attendance.nextRun(ref); endFd !== undefined; endFd = attendance.nextRun(ref)) {
    for (let hasEnded = false; !hasEnded; ) {
      const leftMs = deadline - monotonicMs();
      if (leftMs <= 0) return 'timed out';
      hasEnded = waitFor([{ fd: endFd, read: true }], Math.ceil(Math.min(leftMs, SIGNAL_DELAY_MS))) !== undefined;
      await new Promise(setImmediate); // the handler of a signal runs now
      if (isInterrupted()) return 'interrupted';
    }
  }
  return 'inactive';
}
