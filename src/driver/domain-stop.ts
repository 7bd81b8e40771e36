// shutdown, reboot and destroy.
import fs from 'node:fs';
import { O_CLOEXEC, O_NONBLOCK, O_WRONLY, POLLIN, RESOLVE_IN_ROOT, SIGCONT, SIGHUP, SIGKILL, SIGTERM } from '../../lib-native/constants.ts';
import { linux } from '../../lib-native/linux.ts';
import type { DomainStatus } from '../domain/status.ts';
import { libvirtError, systemError, unsupportedFlags } from '../errors.ts';
import type { StatusRecord } from '../store/live-status.ts';
import { lockDomain } from '../store/lock.ts';
import { logFile } from '../store/paths.ts';
import { type Connection, requireWritable } from './connection.ts';
import { type DomainRef, liveStatus, notRunning } from './domain-lookup.ts';
import { clearUp, isContainerInit, killInit, repairStale, thawQuietly } from './ended.ts';
import { loadStatus } from './stored-domain.ts';

export type StopMode = 'acpi' | 'agent' | 'initctl' | 'signal' | 'paravirt';

const MODE_FLAGS: Record<StopMode, number> = { acpi: 0x1, agent: 0x2, initctl: 0x4, signal: 0x8, paravirt: 0x10 };
const SUPPORTED_FLAGS = MODE_FLAGS.initctl | MODE_FLAGS.signal;

/** Asks init to end: by its initctl pipe, or by SIGTERM. Returns at once. No mode: either. */
export function shutdownDomain(connection: Connection, ref: DomainRef, modes: StopMode[]): void {
  requireWritable(connection, 'virDomainShutdown');
  askInit(ref, modes, 'lxcDomainShutdownFlags', { runlevel: '0', signal: SIGTERM });
}

/** Asks init to restart: by its initctl pipe, or by SIGHUP. */
export function rebootDomain(connection: Connection, ref: DomainRef, modes: StopMode[]): void {
  requireWritable(connection, 'virDomainReboot');
  askInit(ref, modes, 'lxcDomainReboot', { runlevel: '6', signal: SIGHUP });
}

/**
 * Differs from libvirt 9.0, which reports success and does nothing where a container has no initctl pipe: the signal
 * follows, or, where only initctl was asked for, an error.
 */
function askInit(ref: DomainRef, modes: StopMode[], driverFunction: string, wish: { runlevel: string; signal: number }): void {
  const flags = modes.reduce((bits, mode) => bits | MODE_FLAGS[mode], 0);
  const refused = flags & ~SUPPORTED_FLAGS;
  if (refused) throw unsupportedFlags(refused, driverFunction);
  const status = liveStatus(ref.name);
  if (!status) throw notRunning();
  using init = openInit(status);
  const wants = (mode: StopMode) => flags === 0 || (flags & MODE_FLAGS[mode]) !== 0;
  if (wants('initctl') && writeInitctl(status.initPid, init, wish.runlevel)) return;
  if (!wants('signal')) throw libvirtError('OPERATION_UNSUPPORTED', 'Container does not provide an initctl pipe');
  init.signal(wish.signal);
}

interface InitProcess extends Disposable {
  readonly pidfd: number;
  readonly hasEnded: boolean;
  signal(signal: number): void;
}

/** A hold on init that cannot come to mean another process. Throws OPERATION_INVALID if it is gone. */
function openInit(status: StatusRecord): InitProcess {
  const pidfd = linux.pidfdOpen(status.initPid);
  if (pidfd < 0 || !isContainerInit(status.initPid, status.controller)) {
    if (pidfd >= 0) linux.close(pidfd);
    throw notRunning();
  }
  return {
    pidfd,
    get hasEnded() {
      return waitFor(pidfd, 0);
    },
    signal: (signal) => void linux.pidfdSendSignal(pidfd, signal), // ESRCH: it ended by itself
    [Symbol.dispose]: () => void linux.close(pidfd),
  };
}

/** Sends one of the container's processes a signal; only init may be named. Throws SYSTEM_ERROR. */
export function signalInit(status: StatusRecord, signal: number): void {
  using init = openInit(status);
  const result = linux.pidfdSendSignal(init.pidfd, signal);
  if (result < 0) throw systemError(`Unable to send ${signal} signal to process ${status.initPid}`, -result);
}

const INITCTL_PIPES = ['run/initctl', 'dev/initctl', 'etc/.initctl'];
const INITCTL_BYTES = 384;
const INITCTL_MAGIC = 0x03091969;
const INITCTL_RUNLEVEL = 1;

