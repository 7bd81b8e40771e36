// What init understands, told from outside by facts of /proc that no file of the container's can feign: the program that it
// executes and the signals that it blocks, catches and ignores (proc(5)). Pure.
import { SIGHUP, SIGINT, SIGKILL, SIGPWR, SIGTERM, SIGUSR1, SIGUSR2 } from '../../lib-native/constants.ts';
import { IN_SERVICE } from '../../lib-native/protocol.ts';
import { SIGRTMIN } from '../../lib-native/signal-names.ts';

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

const has = (mask: bigint, signal: number): boolean => ((mask >> BigInt(signal - 1)) & 1n) === 1n;

/** The signals of a kind of init, the best first. */
type Language = Readonly<Record<InitWish, readonly number[]>>;

/** Whoever is not known: as libvirt's documentation says. */
const COMMON: Language = { poweroff: [SIGTERM], reboot: [SIGHUP] };
/** systemd takes SIGTERM as the wish that it be executed again (systemd(1), SIGNALS). */
const SYSTEMD: Language = { poweroff: [SIGRTMIN + 4], reboot: [SIGRTMIN + 5] };
/** Takes SIGTERM as the wish for a reboot; so do finit and OpenWrt's procd. */
const BUSYBOX: Language = { poweroff: [SIGUSR2], reboot: [SIGTERM] };
/** init(8): what is done on SIGINT is for its inittab to say, and SIGTERM it ignores. Its own language is the initctl pipe. */
const SYSVINIT: Language = { poweroff: [SIGTERM], reboot: [SIGINT] };

/** By the name of the program. Those that pass signals on to the one program that they start block them all, as if they were systemd. */
const LANGUAGES: ReadonlyMap<string, Language> = new Map<string, Language>([
  ['systemd', SYSTEMD],
  ['finit', BUSYBOX],
  ['procd', BUSYBOX],
  ['openrc-init', { poweroff: [SIGTERM], reboot: [SIGINT] }],
  ['dinit', { poweroff: [SIGTERM], reboot: [SIGINT] }],
  ['s6-svscan', { poweroff: [SIGUSR1, SIGTERM], reboot: [SIGINT] }],
  ['sinit', { poweroff: [SIGUSR1], reboot: [SIGINT] }],
  // runit(8) knows SIGINT; Debian's knows SIGPWR too. Whether it starts again says a file of its own (RUNIT_MESSENGER).
  ['runit', { poweroff: [SIGPWR, SIGINT], reboot: [SIGINT] }],
  ...['tini', 'tini-static', 'docker-init', 'dumb-init', 'catatonit'].map((name) => [name, COMMON] as const),
]);

/**
 * busybox's init, and not its shell with a script of that name that has a trap: init has no handler, it waits for its signals
 * (sigtimedwait(2)). (The words of its command line would tell it, too, but they lie in memory of the container's, whose
 * reading a FUSE file system of its can hold up.)
 */
const isBusyboxInit = ({ program, name, caught }: InitFacts): boolean =>
  program === 'busybox' && (name === 'init' || name === 'linuxrc') && !has(caught, SIGTERM) && !has(caught, SIGHUP);

/** It ignores SIGTERM and has its pipe opened again on SIGUSR1: sysvinit (init(8)). */
export const reopensPipe = ({ program, name, caught, ignored }: InitFacts): boolean =>
  program === 'init' && name === 'init' && has(caught, SIGUSR1) && has(ignored, SIGTERM);

/** Nothing of the container's is executed yet: it is still a process of libvirt_lxc. */
export const isUnborn = ({ name }: InitFacts): boolean => name.startsWith(IN_SERVICE);

/** undefined: none that is known. */
function languageOf(facts: InitFacts): Language | undefined {
  if (isUnborn(facts)) return undefined;
  if (isBusyboxInit(facts)) return BUSYBOX;
  if (reopensPipe(facts)) return SYSVINIT;
  const named = LANGUAGES.get(facts.program) ?? LANGUAGES.get(facts.name);
  // systemd waits for its signals by a descriptor, and so blocks them; SIGRTMIN+3 is one that hardly anybody else does.
  return named ?? (has(facts.blocked, SIGRTMIN + 3) ? SYSTEMD : undefined);
}

/** The signal by which init is asked: the best of its language that it does not ignore. */
export function initSignal(facts: InitFacts, wish: InitWish): number {
  const signals = (languageOf(facts) ?? COMMON)[wish];
  return signals.find((signal) => !ignoresSignal(facts, signal)) ?? signals[0]!;
}

/** True of an init that will listen to this signal, but has not come so far yet. */
export function isGettingReady(facts: InitFacts, wish: InitWish): boolean {
  if (isUnborn(facts)) return true;
  const language = languageOf(facts);
  return language !== undefined && language !== SYSVINIT && language !== COMMON && ignoresSignal(facts, initSignal(facts, wish));
}

/**
 * runit is told what to do by files of its own and SIGCONT; `init 0` and `init 6` see to both (runit-init(8)). So that runs in
 * the container, as one of its own processes. undefined: not runit.
 */
export function messengerOf({ program }: InitFacts, wish: InitWish): string[] | undefined {
  if (program !== 'runit') return undefined;
  const candidates = '/sbin/runit-init /usr/bin/runit-init /lib/runit/runit-init /usr/lib/runit/runit-init /sbin/init';
  return ['/bin/sh', '-c', `for i in ${candidates}; do [ -x "$i" ] && exec "$i" ${wish === 'reboot' ? 6 : 0}; done; exit 1`];
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
