// Both definitions of a domain, and what is known of it while it runs.

import type { DomainDefinition, SecurityLevel } from '../domain/definition.ts';
import type { DomainRef } from '../domain/ref.ts';
import { notRunning } from '../errors.ts';
import { DomainCgroup } from '../host/cgroup/cgroup.ts';
import type { ProcessIdentity } from '../host/process.ts';

export interface DomainDefinitions {
  ref: DomainRef;
  active: boolean;
  persistent: boolean;
  /** The stored definition; null for a transient domain. */
  config: DomainDefinition | null;
  /** The running one; null while it is off. */
  live: DomainDefinition | null;
  /** The running domain's cgroup, as DomainCgroup takes it. */
  cgroup: string | undefined;
  /** Where its controller holds the file system that we mounted on its /dev. */
  ownDev: { controller: ProcessIdentity; fd: number } | undefined;
  initPid: number;
  /** How the running domain was started, and by whom it runs. */
  run: { controller: ProcessIdentity; initPid: number; level: SecurityLevel; automaticIds: boolean } | undefined;
}

/** The running domain's cgroup. Throws OPERATION_INVALID while it is off. */
export function cgroupOf({ cgroup }: DomainDefinitions): DomainCgroup {
  if (cgroup === undefined) throw notRunning();
  return new DomainCgroup(cgroup);
}
