// After a container: gives back what it had, in libvirt's order, and records why it ended. Every part may be missing
// already: this also clears up after commands and controllers that were killed.

import fs from 'node:fs';
import process from 'node:process';
import { SIGKILL } from '../../lib-native/constants.ts';
import { linux } from '../../lib-native/linux.ts';
import { monotonicMs } from '../../lib-native/monotonic.ts';
import { readable } from '../../lib-native/readable.ts';
import type { DomainStatus } from '../domain/status.ts';
import { failureIn, failureInSync, libvirtError } from '../errors.ts';
import { cgroupFor, DEFAULT_PARTITION, DomainCgroup } from '../host/cgroup/cgroup.ts';
import { leaveFrozenCgroups, thawAll } from '../host/cgroup/freezer.ts';
import { killAll } from '../host/cgroup/kill.ts';
import { abortConnections } from '../host/fuse-connections.ts';
import { releaseNbds } from '../host/nbd.ts';
import { processesBeside } from '../host/pid-namespace.ts';
import { releaseLabel, releaseLeftLabels } from '../security/labels.ts';
import { loadDefinition, loadStatus } from '../store/domain-documents.ts';
import { readKill, readPid, readStatus, type StatusRecord } from '../store/live-status.ts';
import { tryLockDomain } from '../store/lock.ts';
import { runErrand } from './errand.ts';
import { isContainerInit } from './init-process.ts';
import { dissolve, removeLeftCgroups } from './left-cgroups.ts';
import { type End, transition } from './lifecycle.ts';
import { type OnExitArguments, onExitArguments } from './on-exit-command.ts';

const KILL_TIMEOUT_MS = 5000;
/** What has not died by then may be frozen, in a cgroup that is not its container's. */
const FROZEN_AFTER_MS = 40;
/** The look through a container's cgroups takes long if it has made many. */
const KILL_PERIOD_MS = 500;
/** … and then it waits for something: for a FUSE file system that it has mounted, or has had mounted. */
const FUSE_AFTER_MS = [150, 500] as const;

export const DESTROYED: End = { reason: 'destroyed', why: 'by destroy' };
const CONTROLLER_KILLED: End = { reason: 'failed', why: 'its controller was killed' };

export interface Ending extends End {
  status: DomainStatus;
  /** It is started again at once. */
  again?: boolean;
  onWarning?: ((text: string) => void) | undefined;
}

/** Clears up after a container whose processes are dead. The caller holds the domain's lock. */
export async function clearUp({ status, again, onWarning, ...end }: Ending): Promise<void> {
  const { domain, cgroup } = status;
  const change = transition(domain, 'shut off', again ? 'rebooting' : end.reason, { live: domain, status, end });
  change.at('over');
  await releaseLabel(domain.name);
  if (domain.devices.interfaces.length > 0) (await import('./own-network.ts')).releaseNetwork(domain);
  dissolve(domain.name, new DomainCgroup(cgroup), onWarning);
  releaseNbds(domain.uuid);
  change.at('released');
}

/**
 * Kills what is left of a container by its init, which takes the whole PID namespace with it, and waits for that.
 * Throws INTERNAL_ERROR if it does not die: nobody may believe then that it has.
 */
export function killInit(status: StatusRecord, cgroup: DomainCgroup | undefined): void {
  const { initPid, controller } = status;
  if (initPid <= 1) return;
  const pidfd = linux.pidfdOpen(initPid);
  if (pidfd < 0) return; // dead already
  try {
    // A pid may have been given to another process since: ours is a child of its controller, or of whoever adopts orphans
    // and then in a PID namespace of its own.
    if (!isContainerInit(initPid, controller)) return;
    if (!killAndWait(pidfd, status, cgroup, KILL_TIMEOUT_MS)) throw libvirtError('INTERNAL_ERROR', 'Some processes refused to die');
  } finally {
    linux.close(pidfd);
  }
}

/**
 * SIGKILL for init, and for as long as it lives for everything in its cgroup: it ends after all others in its PID namespace.
 * What is frozen, by whomever, does not die on v1 (freezer-subsystem.rst); nor does what waits for a FUSE server of the
 * container's that has read the request: its file systems are taken down then. True when it has ended.
 */
export function killAndWait(
  init: number,
  { initPid, controller }: StatusRecord,
  cgroup: DomainCgroup | undefined,
  timeoutMs: number,
): boolean {
  linux.pidfdSendSignal(init, SIGKILL);
  if (cgroup) thawAll(cgroup);
  const start = monotonicMs();
  const [first, last] = FUSE_AFTER_MS;
  let killAgainMs = 0;
  for (let waitMs = 10; !readable(init, waitMs); waitMs = Math.min(waitMs * 2, 200)) {
    const elapsed = monotonicMs() - start;
    if (elapsed > timeoutMs) return false;
    if (cgroup && elapsed >= killAgainMs) {
      killAll(cgroup);
      killAgainMs = elapsed + KILL_PERIOD_MS;
    }
    if (elapsed < FROZEN_AFTER_MS) continue;
    // The kernel has killed them all with init, wherever they have gone.
    const dying = processesBeside(initPid);
    if (readable(init, 0)) return true; // before that its pid was nobody else's
    if (cgroup) leaveFrozenCgroups(dying, cgroup);
    if (elapsed < first) continue;
    if (readable(init, 10)) return true;
    abortConnections(dying, controller.pid, { unseen: elapsed > last, tableOf: mountsOf });
  }
  return true;
}

