// What a start would do.
import process from 'node:process';
import type { Plan } from '../../lib-native/plan-encoding.ts';
import type { DomainDefinition } from '../domain/definition.ts';
import { cgroupFor } from '../host/cgroup/cgroup.ts';
import { availableLevel } from '../security/level.ts';
import { takeIds } from './automatic-ids.ts';
import { openHostSide } from './host-side.ts';
import { asStartup, InheritedFds } from './launch.ts';
import { labelOf } from './own-label.ts';
import { compilePlan } from './plan/plan.ts';
import { inheritResources, planInputs } from './plan-inputs.ts';
import { startable } from './startable.ts';

/** The plan of a domain that is not started: with the descriptors that a start would have, and this process for its controller. */
export async function dryRun(stored: DomainDefinition, options: { hostRoot?: boolean; atTerminal?: boolean }): Promise<Plan> {
  const given = startable(stored, options);
  const level = availableLevel(given);
  using ids = takeIds(given, level);
  const { definition, mountOptions, onExec } = await labelOf(ids.definition);
  using host = openHostSide(definition, { labelOptions: mountOptions });
  const numbers = inheritResources(host.resources, host.shared, new InheritedFds([null, null, null]));
  const cgroup = asStartup(() => cgroupFor(definition, process.pid));
  const facts = { passFds: [], atTerminal: options.atTerminal === true, level, label: onExec, mountOptions };
  const inputs = asStartup(() => planInputs(host.live, numbers, cgroup, facts));
  return compilePlan(host.live, inputs);
}
