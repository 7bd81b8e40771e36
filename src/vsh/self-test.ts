// The rules that every definition in the table of commands must keep.

import type { CommandDefinition, CommandTable } from './command.ts';
import { namesOf } from './parse.ts';

/** One sentence for each mistake; empty when the table is sound. */
export function findTableMistakes(table: CommandTable): string[] {
  const commands = [...table.groups, ...table.laterGroups()].flatMap((group) => group.commands);
  return [...duplicates(commands.flatMap(namesOf), 'command'), ...commands.flatMap(commandMistakes)];
}

function duplicates(names: readonly string[], what: string): string[] {
  return names.filter((name, index) => names.indexOf(name) !== index).map((name) => `${what} '${name}' is defined twice`);
}

/** Mistakes in one definition. */
export function commandMistakes(command: CommandDefinition): string[] {
  const mistakes = duplicates(command.options.flatMap(namesOf), 'option').map((text) => `${command.name}: ${text}`);
  const complain = (text: string) => mistakes.push(`${command.name}: ${text}`);
  if (command.summary === '') complain('no summary');
  let optionalSeen = false;
  command.options.forEach((option, index) => {
    if (option.name === 'help') complain("option 'help' belongs to every command");
    if (option.type === 'bool' && option.required) complain(`bool option '${option.name}' cannot be required`);
    if (option.required && optionalSeen && option.type !== 'argv' && !option.namedOnly) {
      complain(`required option '${option.name}' comes after an optional one`);
    }
    if (option.type === 'argv' && !option.namedOnly && index + 1 < command.options.length)
      complain(`argv option '${option.name}' is not the last`);
    if (!option.required && !option.namedOnly) optionalSeen = true;
  });
  const names = new Set(command.options.map(({ name }) => name));
  for (const { option, other } of command.rules ?? []) {
    for (const name of [option, other]) if (!names.has(name)) complain(`rule about unknown option '${name}'`);
  }
  return mistakes;
}
