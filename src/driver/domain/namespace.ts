// lxc-enter-namespace and exec: a command inside a running container.
import fs from 'node:fs';
import process from 'node:process';
import {
  EAGAIN,
  EINTR,
  ENOENT,
  FIONBIO,
  O_CLOEXEC,
  POLLIN,
  SIGHUP,
  SIGINT,
  SIGQUIT,
  SIGTERM,
  SIGUSR1,
  SIGUSR2,
} from '../../../lib-native/constants.ts';
import { linux } from '../../../lib-native/linux.ts';
import { readable } from '../../../lib-native/readable.ts';
import { controllerFile } from '../../../lib-native/runtime.ts';
import { exitCode, termSignal } from '../../../lib-native/wait-status.ts';
import { hostFacts } from '../../container/host-facts.ts';
import { type CommandIdentity, commandIdentity } from '../../container/identity.ts';
import { openInit } from '../../container/init.ts';
import { Controller, controllerEnvironment, InheritedFds } from '../../container/launch.ts';
import { openOwnMounts } from '../../container/own-mounts.ts';
import { commandEnvironment, compileEnterPlan, enterEnvironment } from '../../container/plan/enter.ts';
import { hostId } from '../../container/plan/idmap.ts';
import type { DomainDefinition, SecurityLevel } from '../../domain/definition.ts';
import type { DomainRef } from '../../domain/ref.ts';
import { isFailure, LibvirtError, libvirtError, notRunning, systemError } from '../../errors.ts';
import { DomainCgroup } from '../../host/cgroup/cgroup.ts';
import { standsStill } from '../../host/cgroup/freezer.ts';
import { isFull } from '../../host/cgroup/pids.ts';
import { leaveUnit } from '../../host/cgroup/unit.ts';
import { openPtyBeside, openSlave, type Pty } from '../../host/pty.ts';
import { isTerminal, makeRaw, setWindowSize, windowSize } from '../../host/terminal.ts';
import { containment } from '../../security/containment.ts';
import type { OnExecLabel } from '../../security/label-driver.ts';
import { enterLabel } from '../../security/labels.ts';
import { loadStatus } from '../../store/domain-documents.ts';
import type { StatusRecord } from '../../store/live-status.ts';
import { liveStatus } from '../../store/live-status.ts';
import { type Connection, requireWritable } from '../connection.ts';

/** What a shell, and libvirt, call a command that is not there, and one that cannot be executed. */
const NOT_FOUND = 127;
const NOT_EXECUTABLE = 126;

export interface EnterOptions {
  noSeclabel?: boolean;
  /** A command without a slash is looked for in the container's PATH, as it is on a terminal. */
  searchesPath?: boolean;
  /** `instead`: where a standard file is a terminal; `always`: for all three; `never`: pipes in place of terminals. */
  terminal?: 'instead' | 'always' | 'never';
  /** Of exec. */
  command?: {
    /** `USER[:GROUP]`, names or numbers of the container's; undefined: root. */
    user: string | undefined;
    cwd: string | undefined;
    /** NAME=VALUE. */
    env: readonly string[];
  };
}

/** How a command in a container ended. */
export interface CommandEnd {
  pid: number;
  /** As wait(2) gives it; of one that could not be executed, the one that a shell would give it. */
  waitStatus: number;
  /** Nothing of its name was there. */
  isMissing: boolean;
}

/** A command that runs, as the one at whose terminal it does sees it. */
export interface RunningCommand {
  /** Can be read when the command has ended. */
  readonly endFd: number;
  /** Master of the container's pty, non-blocking; undefined: the command has no terminal. */
  readonly master: number | undefined;
  /** Which of the command's standard files are that pty's, in place of this process's. */
  readonly replaced: readonly number[];
  /** This side of pipes in place of terminals, by the standard file that they replace. Closing `close()` closes one. */
  readonly pipes: ReadonlyMap<number, { readonly fd: number; close(): void }>;
}

