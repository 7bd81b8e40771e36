// What init understands, told from outside by facts of /proc that no file of the container's can feign: the program that it
// executes and the signals that it blocks, catches and ignores (proc(5)). Pure.
import { SIGHUP, SIGKILL, SIGTERM } from '../../lib-native/constants.ts';

/** What init is asked for. */
export type InitWish = 'poweroff' | 'reboot';

export interface InitFacts {
  /** The last part of the link /proc/PID/exe. */
  program: string;
  /** What it calls itself (Name of /proc/PID/status). */
  name: string;
  /** Masks of /proc/PID/status: bit N-1 is signal N. */
  blocked: bigint;
  caught: bigint;
  ignored: bigint;
}

const SIGUSR2 = 12;
/** SIGRTMIN as the C library counts. */
const SIGRTMIN = 34;

const has = (mask: bigint, signal: number): boolean => ((mask >> BigInt(signal - 1)) & 1n) === 1n;

/** systemd waits for its signals by a descriptor, and so blocks them all; SIGRTMIN+3 is one that hardly anybody else does (systemd(1), SIGNALS). */
const isSystemd = ({ program, blocked }: InitFacts): boolean => program === 'systemd' || has(blocked, SIGRTMIN + 3);

/**
 * busybox's init, and not its shell with a script of that name that has a trap: init has no handler, it waits for its signals
 * (sigtimedwait(2)). (The words of its command line would tell it, too, but they lie in memory of the container's, whose
 * reading a FUSE file system of its can hold up.)
 */
const isBusyboxInit = ({ program, name, caught }: InitFacts): boolean =>
  program === 'busybox' && (name === 'init' || name === 'linuxrc') && !has(caught, SIGTERM) && !has(caught, SIGHUP);

/**
 * The signal by which init is asked. systemd takes SIGTERM as the wish that it be executed again, busybox as one for a reboot;
 * whoever is not known gets SIGTERM and SIGHUP, as libvirt's documentation says.
 */
export function initSignal(facts: InitFacts, wish: InitWish): number {
  if (isSystemd(facts)) return SIGRTMIN + (wish === 'poweroff' ? 4 : 5);
  if (isBusyboxInit(facts)) return wish === 'poweroff' ? SIGUSR2 : SIGTERM;
  return wish === 'poweroff' ? SIGTERM : SIGHUP;
}

/** True if the signal makes no difference to init: process 1 of a PID namespace is spared what it does not wait for (pid_namespaces(7)). */
export function ignoresSignal(facts: InitFacts, signal: number): boolean {
  const { blocked, caught, ignored } = facts;
  if (signal === SIGKILL || isBusyboxInit(facts)) return false;
  return has(ignored, signal) || (!has(caught, signal) && !has(blocked, signal));
}

/** From the text of /proc/PID/status and the link /proc/PID/exe. */
export function initFacts(status: string, exe: string): InitFacts {
  const mask = (name: string) => BigInt(`0x${new RegExp(`^${name}:\\s*([0-9a-f]+)`, 'm').exec(status)?.[1] ?? '0'}`);
  return {
    program: exe.replace(/ \(deleted\)$/, '').replace(/^.*\//, ''),
    name: /^Name:\s*(.*)$/m.exec(status)?.[1] ?? '',
    blocked: mask('SigBlk'),
    caught: mask('SigCgt'),
    ignored: mask('SigIgn'),
  };
}
