// What could come next on a command line: commands, options, domain names, groups.

import type { Connection } from '../driver/connection.ts';
import type { CommandDefinition, CommandTable, OptionDefinition } from './command.ts';

/** Gives the connection to look domains up with, or undefined when there is none to be had. */
export type Connecting = () => Promise<Connection | undefined>;

export interface Completer {
  readonly table: CommandTable;
  readonly connecting: Connecting;
}

/** Every word that may stand in place of the last of `words`, which may be empty or incomplete. */
export async function completions(completer: Completer, words: readonly string[]): Promise<string[]> {
  const last = words.at(-1) ?? '';
  const command = words.length > 1 ? completer.table.find(words[0]!) : undefined;
  if (!command) return words.length > 1 ? [] : beginning(last, visibleNames(completer.table));
  const pending = optionAwaitingValue(command, words.slice(1, -1));
  if (pending) return beginning(last, await values(completer, pending));
  const given = new Set(words.slice(1, -1).filter((word) => word.startsWith('--')));
  const options = command.options.map(({ name }) => `--${name}`).filter((name) => !given.has(name));
  if (last.startsWith('-')) return beginning(last, options);
  const operand = nextOperand(command, words.slice(1, -1));
  return beginning(last, [...(operand ? await values(completer, operand) : []), ...(last === '' ? options : [])]);
}

function beginning(start: string, candidates: readonly string[]): string[] {
  return candidates.filter((candidate) => candidate.startsWith(start)).sort();
}

function visibleNames({ groups }: CommandTable): string[] {
  return groups.flatMap((group) => group.commands.filter((command) => !command.hidden).map((command) => command.name));
}

function optionAwaitingValue(command: CommandDefinition, words: readonly string[]): OptionDefinition | undefined {
  const previous = words.at(-1);
  return command.options.find((option) => option.type !== 'bool' && previous === `--${option.name}`);
}

/** The operand that the next bare word would be. */
function nextOperand(command: CommandDefinition, words: readonly string[]): OptionDefinition | undefined {
  const operands = command.options.filter((option) => option.type !== 'bool' && !option.namedOnly);
  let index = 0;
  for (let at = 0; at < words.length; at++) {
    const word = words[at]!;
    const named = command.options.find((option) => word === `--${option.name}`);
    if (named && named.type !== 'bool') {
      const taken = operands.indexOf(named);
      if (taken >= 0) operands.splice(taken, 1);
      at++;
    } else if (!named) {
      index++;
    }
  }
  const last = operands.at(-1);
  return operands[index] ?? (last?.type === 'argv' ? last : undefined);
}

async function values({ table, connecting }: Completer, option: OptionDefinition): Promise<string[]> {
  if (option.completes === 'command') return [...visibleNames(table), ...table.groups.map(({ keyword }) => keyword)];
  if (option.completes === undefined) return [];
  const connection = await connecting();
  if (!connection) return [];
  if (option.completes === 'network') {
    const { listNetworks } = await import('../driver/network/networks.ts');
    return (await listNetworks(connection)).map(({ name }) => name);
  }
  const { listDomains } = await import('../driver/domain/lookup.ts');
  const which = { active: option.completes !== 'inactive-domain', inactive: option.completes !== 'active-domain' };
  return (await listDomains(connection, which)).map(({ name }) => name);
}