/** Writes a runlevel request to the pipe that init offers (sysvinit: initreq.h). False where it offers none. */
function writeInitctl(initPid: number, init: InitProcess, runlevel: string): boolean {
  const root = openRoot(initPid);
  try {
    if (init.hasEnded) throw notRunning(); // its pid, and so the folder, may be another process's by now
    for (const path of INITCTL_PIPES) {
      const fd = linux.openat2(root, path, O_WRONLY | O_NONBLOCK | O_CLOEXEC, RESOLVE_IN_ROOT);
      if (fd < 0) continue; // not there, or nobody reads it
      try {
        if (!fs.fstatSync(fd).isFIFO() || isHosts(fd, `/${path}`)) continue;
        const request = Buffer.alloc(INITCTL_BYTES);
        request.writeInt32LE(INITCTL_MAGIC, 0);
        request.writeInt32LE(INITCTL_RUNLEVEL, 4);
        request.writeInt32LE(runlevel.charCodeAt(0), 8);
        fs.writeSync(fd, request);
        return true;
      } catch (error) {
        throw systemError('Unable to send initctl request', error);
      } finally {
        linux.close(fd);
      }
    }
    return false;
  } finally {
    fs.closeSync(root);
  }
}

function openRoot(pid: number): number {
  try {
    return fs.openSync(`/proc/${pid}/root`, fs.constants.O_RDONLY | fs.constants.O_DIRECTORY);
  } catch {
    throw notRunning(); // it ended just now
  }
}

/** A container on the host's root sees the host's own pipe: that one is not its init's. */
function isHosts(fd: number, path: string): boolean {
  const ours = fs.fstatSync(fd);
  const hosts = fs.statSync(path, { throwIfNoEntry: false });
  return hosts !== undefined && hosts.dev === ours.dev && hosts.ino === ours.ino;
}

/** What a controller is told: to leave out the aftermath, or not (lib-native/controller/main.c). */
const STAND_DOWN_SIGNAL = 41;
const STAND_UP_SIGNAL = 42;

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
}

/**
 * Ends a container: SIGTERM to init, then SIGKILL, which takes its whole PID namespace with it, whatever has left its
 * cgroup. Clears up itself, so the controller is told to leave out the aftermath.
 * Throws OPERATION_INVALID if it does not run, OPERATION_FAILED if processes refuse to die or, graceful, to end.
 */
export async function destroyDomain(connection: Connection, ref: DomainRef, flags: DestroyFlags): Promise<void> {
  requireWritable(connection, 'virDomainDestroy');
  using lock = lockDomain(ref.name);
  const status = await repairStale(ref.name, lock);
  if (!status) throw notRunning();
  let loaded: DomainStatus | undefined;
  // Read while init is ending: it takes as long as a polite one does.
  const details = (): DomainStatus => {
    loaded ??= loadStatus(status);
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
        tell(STAND_DOWN_SIGNAL);
        tell(SIGCONT); // one that somebody stopped would never reap init
        if (!endInit(init, status, details, flags.graceful === true)) {
          tell(STAND_UP_SIGNAL);
          throw flags.graceful
            ? systemError(`Failed to terminate process ${status.initPid} with SIGTERM`, 16)
            : libvirtError('INTERNAL_ERROR', 'Some processes refused to die');
        }
      } else {
        // Init has ended by itself, or its start was abandoned: the aftermath, which comes then, waits for our lock.
        killInit(status, details().extra['cgroup']);
        tell(SIGKILL);
      }
    } finally {
      if (init >= 0) linux.close(init);
    }
    const { domain, extra } = details();
    await clearUp({ domain, cgroup: extra['cgroup'], reason: 'destroyed' }, lock);
    // It ends while we clear up; whoever looks for processes afterwards is to find none.
    if (controller >= 0 && !waitFor(controller, CONTROLLER_TIMEOUT_MS)) tell(SIGKILL);
  } finally {
    if (controller >= 0) linux.close(controller);
  }
  if (flags.removeLogs) fs.rmSync(logFile(ref.name), { force: true });
}

/** True when init has ended. */
function endInit(init: number, status: StatusRecord, details: () => DomainStatus, graceful: boolean): boolean {
  const thawIfPaused = () => {
    const cgroup = status.state === 'paused' ? details().extra['cgroup'] : undefined;
    if (cgroup !== undefined) thawQuietly(cgroup); // what is frozen does not die (freezer-subsystem.rst)
  };
  if (status.state !== 'paused' || graceful) {
    linux.pidfdSendSignal(init, SIGTERM);
    const sentAt = Date.now();
    thawIfPaused();
    details();
    const grace = graceful ? GRACEFUL_TIMEOUT_MS : DESTROY_GRACE_MS;
    if (waitFor(init, Math.max(0, grace - (Date.now() - sentAt)))) return true;
    if (graceful) return false;
  }
  linux.pidfdSendSignal(init, SIGKILL);
  thawIfPaused();
  return waitFor(init, KILL_TIMEOUT_MS);
}

function waitFor(pidfd: number, timeoutMs: number): boolean {
  const ready = linux.poll([{ fd: pidfd, events: POLLIN }], timeoutMs);
  return Array.isArray(ready) && ready[0] !== 0;
}
