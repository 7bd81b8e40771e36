// reboot.
import { tryLockDomain } from '../store/lock.ts';
import { warn } from '../store/log.ts';
import { afterEnd } from './aftermath.ts';
import { type Connection, requireWritable } from './connection.ts';
import { EndReport } from './controller-orders.ts';
import { type DomainRef, liveStatus, notRunning } from './domain-lookup.ts';
import { askInit, checkStopModes, openInit, type StopMode } from './init-process.ts';

/** An init that ends this soon after its signal is started again by the command itself, which saves another one's start. */
export const REBOOT_GRACE_MS = 50;

/**
 * Asks init to restart: by its initctl pipe, or by a signal that it understands. What follows its end, the command does itself
 * if it comes soon, else the controller has it done. Throws what the new start fails of; the domain is off then.
 */
export async function rebootDomain(
  connection: Connection,
  ref: DomainRef,
  modes: StopMode[],
  onWarning?: (text: string) => void,
): Promise<void> {
  requireWritable(connection, 'virDomainReboot');
  checkStopModes(modes, 'lxcDomainReboot');
  using lock = tryLockDomain(ref.name);
  const status = liveStatus(ref.name);
  if (!status) throw notRunning();
  using init = openInit(status);
  using end = lock && status.inService ? new EndReport(status.controller.pid) : undefined;
  let graceMs = 0;
  try {
    if (askInit(init, modes, 'reboot', (text) => warn(ref.name, text, onWarning)) === 'signal') graceMs = REBOOT_GRACE_MS;
  } finally {
    const waitStatus = end?.wait(graceMs);
    if (waitStatus !== undefined) await afterEnd(status, waitStatus, lock!);
  }
}
