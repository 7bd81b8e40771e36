import type { GroupDefinition } from '../../cli/command.ts';
import { otherDriversCommands } from './other-drivers.ts';
import { refusedDomainCommands } from './refused.ts';

let groups: readonly GroupDefinition[] | undefined;

/** virsh's commands that containers do not have, by virsh's groups. */
export function unsupportedGroups(): readonly GroupDefinition[] {
  groups ??= [...refusedDomainCommands(), ...otherDriversCommands()];
  return groups;
}
