// A container's init as others see it: a hold on it, and the ways to ask it to end, its initctl pipe or a signal.

import fs from 'node:fs';
import { SIGUSR1 } from '../../lib-native/constants.ts';
import { linux } from '../../lib-native/linux.ts';
import { monotonicMs } from '../../lib-native/monotonic.ts';
import { sleep } from '../../lib-native/pause.ts';
import { readable } from '../../lib-native/readable.ts';
import { programFile } from '../../lib-native/runtime.ts';
import { signalName } from '../../lib-native/signal-names.ts';
import { libvirtError, notRunning, systemError, unsupportedFlags } from '../errors.ts';
import { failureOf } from '../host/programs.ts';
import type { StatusRecord } from '../store/live-status.ts';
import { warn } from '../store/log.ts';
import { runErrand } from './errand.ts';
import {
  type InitFacts,
  type InitWish,
  ignoresSignal,
  initFacts,
  initSignal,
  isGettingReady,
  isUnborn,
  messengerOf,
  reopensPipe,
} from './init-language.ts';
import { isContainerInit } from './init-process.ts';

export type StopMode = 'acpi' | 'agent' | 'initctl' | 'signal' | 'paravirt';

const MODE_FLAGS: Record<StopMode, number> = { acpi: 0x1, agent: 0x2, initctl: 0x4, signal: 0x8, paravirt: 0x10 };
const SUPPORTED_FLAGS = MODE_FLAGS.initctl | MODE_FLAGS.signal;

/** Throws libvirt's error for ways to ask that no container knows. */
export function checkStopModes(modes: readonly StopMode[], driverFunction: string): void {
  const refused = modes.reduce((bits, mode) => bits | MODE_FLAGS[mode], 0) & ~SUPPORTED_FLAGS;
  if (refused) throw unsupportedFlags(refused, driverFunction);
}

/** How init is to be asked. */
export interface InitRequest {
  /** Any way that there is, if none is named. */
  modes: readonly StopMode[];
  wish: InitWish;
  domain: string;
  isPaused: boolean;
  /** Is told of a signal that init does not listen to. */
  onIgnored: (warning: string) => void;
}

/** What shutdown and reboot ask of the init of a running domain. */
export function initRequest(
  { name, state }: StatusRecord,
  wish: InitWish,
  { modes, onWarning }: { modes: readonly StopMode[]; onWarning?: ((text: string) => void) | undefined },
): InitRequest {
  return { modes, wish, domain: name, isPaused: state === 'paused', onIgnored: (text) => warn(name, text, onWarning) };
}

/** An init system that was started just now is given so long to come to listen. */
const READY_TIMEOUT_MS = 5000;
const UNBORN_TIMEOUT_MS = 1000;
/** sysvinit, to open its pipe again. */
const PIPE_TIMEOUT_MS = 2000;
const MESSENGER_TIMEOUT_MS = 5000;

/**
 * Asks init by its pipe, or where it takes more than a signal by a program of its own. False: a signal is what is left.
 * To be called without the domain's lock: this looks into the container, which may hold it up for a second or two. While it waits
 * for init, other domains may be asked.
 * Throws OPERATION_UNSUPPORTED where only the pipe is wanted and there is none.
 */
export async function askWithoutSignal(init: InitProcess, { modes, wish, domain, isPaused }: InitRequest): Promise<boolean> {
  const wants = (mode: StopMode) => modes.length === 0 || modes.includes(mode);
  if (wants('initctl') && (await writeInitctl(init, wish))) return true;
  if (!wants('signal')) throw libvirtError('OPERATION_UNSUPPORTED', 'Container does not provide an initctl pipe');
  if (isPaused) return false; // what is frozen does not get ready
  await waitUntilReady(init, wish);
  const messenger = modes.length === 0 ? messengerOf(factsOf(init), wish) : undefined;
  return messenger !== undefined && (await runInside(domain, messenger));
}

/**
 * Asks by a signal, in init's own language.
 * Differs from libvirt 9.0, which reports success and does nothing where a container has no initctl pipe.
 */
export function askBySignal(init: InitProcess, { wish, onIgnored }: InitRequest): void {
  const facts = factsOf(init);
  const signal = initSignal(facts, wish);
  if (ignoresSignal(facts, signal) && !init.hasEnded)
    onIgnored(`init does not listen to ${signalName(signal)}: it will not ${wish === 'reboot' ? 'reboot' : 'shut down'}`);
  init.signal(signal);
}

/** Signals that come before init waits for them are lost: systemd for the first second of a boot. */
async function waitUntilReady(init: InitProcess, wish: InitWish): Promise<void> {
  const start = monotonicMs();
  for (let facts = factsOf(init); isGettingReady(facts, wish) && !init.hasEnded; facts = factsOf(init)) {
    if (monotonicMs() - start > (isUnborn(facts) ? UNBORN_TIMEOUT_MS : READY_TIMEOUT_MS)) return;
    await sleep(10);
  }
}

/** Runs a program in the container by our own lxc-enter-namespace. True if it succeeds in time. */
async function runInside(domain: string, argv: string[]): Promise<boolean> {
  const words = ['-q', '-c', 'lxc:///', 'lxc-enter-namespace', domain, '--', ...argv];
  return failureOf(programFile, words, { timeoutMs: MESSENGER_TIMEOUT_MS }) === undefined;
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
export function openInit(status: Pick<StatusRecord, 'initPid' | 'controller'>): InitProcess {
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

/** What init is asked for where it listens to runlevels. */
const RUNLEVELS: Record<InitWish, string> = { poweroff: '0', reboot: '6' };

/**
 * Writes a runlevel request to the pipe that init offers (sysvinit: initreq.h). False where it offers none, or that is full, or
 * a file system of the container's keeps whoever looks for it.
 */
async function writeInitctl(init: InitProcess, wish: InitWish): Promise<boolean> {
  const input = Buffer.alloc(INITCTL_BYTES);
  input.writeInt32LE(INITCTL_MAGIC, 0);
  input.writeInt32LE(INITCTL_RUNLEVEL, 4);
  input.writeInt32LE(RUNLEVELS[wish].charCodeAt(0), 8);
  const ask = () => {
    const end = runErrand({ words: ['ask', { fd: init.pidfd }, `/proc/${init.pid}/root`, INITCTL_BYTES, ...INITCTL_PIPES], input });
    if (init.hasEnded) throw notRunning();
    return end && end.errno === 0;
  };
  const isDone = ask();
  if (isDone !== false || !reopensPipe(factsOf(init))) return isDone === true;
  init.signal(SIGUSR1);
  for (const start = monotonicMs(); monotonicMs() - start < PIPE_TIMEOUT_MS; await sleep(50)) {
    const isDoneNow = ask();
    if (isDoneNow !== false) return isDoneNow === true;
  }
  return false;
}
