// A container's init as others see it: a hold on it, and the ways to ask it to end, its initctl pipe or a signal.
import fs from 'node:fs';
import { O_CLOEXEC, O_NONBLOCK, O_WRONLY, RESOLVE_IN_ROOT } from '../../lib-native/constants.ts';
import { linux } from '../../lib-native/linux.ts';
import { readable } from '../../lib-native/readable.ts';
import { type InitFacts, type InitWish, ignoresSignal, initFacts, initSignal } from '../container/init-language.ts';
import { libvirtError, systemError, unsupportedFlags } from '../errors.ts';
import type { StatusRecord } from '../store/live-status.ts';
import { notRunning } from './domain-lookup.ts';
import { isContainerInit } from './ended.ts';

export type StopMode = 'acpi' | 'agent' | 'initctl' | 'signal' | 'paravirt';

const MODE_FLAGS: Record<StopMode, number> = { acpi: 0x1, agent: 0x2, initctl: 0x4, signal: 0x8, paravirt: 0x10 };
const SUPPORTED_FLAGS = MODE_FLAGS.initctl | MODE_FLAGS.signal;

/** Throws libvirt's error for ways to ask that no container knows. */
export function checkStopModes(modes: readonly StopMode[], driverFunction: string): void {
  const refused = modes.reduce((bits, mode) => bits | MODE_FLAGS[mode], 0) & ~SUPPORTED_FLAGS;
  if (refused) throw unsupportedFlags(refused, driverFunction);
}

/** What init is asked for where it listens to runlevels (sysvinit's initctl). */
const RUNLEVELS: Record<InitWish, string> = { poweroff: '0', reboot: '6' };

/**
 * Asks in one of `modes`, or in any if there are none; returns the way that was taken.
 * Differs from libvirt 9.0, which reports success and does nothing where a container has no initctl pipe: the signal
 * follows, in init's own language, or, where only initctl was asked for, an error. `onIgnored` is told of a signal that init
 * does not listen to.
 */
export function askInit(
  init: InitProcess,
  modes: readonly StopMode[],
  wish: InitWish,
  onIgnored: (warning: string) => void,
): 'initctl' | 'signal' {
  const wants = (mode: StopMode) => modes.length === 0 || modes.includes(mode);
  if (wants('initctl') && writeInitctl(init, RUNLEVELS[wish])) return 'initctl';
  if (!wants('signal')) throw libvirtError('OPERATION_UNSUPPORTED', 'Container does not provide an initctl pipe');
  const facts = factsOf(init);
  const signal = initSignal(facts, wish);
  if (ignoresSignal(facts, signal))
    onIgnored(`init does not listen to signal ${signal}: it will not ${wish === 'reboot' ? 'reboot' : 'shut down'}`);
  init.signal(signal);
  return 'signal';
}

/** Nothing of the container's file system is looked at: the link of /proc/PID/exe is the kernel's text. */
function factsOf({ pid }: InitProcess): InitFacts {
  const read = (action: () => string) => {
    try {
      return action();
    } catch {
      return ''; // it has just ended
    }
  };
  return initFacts(
    read(() => fs.readFileSync(`/proc/${pid}/status`, 'latin1')),
    read(() => fs.readlinkSync(`/proc/${pid}/exe`)),
  );
}

export interface InitProcess extends Disposable {
  readonly pid: number;
  readonly pidfd: number;
  readonly hasEnded: boolean;
  signal(signal: number): void;
}

/** A hold on init that cannot come to mean another process. Throws OPERATION_INVALID if it is gone. */
export function openInit(status: StatusRecord): InitProcess {
  const pidfd = linux.pidfdOpen(status.initPid);
  if (pidfd < 0 || !isContainerInit(status.initPid, status.controller)) {
    if (pidfd >= 0) linux.close(pidfd);
    throw notRunning();
  }
  return {
    pid: status.initPid,
    pidfd,
    get hasEnded() {
      return readable(pidfd, 0);
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
function writeInitctl(init: InitProcess, runlevel: string): boolean {
  const root = openRoot(init.pid);
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
