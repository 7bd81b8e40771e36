// shutdown and destroy.
import { SIGCONT, SIGKILL, SIGTERM } from '../../../lib-native/constants.ts';
import { linux } from '../../../lib-native/linux.ts';
import { monotonicMs } from '../../../lib-native/monotonic.ts';
import { STAND_DOWN_SIGNAL, STAND_UP_SIGNAL } from '../../../lib-native/protocol.ts';
import { readable } from '../../../lib-native/readable.ts';
import {
  cgroupOf,
  clearUp,
  clearUpDamaged,
  DESTROYED,
  killAndWait,
  killInit,
  readableStatus,
  repairStale,
} from '../../container/cleanup.ts';
import { askBySignal, askWithoutSignal, checkStopModes, initRequest, openInit, type StopMode } from '../../container/init.ts';
import { isContainerInit } from '../../container/init-process.ts';
import { transition } from '../../container/lifecycle.ts';
import type { DomainRef } from '../../domain/ref.ts';
import type { DomainStatus } from '../../domain/status.ts';
import { libvirtError, notRunning, systemError } from '../../errors.ts';
import type { DomainCgroup } from '../../host/cgroup/cgroup.ts';
import { isFrozen, thawAll } from '../../host/cgroup/freezer.ts';
import { liveStatus, type StatusRecord } from '../../store/live-status.ts';
import { lockDomain } from '../../store/lock.ts';
import { removeLogs } from '../../store/log.ts';
import { type Connection, requireWritable } from '../connection.ts';

export interface ShutdownOptions {
  modes: StopMode[];
  /** How long init's end is waited for; undefined: not at all. */
  waitMs?: number | undefined;
  onWarning?: (text: string) => void;
}

/**
 * Asks init to end: by its initctl pipe, or by a signal that it understands. No mode: either.
 * Throws OPERATION_TIMEOUT if it does not end in the time that is to be waited for; it goes on then.
 */
export async function shutdownDomain(connection: Connection, ref: DomainRef, { modes, waitMs, onWarning }: ShutdownOptions): Promise<void> {
  requireWritable(connection, 'virDomainShutdown');
  checkStopModes(modes, 'lxcDomainShutdownFlags');
  const status = liveStatus(ref.name);
  if (!status) throw notRunning();
  using init = openInit(status);
  const controller = waitMs === undefined ? -1 : linux.pidfdOpen(status.controller.pid);
  try {
    const request = initRequest(status, 'poweroff', { modes, onWarning });
    if (!(await askWithoutSignal(init, request))) askBySignal(init, request);
    // The controller clears up afterwards: its end is that of everything.
    if (waitMs !== undefined && !(readable(init.pidfd, waitMs) && (controller < 0 || readable(controller, CONTROLLER_TIMEOUT_MS))))
      throw libvirtError('OPERATION_TIMEOUT', `domain is still running after ${waitMs / 1000} s`);
  } finally {
    if (controller >= 0) linux.close(controller);
  }
}

/** How long init has to end on SIGTERM before everything is killed. */
export const DESTROY_GRACE_MS = 25;
/** The same for `--graceful`, which never kills. */
const GRACEFUL_TIMEOUT_MS = 10_000;
const KILL_TIMEOUT_MS = 15_000;
const CONTROLLER_TIMEOUT_MS = 2000;

export interface DestroyFlags {
  /** Only ask; fail if init does not end. */
  graceful?: boolean;
  removeLogs?: boolean;
  onWarning?: (text: string) => void;
}

/**
 * Ends a container: SIGTERM to init, then SIGKILL, which takes its whole PID namespace with it, whatever has left its
 * cgroup. Clears up itself, so the controller is told to leave that out.
 * Throws OPERATION_INVALID if it does not run, OPERATION_FAILED if processes refuse to die or, graceful, to end.
 */
export async function destroyDomain(connection: Connection, ref: DomainRef, flags: DestroyFlags): Promise<void> {
  requireWritable(connection, 'virDomainDestroy');
  using _lock = lockDomain(ref.name);
  const status = await repairStale(ref.name);
  if (!status) throw notRunning();
  const cgroup = cgroupOf(status);
  let loaded: DomainStatus | undefined;
  // Read while init is ending: it takes as long as a polite one does.
  const details = (): DomainStatus | undefined => {
    loaded ??= readableStatus(status);
    return loaded;
  };
  const controller = linux.pidfdOpen(status.controller.pid);
  const tell = (signal: number) => {
    if (controller >= 0) linux.pidfdSendSignal(controller, signal);
  };
  try {
    const init = linux.pidfdOpen(status.initPid);
    try {
      if (status.inService && init >= 0 && isContainerInit(status.initPid, status.controller)) {
        const change = transition(ref, 'shut off', 'destroyed', { controller: status.controller });
        if (!flags.graceful) change.at('killing');
        tell(STAND_DOWN_SIGNAL);
        tell(SIGCONT); // one that somebody stopped would never reap init
        if (!endInit(init, status, cgroup, details, flags.graceful === true)) {
          tell(STAND_UP_SIGNAL);
          change.at('survived');
          throw flags.graceful
            ? systemError(`Failed to terminate process ${status.initPid} with SIGTERM`, 16)
            : libvirtError('INTERNAL_ERROR', 'Some processes refused to die');
        }
      } else {
        // Init has ended by itself, or its start was abandoned: on-exit, which comes then, waits for our lock.
        killInit(status, cgroup);
        tell(SIGKILL);
      }
    } finally {
      if (init >= 0) linux.close(init);
    }
    const known = details();
    if (known) await clearUp({ status: known, ...DESTROYED, onWarning: flags.onWarning });
    else await clearUpDamaged(status, DESTROYED, flags.onWarning);
    // It ends while we clear up; whoever looks for processes afterwards is to find none.
    if (controller >= 0 && !readable(controller, CONTROLLER_TIMEOUT_MS)) tell(SIGKILL);
  } finally {
    if (controller >= 0) linux.close(controller);
  }
  if (flags.removeLogs) removeLogs(ref.name);
}

/** True when init has ended. */
function endInit(init: number, status: StatusRecord, cgroup: DomainCgroup | undefined, details: () => unknown, graceful: boolean): boolean {
  const isPaused = cgroup !== undefined && isFrozen(cgroup);
  if (!isPaused || graceful) {
    linux.pidfdSendSignal(init, SIGTERM);
    const sentAt = monotonicMs();
    if (isPaused) thawAll(cgroup);
    details();
    const grace = graceful ? GRACEFUL_TIMEOUT_MS : DESTROY_GRACE_MS;
    if (readable(init, Math.max(0, grace - (monotonicMs() - sentAt)))) return true;
    if (graceful) return false;
  }
  return killAndWait(init, status, cgroup, KILL_TIMEOUT_MS);
}
