// After a container: gives back what it had, in libvirt's order, and records why it ended. Every part may be missing
// already: this also clears up after commands and controllers that were killed.
import fs from 'node:fs';
import { SIGKILL } from '../../lib-native/constants.ts';
import { linux } from '../../lib-native/linux.ts';
import { readable } from '../../lib-native/readable.ts';
import type { DomainDefinition } from '../domain/definition.ts';
import { formatDomain } from '../domain/format.ts';
import type { DomainStatus } from '../domain/status.ts';
import { LibvirtError } from '../errors.ts';
import { thaw } from '../host/cgroup/freezer.ts';
import { DomainCgroup, removeCgroup } from '../host/cgroup/group.ts';
import { hookScripts } from '../host/hooks.ts';
import { isDefined } from '../store/definitions.ts';
import { lifecycle } from '../store/events.ts';
import { type EndReason, readStatus, removeEnd, removeStatus, type StatusRecord, writeEnd } from '../store/live-status.ts';
import { type DomainLock, tryLockDomain } from '../store/lock.ts';
import { paths } from '../store/paths.ts';
import { isAlive, type ProcessIdentity, processStat } from '../store/process.ts';
import { loadStatus } from './stored-domain.ts';

const EVENT_DETAIL: Record<EndReason, string> = { shutdown: 'Shutdown', destroyed: 'Destroyed', failed: 'Failed', crashed: 'Crashed' };
const KILL_TIMEOUT_MS = 5000;

export interface Ending {
  domain: DomainDefinition;
  /** The group, where one was made. */
  cgroup: string | undefined;
  reason: EndReason;
  /** It is started again at once: until then its status stays, by which it is found, and its end is no event. */
  again?: boolean;
}

/** Clears up after a container whose processes are dead. The caller holds the domain's lock. */
export async function clearUp({ domain, cgroup, reason, again }: Ending, lock: DomainLock): Promise<void> {
  const scripts = hookScripts(paths.hooks, 'lxc');
  const hook = async (operation: 'stopped' | 'release') => {
    if (scripts.length === 0) return;
    const { runHooks } = await import('../host/run-hooks.ts');
    try {
      runHooks(scripts, domain.name, [operation, 'end'], formatDomain(domain, { live: true }));
    } catch (error) {
      if (!(error instanceof LibvirtError)) throw error; // a failing hook does not keep a container from being over
    }
  };
  await hook('stopped');
  if (domain.devices.interfaces.length > 0) {
    const { releaseInterfaces } = await import('../container/network.ts');
    releaseInterfaces(linux, domain.uuid, domain.devices.interfaces);
    if (domain.devices.interfaces.some(({ portid }) => portid !== undefined)) {
      const { releasePorts } = await import('./network-release.ts');
      releasePorts(domain.devices.interfaces);
    }
  }
  if (cgroup !== undefined) removeCgroup(new DomainCgroup(cgroup));
  if (fs.existsSync('/sys/block/nbd0')) {
    const { releaseNbds } = await import('../host/nbd.ts');
    releaseNbds(domain.uuid);
  }
  await hook('release');
  rememberEnd(domain.name, reason);
  if (again) return;
  removeStatus(domain.name);
  lifecycle(domain, 'Stopped', EVENT_DETAIL[reason]);
  if (!isDefined(domain.name)) lock.retire();
}

/** Records why a domain is off. A full disk does not keep it from being so. */
export function rememberEnd(name: string, reason: EndReason): void {
  if (!isDefined(name)) {
    removeEnd(name);
    return;
  }
  try {
    writeEnd(name, reason);
  } catch (error) {
    if (!(error instanceof LibvirtError)) throw error;
    removeEnd(name); // better none than the last one's
  }
}

/** Kills what is left of a container by its init, which takes the whole PID namespace with it, and waits for that. */
export function killInit(status: StatusRecord, cgroup: string | undefined): void {
  const { initPid, controller, state } = status;
  if (initPid <= 1) return;
  const pidfd = linux.pidfdOpen(initPid);
  if (pidfd < 0) return; // dead already
  try {
    // A pid may have been given to another process since: ours is a child of its controller, or of whoever adopts orphans
    // and then in a PID namespace of its own.
    if (!isContainerInit(initPid, controller)) return;
    linux.pidfdSendSignal(pidfd, SIGKILL);
    if (state === 'paused' && cgroup !== undefined) thawQuietly(cgroup); // what is frozen does not die (freezer-subsystem.rst)
    readable(pidfd, KILL_TIMEOUT_MS);
  } finally {
    linux.close(pidfd);
  }
}

/** True if `pid` is the init of a PID namespace below ours, and a child of its controller as long as that lives. */
export function isContainerInit(pid: number, controller: ProcessIdentity): boolean {
  const stat = processStat(pid);
  if (!stat) return false;
  if (stat.parent === controller.pid) return true;
  return !isAlive(controller) && namespacePids(pid).at(-1) === '1' && namespacePids(pid).length > 1;
}

function namespacePids(pid: number): string[] {
  try {
    return (/^NSpid:\s*(.*)$/m.exec(fs.readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1] ?? '').split(/\s+/);
  } catch {
    return []; // gone
  }
}

/**
 * Clears up after a controller that died without doing so. Returns the status of one that lives. The caller holds the
 * domain's lock.
 */
export async function repairStale(name: string, lock: DomainLock): Promise<StatusRecord | undefined> {
  const record = readStatus(name);
  if (!record || record.alive) return record;
  const status = readableStatus(record);
  if (!status) {
    removeStatus(name);
    rememberEnd(name, 'failed');
    if (!isDefined(name)) lock.retire();
    return undefined;
  }
  const cgroup = status.extra['cgroup'];
  killInit(record, cgroup);
  if (cgroup !== undefined && record.state === 'paused') thawQuietly(cgroup);
  await clearUp({ domain: status.domain, cgroup, reason: 'failed' }, lock);
  return undefined;
}

/** The same for many domains, without waiting for those that somebody is busy with. What cannot be cleared up stays. */
export async function repairAll(names: readonly string[]): Promise<void> {
  for (const name of names) {
    try {
      using lock = tryLockDomain(name);
      if (lock) await repairStale(name, lock);
    } catch (error) {
      if (!(error instanceof LibvirtError)) throw error; // who only lists need not be able to
    }
  }
}

function readableStatus(record: StatusRecord): DomainStatus | undefined {
  try {
    return loadStatus(record);
  } catch {
    return undefined; // cut off by a full disk or edited by hand: nothing in it can be relied on
  }
}

export function thawQuietly(cgroup: string): void {
  try {
    thaw(new DomainCgroup(cgroup));
  } catch {
    // the group is gone: so is what was frozen in it
  }
}
