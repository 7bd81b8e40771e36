// The groups of storage, by virsh's names.

import type { GroupDefinition } from '../../command.ts';
import { poolCommands } from './pools.ts';
import { volumeCommands } from './volumes.ts';

export const storageGroups = (): GroupDefinition[] => [
  { name: 'Storage Pool', keyword: 'pool', commands: poolCommands() },
  { name: 'Storage Volume', keyword: 'volume', commands: volumeCommands() },
];