/** The mount table of a namespace that a file keeps. Whose file it is nobody knows: it may hang who opens it. */
function mountsOf(file: string): string | undefined {
  const end = runErrand({ words: ['mounts', file] });
  return end?.errno === 0 ? end.output.toString('latin1') : undefined;
}

/**
 * Clears up after a controller that died without doing so. Returns the status of one that lives. The caller holds the
 * domain's lock.
 */
export async function repairStale(name: string): Promise<StatusRecord | undefined> {
  removeLeftCgroups();
  await releaseLeftLabels(name);
  return repair(name);
}

async function repair(name: string): Promise<StatusRecord | undefined> {
  const record = readStatus(name);
  if (record?.inService && recordLate(record)) return readStatus(name);
  if (!record || record.alive) return record;
  const status = readableStatus(record);
  if (!status) {
    await clearUpDamaged(record, CONTROLLER_KILLED);
    return undefined;
  }
  killInit(record, new DomainCgroup(status.cgroup));
  const end = readKill(record) === 'destroy' ? DESTROYED : CONTROLLER_KILLED; // by a command that came no further
  await clearUp({ status, ...end });
  return undefined;
}

/** Its start, where the command that started it was killed before it came to that. True: then its status is another one. */
function recordLate(record: StatusRecord): boolean {
  const status = record.document.includes(" audit='") ? readableStatus(record) : undefined; // few say so
  if (!status?.auditDue) return false;
  transition(status.domain, 'running', 'recorded late', { status }).at('done');
  return true;
}

/**
 * The same for many domains, without waiting for those that somebody is busy with. What cannot be cleared up stays: who only lists
 * need not be able to.
 */
export async function repairAll(names: readonly string[]): Promise<void> {
  failureInSync(removeLeftCgroups);
  await releaseLeftLabels();
  for (const name of names) {
    await failureIn(async () => {
      using lock = tryLockDomain(name);
      if (lock) await repair(name);
    });
  }
}

/**
 * Clears up after a domain whose status is damaged, by what does not come from there: its name, what its controller was told
 * when it was started, and the stored definition. What only the status knew is left to the kernel.
 */
export async function clearUpDamaged(record: StatusRecord, end: End, onWarning?: (text: string) => void): Promise<void> {
  const { name } = record;
  // One of the two may be damaged, too.
  const pids = [...new Set([record.controller.pid, readPid(name)])].filter((pid) => pid > 1);
  const told = pids.map((pid) => controllerWords(name, pid));
  pids.forEach((pid, i) => {
    if (told[i] && pid !== process.pid) linux.kill(pid, SIGKILL);
  });
  const { partition, uuid } = told.find((words) => words !== undefined) ?? storedWords(name);
  await releaseLabel(name);
  // No cgroup of another domain has this name, so what is in it is what ran here.
  for (const pid of pids) dissolve(name, cgroupFor({ name, partition }, pid), onWarning);
  if (uuid !== undefined) {
    (await import('../bridge/ports.ts')).releaseOldPorts({ uuid });
    releaseNbds(uuid);
  }
  transition({ name, uuid: uuid ?? '' }, 'shut off', 'damaged', { end }).at('released');
}

type OwnWords = Omit<OnExitArguments, 'name'>;

/** A living domain's cgroup; of a damaged status by what its controller was told. */
export function cgroupOf({ name, cgroup, controller }: StatusRecord): DomainCgroup | undefined {
  if (cgroup !== undefined) return new DomainCgroup(cgroup);
  const words = controllerWords(name, controller.pid);
  return words && cgroupFor({ name, ...words }, controller.pid);
}

/** What the command line of the domain's controller says; undefined if the process is none. */
function controllerWords(name: string, controllerPid: number): OwnWords | undefined {
  if (controllerPid <= 1) return undefined;
  let words: string[];
  try {
    words = fs.readFileSync(`/proc/${controllerPid}/cmdline`, 'utf8').split('\0');
  } catch {
    return undefined; // gone
  }
  const told = onExitArguments(words);
  return told?.name === name ? told : undefined;
}

function storedWords(name: string): OwnWords {
  try {
    const { partition = DEFAULT_PARTITION, uuid } = loadDefinition(name);
    return { partition, uuid };
  } catch {
    return { partition: DEFAULT_PARTITION }; // transient, or damaged as well
  }
}

export function readableStatus(record: StatusRecord): DomainStatus | undefined {
  try {
    return loadStatus(record);
  } catch {
    return undefined; // cut off by a full disk or edited by hand: nothing in it can be relied on
  }
}
