// What a definition becomes when it is started, unless it must not be.
import type { DomainDefinition } from '../domain/definition.ts';
import { hostCgroups } from '../host/cgroup/layout.ts';
import { hostRootRefusal } from './host-root.ts';
import { liveDefinition } from './live-definition.ts';

/** Throws CONFIG_UNSUPPORTED for what a container cannot have, OPERATION_DENIED for what it must not, SYSTEM_ERROR on a host without cgroups. */
export function startable(stored: DomainDefinition, { hostRoot }: { hostRoot?: boolean }): DomainDefinition {
  hostCgroups();
  const definition = liveDefinition(stored);
  if (hostRoot) definition.hostRoot = true; // while it runs, and when it is started again: it was meant so
  const refusal = hostRootRefusal(definition);
  if (refusal) throw refusal;
  return definition;
}
