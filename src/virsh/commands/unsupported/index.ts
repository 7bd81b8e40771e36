import type { GroupDefinition } from '../../command.ts';
import { changeMedia } from '../domain/disk.ts';
import { otherDriversCommands } from './other-drivers.ts';
import { refusedDomainCommands } from './refused.ts';

let groups: readonly GroupDefinition[] | undefined;

/** virsh's commands that containers do not have, by virsh's groups. */
export function unsupportedGroups(): readonly GroupDefinition[] {
  groups ??= [...withChangeMedia(refusedDomainCommands()), ...otherDriversCommands()];
  return groups;
}

/** The one that does something before it is refused. */
function withChangeMedia([domain, ...others]: readonly GroupDefinition[]): GroupDefinition[] {
  return [{ ...domain!, commands: [...domain!.commands, changeMedia] }, ...others];
}
