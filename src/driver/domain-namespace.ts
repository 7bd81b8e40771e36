// lxc-enter-namespace: a command inside a running container.
import path from 'node:path';
import process from 'node:process';
import { ENOENT, SIGINT } from '../../lib-native/constants.ts';
import { nativeFolder } from '../../lib-native/koffi.ts';
import { linux } from '../../lib-native/linux.ts';
import { compileEnterPlan, enterEnvironment } from '../container/enter-plan.ts';
import { Controller, controllerEnvironment, InheritedFds } from '../container/launch.ts';
import { LibvirtError, libvirtError } from '../errors.ts';
import { leaveUnit } from '../host/cgroup/controllers.ts';
import { DomainCgroup } from '../host/cgroup/group.ts';
import { type Connection, requireWritable } from './connection.ts';
import { type DomainRef, liveStatus, notRunning } from './domain-lookup.ts';
import { isContainerInit } from './ended.ts';
import { hostFacts } from './host-facts.ts';
import { loadStatus } from './stored-domain.ts';

const SIGQUIT = 3;
/** What a shell, and libvirt, call a command that is not there, and one that cannot be executed. */
const NOT_FOUND = 127;
const NOT_EXECUTABLE = 126;

export interface EnterFlags {
  noSeclabel?: boolean;
  /** A command without a slash is looked for in the container's PATH. */
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

/**
 * Runs argv in the container, with this process's standard files and the container's environment, and waits for its end.
 * Interrupts from the keyboard are the command's. Throws OPERATION_INVALID for a domain that does not run, or is paused.
 */
export function enterNamespace(connection: Connection, ref: DomainRef, argv: string[], { searchesPath }: EnterFlags): CommandEnd {
  requireWritable(connection, 'virDomainLxcOpenNamespace');
  const record = liveStatus(ref.name);
  if (!record) throw notRunning();
  if (record.state === 'paused') throw libvirtError('OPERATION_INVALID', 'domain is paused');
  const { domain, extra } = loadStatus(record);
  const pidfd = linux.pidfdOpen(record.initPid);
  if (pidfd < 0 || !isContainerInit(record.initPid, record.controller)) throw notRunning();
  const inherited = new InheritedFds([0, 1, 2]);
  const initPidfd = inherited.add(pidfd);
  const { cgroup: groupPath } = extra;
  if (!groupPath) throw libvirtError('INTERNAL_ERROR', `the status of domain '${ref.name}' does not name its cgroup`);
  const group = new DomainCgroup(groupPath);
  using controller = new Controller({
    binary: path.join(nativeFolder(), 'libvirt_lxc'),
    args: ['--enter', '--plan-fds', `${initPidfd}-${initPidfd}`],
    trailingArgs: [],
    env: controllerEnvironment(),
    inherited,
    newSession: false,
  });
  linux.ignoreSignal(SIGINT);
  linux.ignoreSignal(SIGQUIT);
  try {
    if (group.layout.version === 1) leaveUnit(controller.pid); // the unified hierarchy of a hybrid host: where init is, there the command goes
    const cgroup =
      group.layout.version === 2
        ? { version: 2 as const, payload: group.payloadOf(record.initPid) }
        : { version: 1 as const, folders: group.folders() };
    const env = enterEnvironment(domain, process.env);
    const inputs = { host: hostFacts(domain), initPidfd, cgroup, argv, env, ...(searchesPath && { searchesPath }) };
    const pid = controller.sendPlan(compileEnterPlan(domain, inputs));
    return waitForCommand(controller, pid);
  } finally {
    linux.restoreSignal(SIGINT);
    linux.restoreSignal(SIGQUIT);
    linux.close(pidfd);
    linux.waitpid(controller.pid, 0);
  }
}

function waitForCommand(controller: Controller, pid: number): CommandEnd {
  try {
    controller.waitReady();
    return { ...controller.waitExited(), isMissing: false };
  } catch (error) {
    const isExecution = error instanceof LibvirtError && error.message.includes('cannot execute ');
    if (!isExecution) throw error;
    const isMissing = error.cause === ENOENT;
    return { pid, waitStatus: (isMissing ? NOT_FOUND : NOT_EXECUTABLE) << 8, isMissing };
  }
}

/** Throws INTERNAL_ERROR unless it exited with 0: `Child process (N) unexpected exit status M` or `fatal signal M`. */
export function checkEnd({ pid, waitStatus }: CommandEnd): void {
  const signal = waitStatus & 0x7f;
  if (signal) throw libvirtError('INTERNAL_ERROR', `Child process (${pid}) unexpected fatal signal ${signal}`);
  const code = (waitStatus >> 8) & 0xff;
  if (code) throw libvirtError('INTERNAL_ERROR', `Child process (${pid}) unexpected exit status ${code}`);
}

/** As a shell counts: 128 and the signal for a command that one ended. */
export function exitStatusOf({ waitStatus }: CommandEnd): number {
  const signal = waitStatus & 0x7f;
  return signal ? 128 + signal : (waitStatus >> 8) & 0xff;
}
