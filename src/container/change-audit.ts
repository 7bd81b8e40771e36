// The audit records of one change of a domain's state (lifecycle.ts says which). Whether there are any is asked once, and only then.
import fs from 'node:fs';
import type { DomainDefinition } from '../domain/definition.ts';
import type { DomainRef } from '../domain/ref.ts';
import type { DomainStatus } from '../domain/status.ts';
import { DomainCgroup } from '../host/cgroup/cgroup.ts';
import {
  type AuditRecord,
  cgroupChange,
  initRecord,
  machineRecords,
  resourceRecord,
  type StartReason,
  startRecord,
  startRecords,
  stopRecord,
} from '../security/audit/records.ts';
import { leaveTrail, requireTrail, type Trail, trailOf } from '../security/audit/trail.ts';
import type { EndReason } from '../store/live-status.ts';
import { remainingRules } from './devices.ts';

export class ChangeAudit {
  readonly #domain: DomainRef;
  #trail: Trail | undefined;
  #due: DomainStatus | undefined;

  constructor(domain: DomainRef) {
    this.#domain = domain;
  }

  /** Throws as requireTrail(). */
  require(): void {
    this.#trail = requireTrail();
  }

  /** The status with a note that its start is not recorded yet, if it is to be. */
  due(status: DomainStatus, auditDue: StartReason): DomainStatus {
    const { isKept, isLogged } = this.#ask();
    if (!isKept && !isLogged) return status;
    this.#due = { ...status, auditDue };
    return this.#due;
  }

  /** What a container that has started was given; of the status that due() made, or of one like it that was found. */
  recordGrants(found?: DomainStatus): void {
    const due = this.#due ?? found;
    if (due?.auditDue) this.#write(() => grants(due, due.auditDue!));
  }

  /** The status that says no more of it, if it does. */
  recorded(found?: DomainStatus): DomainStatus | undefined {
    const due = this.#due ?? found;
    if (!due?.auditDue) return undefined;
    const { auditDue: _, ...status } = due;
    return status;
  }

  recordStart(found?: DomainStatus): void {
    const due = this.#due ?? found;
    if (due?.auditDue) this.#write(() => started(due, due.auditDue!));
  }

  recordFailedStart(stored: DomainDefinition, live: DomainDefinition | undefined, reason: StartReason): void {
    this.#write(() => [
      ...(reason === 'reboot' ? [stopRecord(stored, 'reboot')] : []),
      ...(live ? machineRecords(live) : []),
      ...startRecords(stored),
      startRecord(stored, reason, 0),
    ]);
  }

  /** Differs from libvirt, which records every end but one that is asked for as a shutdown. */
  recordStop(reason: EndReason, status?: DomainStatus): void {
    this.#write(() => [
      ...(status?.auditDue ? [...grants(status, status.auditDue), ...started(status, status.auditDue)] : []),
      stopRecord(this.#domain, reason === 'crashed' ? 'failed' : reason),
    ]);
  }

  #ask(): Trail {
    this.#trail ??= trailOf(this.#domain.name);
    return this.#trail;
  }

  #write(make: () => readonly AuditRecord[]): void {
    leaveTrail(this.#domain.name, this.#ask(), make);
  }
}

/** In libvirt's order, but for the cgroup, of which it has none. */
function grants({ domain, cgroup }: DomainStatus, reason: StartReason): AuditRecord[] {
  return [
    ...(reason === 'reboot' ? [stopRecord(domain, 'reboot')] : []),
    ...machineRecords(domain),
    ...cgroupRecords(domain, new DomainCgroup(cgroup)),
    ...startRecords(domain),
  ];
}

function started({ domain, controllerPid, initPid }: DomainStatus, reason: StartReason): AuditRecord[] {
  return [
    startRecord(domain, reason, controllerPid),
    initRecord(domain, { controllerPid, initPid, pidNamespace: pidNamespaceOf(initPid) }),
  ];
}

function cgroupRecords(domain: DomainDefinition, cgroup: DomainCgroup): AuditRecord[] {
  const directory = cgroup.directory('devices');
  const changes = [cgroupChange('deny', directory), ...remainingRules(domain).map((rule) => cgroupChange('allow', directory, rule))];
  return changes.map((change) => resourceRecord(domain, change, true));
}

/** Its inode; 0 once init is gone. */
function pidNamespaceOf(initPid: number): number {
  return fs.statSync(`/proc/${initPid}/ns/pid`, { throwIfNoEntry: false })?.ino ?? 0;
}