/**
 * Runs argv in the container, in a session of its own with the container's environment, and waits for its end. Its standard
 * files are this process's, but for terminals: in their place it has a pty of the container's, or pipes, which `attend` joins to
 * them. Interrupts from the keyboard are the command's; that of exec gets other signals, too, and is hung up when this process dies. Throws OPERATION_INVALID for a domain that does not run, or is paused.
 */
export async function enterNamespace(
  connection: Connection,
  ref: DomainRef,
  argv: string[],
  options: EnterOptions,
  attend: (command: RunningCommand) => Promise<void>,
): Promise<CommandEnd> {
  requireWritable(connection, 'virDomainLxcOpenNamespace');
  const record = liveStatus(ref.name);
  if (!record) throw notRunning();
  const { domain, cgroup: path, level = 'libvirt' } = loadStatus(record);
  const cgroup = new DomainCgroup(path);
  using init = openInit(record);
  try {
    const payload = cgroup.payloadOf(record.initPid);
    if (standsStill(cgroup, payload)) throw libvirtError('OPERATION_INVALID', 'domain is paused');
    const label = options.noSeclabel ? undefined : await enterLabel(domain);
    return await enter({ init, record, domain, level, cgroup, payload, label }, argv, options, attend);
  } catch (error) {
    // It ends meanwhile, and that is why: who dies has no place for another process (ENOMEM) before it can be seen to be dead.
    if (init.hasEnded || (isFailure(error) && readable(init.pidfd, DYING_MS))) throw notRunning();
    throw error;
  }
}

/** A container that is just ending is dead so soon after what that kept from happening. */
const DYING_MS = 100;

interface Entered {
  init: ReturnType<typeof openInit>;
  record: StatusRecord;
  domain: DomainDefinition;
  level: SecurityLevel;
  cgroup: DomainCgroup;
  payload: string | undefined;
  label: OnExecLabel | undefined;
}

async function enter(
  { init, record, domain, level, cgroup, payload, label }: Entered,
  argv: string[],
  { searchesPath = false, terminal: use = 'instead', command }: EnterOptions,
  attend: (command: RunningCommand) => Promise<void>,
): Promise<CommandEnd> {
  const identity = command?.user === undefined ? undefined : identityIn(init.pid, command.user);
  using mounts = openOwnMounts(domain, init.pid);
  using terminal = openTerminal(record, domain, use, identity?.uid ?? 0);
  const { standard, replaced, pty, pipes } = terminal;
  const inherited = new InheritedFds([standard[0]!, standard[1]!, standard[2]!]);
  inherited.startPlan();
  const initPidfd = inherited.add(init.pidfd);
  const mountNamespace = mounts.fd === undefined ? undefined : inherited.add(mounts.fd);
  using controller = new Controller({
    binary: controllerFile,
    args: ['--enter', ...(command ? ['--autodestroy'] : [])],
    trailingArgs: [],
    env: controllerEnvironment(),
    inherited,
    // What a terminal sends to its foreground processes the command would get twice: from passSignals(), too.
    newSession: command !== undefined,
    ...(command && { stepFailure: (purpose, errno) => systemError(purpose, errno) }),
  });
  using _signals = command ? (pty ? undefined : passSignals(controller.pid)) : leaveInterrupts();
  try {
    if (cgroup.layout.version === 1) leaveUnit(controller.pid); // hierarchies that the container has no cgroup in
    const directories = cgroup.directoriesV1().filter((directory) => fs.existsSync(directory));
    const host = hostFacts(domain);
    const env = enterEnvironment(domain, host, process.env);
    const plan = compileEnterPlan(domain, {
      host,
      containment: containment(domain, level),
      initPidfd,
      mountNamespace,
      cgroup: { directories, payload },
      argv,
      env: command ? commandEnvironment(domain, env, { name: identity?.name, home: identity?.home }, command.env) : env,
      terminal: pty && replaced[0],
      searchesPath: searchesPath || (pty !== undefined && replaced.includes(0)),
      identity,
      cwd: command?.cwd,
      label,
    });
    const pid = controller.sendPlan(plan);
    if (command) await untilReadable(controller.controlFd);
    const failed = waitForStart(controller, pid);
    if (failed) return failed;
    terminal.leaveTheirs(); // or the command's side would never be seen to be closed
    await attend({ master: pty?.master, endFd: controller.controlFd, replaced, pipes });
    if (command) await untilReadable(controller.controlFd);
    return { ...controller.waitExited(), isMissing: false };
  } catch (error) {
    if (error instanceof LibvirtError && error.cause === EINTR)
      throw libvirtError('OPERATION_FAILED', 'the container did not let the command be executed before it was interrupted');
    if (error instanceof LibvirtError && error.cause === EAGAIN && isFull(cgroup))
      throw libvirtError('OPERATION_FAILED', 'the container has as many processes as it may: nothing can be executed in it', error);
    throw error;
  } finally {
    mounts[Symbol.dispose]();
    controller[Symbol.dispose](); // it must not wait for a plan that will not come while we wait for its end
    terminal[Symbol.dispose](); // the command's session is hung up, if it still runs
    linux.waitpid(controller.pid, 0);
  }
}

