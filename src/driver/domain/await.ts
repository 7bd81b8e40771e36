// Waiting for the end of a domain.

import { linux } from '../../../lib-native/linux.ts';
import { monotonicMs } from '../../../lib-native/monotonic.ts';
import type { DomainRef } from '../../domain/ref.ts';
import { waitFor } from '../../host/wait.ts';
import { liveStatus } from '../../store/live-status.ts';
import { tryLockDomain } from '../../store/lock.ts';
import type { Connection } from '../connection.ts';

/** A signal that comes just before the wait is seen to after it. */
const SIGNAL_DELAY_MS = 1000;
/** How often it is looked whether whoever holds the lock of a domain without a controller is done with it. */
const LOCK_POLL_MS = 20;

export interface AwaitOptions {
  readonly timeoutMs?: number | undefined;
  /** Asked now and then. */
  readonly isInterrupted: () => boolean;
}

/** Until the domain is off and all that it had has been given back. A reboot is no end. */
export async function awaitInactive(
  _connection: Connection,
  { name }: DomainRef,
  { timeoutMs = Number.POSITIVE_INFINITY, isInterrupted }: AwaitOptions,
): Promise<'inactive' | 'timed out' | 'interrupted'> {
  const deadline = monotonicMs() + timeoutMs;
  for (;;) {
    if (isOff(name)) return 'inactive';
    const leftMs = deadline - monotonicMs();
    if (leftMs <= 0) return 'timed out';
    waitForController(name, Math.ceil(Math.min(leftMs, SIGNAL_DELAY_MS)));
    await new Promise(setImmediate); // the handler of a signal runs now
    if (isInterrupted()) return 'interrupted';
  }
}

/** Between two runs somebody has the lock: the controller's on-exit, or the command that reboots or starts it. */
function isOff(name: string): boolean {
  if (liveStatus(name)) return false;
  using lock = tryLockDomain(name);
  return lock !== undefined && !liveStatus(name);
}

/** Until the controller has gone, a signal or the time-out. Where there is none it is waited for a moment, for whoever has the lock. */
function waitForController(name: string, timeoutMs: number): void {
  const pid = liveStatus(name)?.controller.pid;
  const fd = pid === undefined ? -1 : linux.pidfdOpen(pid);
  try {
    // A pid may be somebody else's by now: then its status is no longer that of a domain that runs.
    const isRight = fd >= 0 && liveStatus(name)?.controller.pid === pid;
    waitFor([{ fd: isRight ? fd : -1, read: true }], isRight ? timeoutMs : Math.min(timeoutMs, LOCK_POLL_MS));
  } finally {
    if (fd >= 0) linux.close(fd);
  }
}
