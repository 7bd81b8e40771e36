// All commands, by group, in the order in which help lists them. Loads the definition of each.

import type { CommandDefinition, CommandTable, GroupDefinition } from './command.ts';
import { domainCommands } from './commands/domain/index.ts';
import { eventCommands } from './commands/events.ts';
import { hostCommands } from './commands/host/index.ts';
import { hostDeviceGroups } from './commands/host-devices/index.ts';
import { monitorCommands } from './commands/monitor/index.ts';
import { networkCommands } from './commands/network/index.ts';
import { storageGroups } from './commands/storage/index.ts';
import { unsupportedGroups } from './commands/unsupported/index.ts';
import { virshCommands } from './commands/virsh/index.ts';
import { commandsMeantBy } from './other-names.ts';

const groups: readonly GroupDefinition[] = [
  { name: 'Domain Management', keyword: 'domain', commands: domainCommands },
  { name: 'Domain Monitoring', keyword: 'monitor', commands: monitorCommands },
  { name: 'Domain Events', keyword: 'events', commands: eventCommands },
  { name: 'Host and Hypervisor', keyword: 'host', commands: hostCommands },
  { name: 'Networking', keyword: 'network', commands: networkCommands },
  { name: 'Virsh itself', keyword: 'virsh', commands: virshCommands },
];

let later: readonly GroupDefinition[] | undefined;

function laterGroups(): readonly GroupDefinition[] {
  later ??= [...hostDeviceGroups(), ...storageGroups(), ...unsupportedGroups()];
  return later;
}

export const commandTable: CommandTable = {
  groups,
  laterGroups,
  find: (name) => findIn(groups, name) ?? findIn(laterGroups(), name),
  meantBy: commandsMeantBy,
};

function findIn(groups: readonly GroupDefinition[], name: string): CommandDefinition | undefined {
  for (const group of groups) {
    for (const command of group.commands) {
      if (command.name === name || command.aliases?.includes(name)) return command;
    }
  }
  return undefined;
}
