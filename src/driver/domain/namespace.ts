// lxc-enter-namespace: a command inside a running container.
import fs from 'node:fs';
import process from 'node:process';
import { EAGAIN, EINTR, ENOENT, O_CLOEXEC, SIGINT, SIGQUIT } from '../../../lib-native/constants.ts';
import { linux } from '../../../lib-native/linux.ts';
import { readable } from '../../../lib-native/readable.ts';
import { controllerFile } from '../../../lib-native/runtime.ts';
import { exitCode, termSignal } from '../../../lib-native/wait-status.ts';
import { hostFacts } from '../../container/host-facts.ts';
import { openInit } from '../../container/init.ts';
import { Controller, controllerEnvironment, InheritedFds } from '../../container/launch.ts';
import { compileEnterPlan, enterEnvironment } from '../../container/plan/enter.ts';
import { containerRoot } from '../../container/plan/idmap.ts';
import { hasUserNamespace } from '../../container/plan/namespaces.ts';
import type { DomainDefinition } from '../../domain/definition.ts';
import type { DomainRef } from '../../domain/ref.ts';
import { isFailure, LibvirtError, libvirtError, notRunning } from '../../errors.ts';
import { DomainCgroup } from '../../host/cgroup/cgroup.ts';
import { standsStill } from '../../host/cgroup/freezer.ts';
import { isFull } from '../../host/cgroup/pids.ts';
import { leaveUnit } from '../../host/cgroup/unit.ts';
import { ownerOf } from '../../host/pid-namespace.ts';
import { openPtyBeside, openSlave, type Pty } from '../../host/pty.ts';
import { isTerminal, makeRaw, setWindowSize, windowSize } from '../../host/terminal.ts';
import { loadStatus } from '../../store/domain-documents.ts';
import type { StatusRecord } from '../../store/live-status.ts';
import { liveStatus } from '../../store/live-status.ts';
import { type Connection, requireWritable } from '../connection.ts';

/** What a shell, and libvirt, call a command that is not there, and one that cannot be executed. */
const NOT_FOUND = 127;
const NOT_EXECUTABLE = 126;

export interface EnterFlags {
  noSeclabel?: boolean;
  /** A command without a slash is looked for in the container's PATH, as it is on a terminal. */
  searchesPath?: boolean;
}

/** How a command in a container ended. */
export interface CommandEnd {
  pid: number;
  /** As wait(2) gives it; of one that could not be executed, the one that a shell would give it. */
  waitStatus: number;
  /** Nothing of its name was there. */
  isMissing: boolean;
}

/** The terminal of a command's session, as the one at whose terminal it runs sees it. */
export interface CommandTerminal {
  /** Master of the container's pty, non-blocking. */
  readonly master: number;
  /** Can be read when the command has ended. */
  readonly endFd: number;
  /** Which of this process's standard files are terminals, in whose place it stands. */
  readonly replaced: readonly number[];
}

/**
 * Runs argv in the container, in a session of its own with the container's environment, and waits for its end. Its standard
 * files are this process's, but for terminals: in their place it has a pty of the container's, which `relay` joins to them.
 * Interrupts from the keyboard are the command's. Throws OPERATION_INVALID for a domain that does not run, or is paused.
 */
