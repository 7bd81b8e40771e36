// suspend and resume. The status says `paused` before anything is frozen, and until all is thawed: so whatever is frozen is
// known to be, and whoever finds the word looks at the cgroup for the truth (liveStatus()).

import { transition } from '../../container/lifecycle.ts';
import type { DomainRef } from '../../domain/ref.ts';
import type { DomainStatus } from '../../domain/status.ts';
import { libvirtError, notRunning } from '../../errors.ts';
import { attempt } from '../../host/attempt.ts';
import { DomainCgroup } from '../../host/cgroup/cgroup.ts';
import { freeze, isFrozen, thaw } from '../../host/cgroup/freezer.ts';
import { loadStatus } from '../../store/domain-documents.ts';
import type { StatusRecord } from '../../store/live-status.ts';
import { liveStatus } from '../../store/live-status.ts';
import { lockDomain } from '../../store/lock.ts';
import { type Connection, requireWritable } from '../connection.ts';

/** Freezes a running domain; one that is paused stays so. Throws OPERATION_FAILED if it cannot be frozen; then it runs on. */
export function suspendDomain(connection: Connection, ref: DomainRef): void {
  requireWritable(connection, 'virDomainSuspend');
  using _lock = lockDomain(ref.name);
  const record = running(ref);
  if (record.state === 'paused') return;
  const status = loadStatus(record);
  const cgroup = new DomainCgroup(status.cgroup);
  const before: DomainStatus = { ...status, state: 'running', reason: record.reason };
  const change = transition(status.domain, 'paused', 'user', { running: status, status: before });
  try {
    change.at('asked');
    freeze(cgroup);
  } catch (error) {
    attempt(() => thaw(cgroup)); // what is being told already matters more
    change.at('refused');
    throw error;
  }
  change.at('done');
}

/** Thaws what is frozen, whatever its status says. Throws OPERATION_INVALID if it is not paused. */
export function resumeDomain(connection: Connection, ref: DomainRef): void {
  requireWritable(connection, 'virDomainResume');
  using _lock = lockDomain(ref.name);
  const record = running(ref);
  const status = loadStatus(record);
  const cgroup = new DomainCgroup(status.cgroup);
  if (status.state !== 'paused' && !isFrozen(cgroup)) throw libvirtError('OPERATION_INVALID', 'domain is already running');
  thaw(cgroup);
  transition(status.domain, 'running', 'unpaused', { running: status }).at('done');
}

export function isPaused(_connection: Connection, ref: DomainRef): boolean {
  return liveStatus(ref.name)?.state === 'paused';
}

function running(ref: DomainRef): StatusRecord {
  const record = liveStatus(ref.name);
  if (!record) throw notRunning();
  return record;
}
