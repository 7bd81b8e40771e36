// suspend and resume. The status says `paused` before anything is frozen, and until all is thawed: so whatever is frozen is
// known to be, and whoever finds the word looks at the group for the truth (liveStatus()).

import type { DomainRef } from '../../domain/ref.ts';
import { asLibvirtError, isFailure, libvirtError, notRunning } from '../../errors.ts';
import { DomainCgroup } from '../../host/cgroup/cgroup.ts';
import { freeze, isFrozen, thaw } from '../../host/cgroup/freezer.ts';
import { loadStatus, saveStatus } from '../../store/domain-documents.ts';
import { lifecycle } from '../../store/events.ts';
import type { StatusRecord } from '../../store/live-status.ts';
import { liveStatus } from '../../store/live-status.ts';
import { lockDomain } from '../../store/lock.ts';
import { warn } from '../../store/log.ts';
import { type Connection, requireWritable } from '../connection.ts';

/** Freezes a running domain; one that is paused stays so. Throws OPERATION_FAILED if it cannot be frozen; then it runs on. */
export function suspendDomain(connection: Connection, ref: DomainRef): void {
  requireWritable(connection, 'virDomainSuspend');
  using _lock = lockDomain(ref.name);
  const record = running(ref);
  if (record.state === 'paused') return;
  const status = loadStatus(record);
  const group = new DomainCgroup(status.cgroup);
  try {
    saveStatus({ ...status, state: 'paused', reason: 'user' });
    freeze(group);
  } catch (error) {
    quietly(() => thaw(group));
    quietly(() => saveStatus({ ...status, state: 'running', reason: record.reason }));
    throw error;
  }
  lifecycle(status.domain, 'Suspended', 'Paused');
}

/** Thaws what is frozen, whatever its status says. Throws OPERATION_INVALID if it is not paused. */
export function resumeDomain(connection: Connection, ref: DomainRef): void {
  requireWritable(connection, 'virDomainResume');
  using _lock = lockDomain(ref.name);
  const record = running(ref);
  const status = loadStatus(record);
  const group = new DomainCgroup(status.cgroup);
  if (status.state !== 'paused' && !isFrozen(group)) throw libvirtError('OPERATION_INVALID', 'domain is already running');
  thaw(group);
  try {
    saveStatus({ ...status, state: 'running', reason: 'unpaused' });
  } catch (error) {
    // It runs, and everybody who finds `paused` looks at the group: a full disk is no reason to call that a failure.
    if (!isFailure(error)) throw error;
    warn(ref.name, `domain was resumed, but ${asLibvirtError(error).message}`);
  }
  lifecycle(status.domain, 'Resumed', 'Unpaused');
}

function running(ref: DomainRef): StatusRecord {
  const record = liveStatus(ref.name);
  if (!record) throw notRunning();
  return record;
}

function quietly(action: () => void): void {
  try {
    action();
  } catch {
    // what is being told already matters more
  }
}
