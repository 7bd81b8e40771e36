// reboot.

import { EndReport } from '../../container/controller-signals.ts';
import { askBySignal, askWithoutSignal, checkStopModes, initRequest, openInit, type StopMode } from '../../container/init.ts';
import { afterEnd } from '../../container/on-exit.ts';
import { isOwned } from '../../container/owned.ts';
import type { DomainRef } from '../../domain/ref.ts';
import { notRunning } from '../../errors.ts';
import { liveStatus } from '../../store/live-status.ts';
import { tryLockDomain } from '../../store/lock.ts';
import { type Connection, requireWritable } from '../connection.ts';

/** An init that ends this soon after its signal is started again by the command itself, which saves another one's start. */
export const REBOOT_GRACE_MS = 50;

/**
 * Asks init to restart: by its initctl pipe, or in another way that it understands. What follows its end, the command does itself
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
  const asked = liveStatus(ref.name);
  if (!asked) throw notRunning();
  using init = openInit(asked);
  const request = initRequest(asked, 'reboot', { modes, onWarning });
  if (await askWithoutSignal(init, request)) return;
  using lock = tryLockDomain(ref.name);
  const status = liveStatus(ref.name);
  if (!status || init.hasEnded) throw notRunning();
  // One that ends with somebody is started again by its controller, which alone knows with whom.
  const isOurs = lock !== undefined && status.inService && !isOwned(status.controller.pid);
  using end = isOurs ? new EndReport(status.controller.pid) : undefined;
  try {
    askBySignal(init, request);
  } finally {
    const waitStatus = end?.wait(REBOOT_GRACE_MS);
    if (waitStatus !== undefined) await afterEnd(status, waitStatus);
  }
}
