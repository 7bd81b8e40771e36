// The audit records of a change of what a running container has: devices that come and go, memory.
import type { DomainRef } from '../domain/ref.ts';
import type { DeviceRule } from '../host/cgroup/devices.ts';
import { cgroupChange, type ResourceChange, resourceRecord } from '../security/audit/records.ts';
import { leaveTrail, requireTrail, type Trail } from '../security/audit/trail.ts';
import { cgroupOf, type DomainDefinitions } from './definitions.ts';

/** Whoever notes nothing is asked nothing: of a change of the stored definition there are no records. */
export class ResourceAudit {
  readonly #domain: DomainRef;
  readonly #noted: ResourceChange[] = [];
  #trail: Trail | undefined;

  constructor(domain: DomainRef) {
    this.#domain = domain;
  }

  /** What is about to be changed. Throws as requireTrail(). */
  note(changes: readonly ResourceChange[]): void {
    this.#trail ??= requireTrail();
    this.#noted.push(...changes);
  }

  /** The same of what the container may do with a device: it may before it has it, as libvirt has it of virtual machines. */
  noteRule(reason: 'allow' | 'deny', image: DomainDefinitions, rule: DeviceRule): void {
    if (rule.access === '') return;
    this.note([cgroupChange(reason, cgroupOf(image).directory('devices'), rule)]);
    if (reason === 'allow') this.#noted.unshift(this.#noted.pop()!);
  }

  /** A device that could not be had changes no rule. */
  write({ success }: { success: boolean }): void {
    if (!this.#trail) return;
    const changes = success ? this.#noted : this.#noted.filter(({ resource }) => resource !== 'cgroup');
    leaveTrail(this.#domain.name, this.#trail, () => changes.map((change) => resourceRecord(this.#domain, change, success)));
  }
}
