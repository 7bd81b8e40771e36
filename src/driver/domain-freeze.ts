// suspend and resume.
import { libvirtError } from '../errors.ts';
import { freeze, thaw } from '../host/cgroup/freezer.ts';
import { DomainCgroup } from '../host/cgroup/group.ts';
import { lifecycle } from '../store/events.ts';
import type { StatusRecord } from '../store/live-status.ts';
import { lockDomain } from '../store/lock.ts';
import { type Connection, requireWritable } from './connection.ts';
import { type DomainRef, liveStatus, notRunning } from './domain-lookup.ts';
import { loadStatus, saveStatus } from './stored-domain.ts';

/** Freezes a running domain; one that is paused stays so. Throws OPERATION_FAILED if it cannot be frozen. */
export function suspendDomain(connection: Connection, ref: DomainRef): void {
  requireWritable(connection, 'virDomainSuspend');
  using _lock = lockDomain(ref.name);
  const record = running(ref);
  if (record.state === 'paused') return;
  const status = loadStatus(record);
  freeze(new DomainCgroup(status.extra['cgroup'] ?? ''));
  saveStatus({ ...status, state: 'paused', reason: 'user' });
  lifecycle(status.domain, 'Suspended', 'Paused');
}

/** Throws OPERATION_INVALID if it is not paused. */
export function resumeDomain(connection: Connection, ref: DomainRef): void {
  requireWritable(connection, 'virDomainResume');
  using _lock = lockDomain(ref.name);
  const record = running(ref);
  if (record.state !== 'paused') throw libvirtError('OPERATION_INVALID', 'domain is already running');
  const status = loadStatus(record);
  thaw(new DomainCgroup(status.extra['cgroup'] ?? ''));
  saveStatus({ ...status, state: 'running', reason: 'unpaused' });
  lifecycle(status.domain, 'Resumed', 'Unpaused');
}

function running(ref: DomainRef): StatusRecord {
  const record = liveStatus(ref.name);
  if (!record) throw notRunning();
  return record;
}