/** Interrupts from the keyboard are for the command, to which the controller passes them on. */
function leaveInterrupts(): Disposable {
  const interrupts = [SIGINT, SIGQUIT];
  for (const signal of interrupts) linux.ignoreSignal(signal);
  return {
    [Symbol.dispose]: () => {
      for (const signal of interrupts) linux.restoreSignal(signal);
    },
  };
}

const PASSED_ON: ReadonlyMap<NodeJS.Signals, number> = new Map([
  ['SIGHUP', SIGHUP],
  ['SIGINT', SIGINT],
  ['SIGQUIT', SIGQUIT],
  ['SIGTERM', SIGTERM],
  ['SIGUSR1', SIGUSR1],
  ['SIGUSR2', SIGUSR2],
]);

/** What this process is signalled, the controller is: it signals the command, or gives up one that is not executed yet. */
function passSignals(controller: number): Disposable {
  const pass = (signal: NodeJS.Signals) => void linux.kill(controller, PASSED_ON.get(signal)!);
  for (const signal of PASSED_ON.keys()) process.on(signal, pass);
  return {
    [Symbol.dispose]: () => {
      for (const signal of PASSED_ON.keys()) process.off(signal, pass);
    },
  };
}

/** A signal that comes just before the wait is seen to after it. */
const SIGNAL_DELAY_MS = 1000;

/** Waits while signals are seen to. */
async function untilReadable(fd: number): Promise<void> {
  for (;;) {
    const ready = linux.poll([{ fd, events: POLLIN }], SIGNAL_DELAY_MS);
    if (Array.isArray(ready) && ready[0] !== 0) return;
    await new Promise(setImmediate);
  }
}

/** Who `user` is, as the container's own files say. */
function identityIn(initPid: number, user: string): CommandIdentity {
  const namespace = linux.open(`/proc/${initPid}/ns/mnt`, O_CLOEXEC);
  if (namespace < 0) throw notRunning();
  try {
    return commandIdentity(user, namespace);
  } finally {
    linux.close(namespace);
  }
}

interface Standard extends Disposable {
  /** What becomes descriptors 0 to 2. */
  standard: readonly number[];
  replaced: readonly number[];
  pty: Pty | undefined;
  pipes: RunningCommand['pipes'];
  /** Closes what is the command's alone. */
  leaveTheirs(): void;
}

