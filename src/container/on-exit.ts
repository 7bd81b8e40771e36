// What follows the end of an init: the controller turns into `virsh-lxc --internal-on-exit NAME PARTITION UUID STATUS`, which
// ends here. It clears up and, where the definition says so, starts the domain again.

import fs from 'node:fs';
import process from 'node:process';
import { FIOCLEX } from '../../lib-native/constants.ts';
import { linux } from '../../lib-native/linux.ts';
import { pause } from '../../lib-native/pause.ts';
import { ABANDONED, OWNER_FD, OWNER_WORD } from '../../lib-native/protocol.ts';
import { readable } from '../../lib-native/readable.ts';
import type { DomainDefinition, LifecycleAction } from '../domain/definition.ts';
import type { DomainStatus } from '../domain/status.ts';
import { failureIn, failureInSync } from '../errors.ts';
import { cgroupFor, DomainCgroup } from '../host/cgroup/cgroup.ts';
import { oomKills } from '../host/cgroup/memory.ts';
import { releaseNbds } from '../host/nbd.ts';
import { type ProcessIdentity, processStat } from '../host/process.ts';
import { releaseLabel } from '../security/labels.ts';
import { isDefined } from '../store/definitions.ts';
import { loadDefinition, loadStatus } from '../store/domain-documents.ts';
import { type KillSource, readKill, readStatus, type StatusRecord } from '../store/live-status.ts';
import { lockDomain } from '../store/lock.ts';
import { cgroupOf, clearUp, clearUpDamaged, killInit, readableStatus } from './cleanup.ts';
import { describeEnd, endReason, type InitEnd, initEnd } from './init-end.ts';
import { isContainerInit } from './init-process.ts';
import { dissolve } from './left-cgroups.ts';
import type { End } from './lifecycle.ts';
import { withoutIds } from './live-definition.ts';

/** True if the domain is to run again. Containers cannot be preserved after their init's end: that counts as destroy. */
export function restarts(action: LifecycleAction): boolean {
  return action === 'restart' || action === 'rename-restart' || action === 'coredump-restart';
}

/** A domain that ends sooner than this after its start is not started again at once. */
const TOO_SOON_MS = 1000;

/**
 * Args: name, partition, uuid, OWNER_WORD where OWNER_FD is inherited, wait status of init; a controller that was started by an older release gives no uuid. Output
 * goes to the domain's log.
 */
export async function runOnExit(args: readonly string[]): Promise<void> {
  const waitStatus = args.at(-1);
  const [name, partition, uuid, ownerWord] = args.slice(0, -1);
  const ownerFd = ownerWord === OWNER_WORD ? OWNER_FD : undefined;
  if (ownerFd !== undefined) linux.ioctlValue(ownerFd, FIOCLEX, 0);
  if (name === undefined || partition === undefined || waitStatus === undefined)
    throw new Error('on-exit: wants name, partition and status');
  using _lock = lockDomain(name);
  const record = readStatus(name);
  // Whoever held the lock may have cleared up already, and even started the domain again.
  if (!record || record.controller.pid !== process.pid || record.controller.startTime !== processStat(process.pid)?.startTime) {
    dissolve(name, cgroupFor({ name, partition }, process.pid)); // made for a start that never came to write a status
    if (!record && uuid !== undefined && Number(waitStatus) === ABANDONED) {
      await releaseLabel(name);
      (await import('../bridge/ports.ts')).releaseOldPorts({ uuid });
      releaseNbds(uuid);
    }
    return;
  }
  if (Number(waitStatus) === ABANDONED) killInit(record, cgroupOf(record));
  else if (isContainerInit(record.initPid, record.controller)) return; // not after its end: nothing to do
  const status = readableStatus(record);
  if (!status) {
    await clearUpDamaged(record, endOf(Number(waitStatus), readKill(record), cgroupOf(record)));
    return;
  }
  const failure = await failureIn(() => finish(record, status, Number(waitStatus), ownerFd));
  if (failure) process.stderr.write(`after the end of domain '${name}': ${failure.message}\n`);
}

/**
 * Clears up after an init that has ended, and starts the domain again where its definition says so. The caller holds the
 * domain's lock and keeps the controller from an on-exit of its own. Throws what a new start fails of; the domain is off then.
 */
export async function afterEnd(record: StatusRecord, waitStatus: number): Promise<void> {
  await finish(record, loadStatus(record), waitStatus);
}

async function finish(record: StatusRecord, status: DomainStatus, waitStatus: number, ownerFd?: number): Promise<void> {
  const { domain, cgroup, config, atTerminal } = status;
  const kill = readKill(record);
  const end = initEnd(waitStatus, kill);
  const ending = endOf(waitStatus, kill, new DomainCgroup(cgroup));
  const again = waitStatus >= 0 && ending.reason !== 'destroyed' && !isOwnerGone(ownerFd) && restarts(actionFor(domain, end));
  let next: DomainDefinition | undefined;
  // Of one whose stored definition is damaged nothing is kept waiting for that: it is off.
  const damage = again ? failureInSync(() => (next = nextDefinition(status))) : undefined;
  await clearUp({ status, ...ending, again: next !== undefined });
  if (damage) throw damage;
  if (!next) return;
  if (end !== 'reboot' && ageMs(record.controller) < TOO_SOON_MS) pause(TOO_SOON_MS); // an init that fails at once must not spin
  const stillConfigured = isDefined(domain.name) ? undefined : config;
  const { runDomain } = await import('./start.ts');
  await runDomain(next, { reason: 'rebooted', config: stillConfigured, atTerminal: atTerminal === true, ownerFd });
}

/** Whoever had it autodestroyed. */
const isOwnerGone = (ownerFd: number | undefined): boolean => ownerFd !== undefined && readable(ownerFd, 0);

function endOf(waitStatus: number, kill: KillSource | undefined, cgroup: DomainCgroup | undefined): End {
  const why = describeEnd(waitStatus, { kill, oomKills: cgroup ? oomKills(cgroup) : 0 });
  return { reason: endReason(waitStatus, kill), why, ...(waitStatus >= 0 && { waitStatus }) };
}

function actionFor({ onPoweroff, onReboot, onCrash }: DomainDefinition, end: InitEnd): LifecycleAction {
  return { poweroff: onPoweroff, reboot: onReboot, crash: onCrash }[end];
}

/** What runs next: the stored definition, or that of the transient domain that ended. */
function nextDefinition({ domain: ended, automaticIds }: DomainStatus): DomainDefinition {
  if (!isDefined(ended.name)) return { ...(automaticIds ? withoutIds(ended) : ended), id: null };
  const stored = loadDefinition(ended.name);
  return ended.hostRoot ? { ...stored, hostRoot: true } : stored;
}

/** Since the start of a process. */
function ageMs({ startTime }: ProcessIdentity): number {
  const uptime = Number(fs.readFileSync('/proc/uptime', 'latin1').split(' ')[0]);
  return uptime * 1000 - Number(startTime) * 10;
}
