// lxc-enter-namespace: a command inside a running container.
import path from 'node:path';
import process from 'node:process';
import { ENOENT, SIGINT } from '../../lib-native/constants.ts';
import { nativeFolder } from '../../lib-native/koffi.ts';
import { linux } from '../../lib-native/linux.ts';
import { compileEnterPlan } from '../container/enter-plan.ts';
import { Controller, InheritedFds } from '../container/launch.ts';
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

/**
 * Runs argv in the container, with this process's standard files and environment, and waits for its end. Interrupts from
 * the keyboard are the command's.
 * Throws INTERNAL_ERROR unless it exits with 0: `Child process (N) unexpected exit status M` or `fatal signal M`.
 */
export function enterNamespace(connection: Connection, ref: DomainRef, argv: string[], _flags: { noSeclabel?: boolean }): void {
  requireWritable(connection, 'virDomainLxcOpenNamespace');
  const record = liveStatus(ref.name);
  if (!record) throw notRunning();
  const { domain, extra } = loadStatus(record);
  const pidfd = linux.pidfdOpen(record.initPid);
  if (pidfd < 0 || !isContainerInit(record.initPid, record.controller)) throw notRunning();
  const inherited = new InheritedFds([0, 1, 2]);
  const initPidfd = inherited.add(pidfd);
  const group = new DomainCgroup(extra['cgroup'] ?? '');
  const env = Object.entries(process.env).map(([name, value]) => `${name}=${value}`);
  using controller = new Controller({
    binary: path.join(nativeFolder(), 'libvirt_lxc'),
    args: ['--enter'],
    trailingArgs: [],
    env,
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
    const pid = controller.sendPlan(compileEnterPlan(domain, { host: hostFacts(domain), initPidfd, cgroup, argv, env }));
    checkStatus(pid, waitForCommand(controller));
  } finally {
    linux.restoreSignal(SIGINT);
    linux.restoreSignal(SIGQUIT);
    linux.close(pidfd);
    linux.waitpid(controller.pid, 0);
  }
}

/** The wait status of the command; of one that could not be executed, the one that a shell would give it. */
function waitForCommand(controller: Controller): number {
  try {
    controller.waitReady();
    return controller.waitExited();
  } catch (error) {
    const isExecution = error instanceof LibvirtError && error.message.includes('cannot execute ');
    if (!isExecution) throw error;
    return (error.cause === ENOENT ? NOT_FOUND : NOT_EXECUTABLE) << 8;
  }
}

function checkStatus(pid: number, status: number): void {
  const signal = status & 0x7f;
  if (signal) throw libvirtError('INTERNAL_ERROR', `Child process (${pid}) unexpected fatal signal ${signal}`);
  const code = (status >> 8) & 0xff;
  if (code) throw libvirtError('INTERNAL_ERROR', `Child process (${pid}) unexpected exit status ${code}`);
}