/** A terminal of this process's is never handed in: what has it can type at it (TIOCSTI), and read what is typed. */
function openTerminal(record: StatusRecord, domain: DomainDefinition, use: NonNullable<EnterOptions['terminal']>, uid: number): Standard {
  const standard = [0, 1, 2];
  const replaced = use === 'always' ? standard : standard.filter(isTerminal);
  if (replaced.length === 0)
    return { standard, replaced, pty: undefined, pipes: new Map(), leaveTheirs: () => {}, [Symbol.dispose]: () => {} };
  return use === 'never' ? openPipes(standard, replaced) : openCommandPty(record, replaced, hostId(domain.idmap.uid, uid));
}

function openCommandPty({ controller }: StatusRecord, replaced: readonly number[], uid: number): Standard {
  const pty = openPtyBeside(controller.pid);
  const open = new Set([pty.master]);
  const close = () => {
    for (const fd of open) linux.close(fd);
    open.clear();
  };
  try {
    const slave = openSlave(pty);
    open.add(slave);
    fs.fchownSync(slave, uid, fs.fstatSync(slave).gid);
    const size = replaced.map(windowSize).find((known) => known !== undefined);
    if (size) setWindowSize(pty.master, size);
    if (!replaced.includes(0)) makeRaw(slave); // nothing is typed, and the terminal outside translates output itself
    return {
      standard: [0, 1, 2].map((fd) => (replaced.includes(fd) ? slave : fd)),
      replaced,
      pty,
      pipes: new Map(),
      leaveTheirs: () => {},
      [Symbol.dispose]: close,
    };
  } catch (error) {
    close();
    throw error;
  }
}

/** In place of each terminal a pipe. */
function openPipes(standard: readonly number[], replaced: readonly number[]): Standard {
  const theirs = new Map<number, number>();
  const ours = new Map<number, { fd: number; close(): void }>();
  const leaveTheirs = () => {
    for (const fd of theirs.values()) linux.close(fd);
    theirs.clear();
  };
  const close = () => {
    leaveTheirs();
    for (const pipe of [...ours.values()]) pipe.close();
  };
  try {
    for (const number of replaced) {
      const pair = linux.pipe();
      if (typeof pair === 'number') throw systemError('pipe failed', -pair);
      const [fd, their] = number === 0 ? [pair[1], pair[0]] : pair;
      theirs.set(number, their);
      ours.set(number, {
        fd,
        close: () => {
          if (ours.delete(number)) linux.close(fd);
        },
      });
      linux.ioctl(fd, FIONBIO, ON);
    }
    return {
      standard: standard.map((fd) => theirs.get(fd) ?? fd),
      replaced,
      pty: undefined,
      pipes: ours,
      leaveTheirs,
      [Symbol.dispose]: close,
    };
  } catch (error) {
    close();
    throw error;
  }
}

const ON = Buffer.from([1, 0, 0, 0]);

/** How it ended already, if it could not be executed. */
function waitForStart(controller: Controller, pid: number): CommandEnd | undefined {
  try {
    controller.waitReady();
    return undefined;
  } catch (error) {
    const isExecution = error instanceof LibvirtError && error.message.includes('cannot execute ');
    if (!isExecution) throw error;
    const isMissing = error.cause === ENOENT;
    return { pid, waitStatus: (isMissing ? NOT_FOUND : NOT_EXECUTABLE) << 8, isMissing };
  }
}

/** Throws INTERNAL_ERROR unless it exited with 0: `Child process (N) unexpected exit status M` or `fatal signal M`. */
export function checkEnd({ pid, waitStatus }: CommandEnd): void {
  const signal = termSignal(waitStatus);
  if (signal) throw libvirtError('INTERNAL_ERROR', `Child process (${pid}) unexpected fatal signal ${signal}`);
  const code = exitCode(waitStatus);
  if (code) throw libvirtError('INTERNAL_ERROR', `Child process (${pid}) unexpected exit status ${code}`);
}

/** As a shell counts: 128 and the signal for a command that one ended. */
export function exitStatusOf({ waitStatus }: CommandEnd): number {
  const signal = termSignal(waitStatus);
  return signal ? 128 + signal : exitCode(waitStatus);
}