export async function enterNamespace(
  connection: Connection,
  ref: DomainRef,
  argv: string[],
  { searchesPath = false }: EnterFlags,
  relay: (terminal: CommandTerminal) => Promise<void>,
): Promise<CommandEnd> {
  requireWritable(connection, 'virDomainLxcOpenNamespace');
  const record = liveStatus(ref.name);
  if (!record) throw notRunning();
  const { domain, cgroup: path } = loadStatus(record);
  const cgroup = new DomainCgroup(path);
  using init = openInit(record);
  try {
    const payload = cgroup.payloadOf(record.initPid);
    if (standsStill(cgroup, payload)) throw libvirtError('OPERATION_INVALID', 'domain is paused');
    return await enter({ init, record, domain, cgroup, payload }, argv, searchesPath, relay);
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
  cgroup: DomainCgroup;
  payload: string | undefined;
}

async function enter(
  { init, record, domain, cgroup, payload }: Entered,
  argv: string[],
  searchesPath: boolean,
  relay: (terminal: CommandTerminal) => Promise<void>,
): Promise<CommandEnd> {
  const mounts = openMounts(domain, init.pid);
  using terminal = openTerminal(record, domain);
  const { standard, replaced, pty } = terminal;
  const inherited = new InheritedFds([standard[0]!, standard[1]!, standard[2]!]);
  inherited.startPlan();
  const initPidfd = inherited.add(init.pidfd);
  const mountNamespace = mounts === undefined ? undefined : inherited.add(mounts);
  using controller = new Controller({
    binary: controllerFile,
    args: ['--enter'],
    trailingArgs: [],
    env: controllerEnvironment(),
    inherited,
    newSession: false,
  });
  linux.ignoreSignal(SIGINT);
  linux.ignoreSignal(SIGQUIT);
  try {
    if (cgroup.layout.version === 1) leaveUnit(controller.pid); // hierarchies that the container has no cgroup in
    const directories = cgroup.directoriesV1().filter((directory) => fs.existsSync(directory));
    const host = hostFacts(domain);
    const env = enterEnvironment(domain, host, process.env);
    const plan = compileEnterPlan(domain, {
      host,
      initPidfd,
      mountNamespace,
      cgroup: { directories, payload },
      argv,
      env,
      terminal: replaced[0],
      searchesPath: searchesPath || replaced.includes(0),
    });
    const pid = controller.sendPlan(plan);
    const failed = waitForStart(controller, pid);
    if (failed) return failed;
    if (pty) await relay({ master: pty.master, endFd: controller.controlFd, replaced });
    return { ...controller.waitExited(), isMissing: false };
  } catch (error) {
    if (error instanceof LibvirtError && error.cause === EINTR)
      throw libvirtError('OPERATION_FAILED', 'the container did not let the command be executed before it was interrupted');
    if (error instanceof LibvirtError && error.cause === EAGAIN && isFull(cgroup))
      throw libvirtError('OPERATION_FAILED', 'the container has as many processes as it may: nothing can be executed in it', error);
    throw error;
  } finally {
    linux.restoreSignal(SIGINT);
    linux.restoreSignal(SIGQUIT);
    if (mounts !== undefined) linux.close(mounts);
    controller[Symbol.dispose](); // it must not wait for a plan that will not come while we wait for its end
    terminal[Symbol.dispose](); // the command's session is hung up, if it still runs
    linux.waitpid(controller.pid, 0);
  }
}

/**
 * A command gets its root's rights in the mount namespace that init is in. So that must be the container's own, or below its
 * root's: an init without rights could make one with a user namespace of its own, and files that it put there would be run
 * with them. Returns a descriptor of it, whatever init does next. undefined: who enters has no more rights there than init.
 */
function openMounts(domain: DomainDefinition, initPid: number): number | undefined {
  if (hasUserNamespace(domain)) return undefined; // what init makes has a user namespace that is entered, too
  const [theirs, ours] = [`/proc/${initPid}/ns/mnt`, '/proc/self/ns/mnt'].map((file) => linux.open(file, O_CLOEXEC)) as [number, number];
  const isOurs = theirs >= 0 && ours >= 0 && ownerOf(theirs) === ownerOf(ours);
  if (ours >= 0) linux.close(ours);
  if (isOurs) return theirs;
  if (theirs < 0) throw notRunning();
  linux.close(theirs);
  throw libvirtError('OPERATION_DENIED', 'init has left the namespaces of its container: nothing is executed in those that it made');
}

interface Standard extends Disposable {
  /** What becomes descriptors 0 to 2. */
  standard: readonly number[];
  replaced: readonly number[];
  pty: Pty | undefined;
}

/** A terminal of this process's is never handed in: what has it can type at it (TIOCSTI), and read what is typed. */
function openTerminal({ controller }: StatusRecord, domain: DomainDefinition): Standard {
  const standard = [0, 1, 2];
  const replaced = standard.filter(isTerminal);
  if (replaced.length === 0) return { standard, replaced, pty: undefined, [Symbol.dispose]: () => {} };
  const pty = openPtyBeside(controller.pid);
  let open = [pty.master];
  const close = () => {
    for (const fd of open) linux.close(fd);
    open = [];
  };
  try {
    const slave = openSlave(pty);
    open.push(slave);
    fs.fchownSync(slave, containerRoot(domain).uid, fs.fstatSync(slave).gid);
    const size = replaced.map(windowSize).find((known) => known !== undefined);
    if (size) setWindowSize(pty.master, size);
    if (!replaced.includes(0)) makeRaw(slave); // nothing is typed, and the terminal outside translates output itself
    return { standard: standard.map((fd) => (replaced.includes(fd) ? slave : fd)), replaced, pty, [Symbol.dispose]: close };
  } catch (error) {
    close();
    throw error;
  }
}

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
