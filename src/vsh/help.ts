// `help`: the groups, one group, one command. Facts come from the table of commands; --help of the program is in about.ts.

import { type CommandDefinition, type CommandTable, failure, type GroupDefinition, type OptionDefinition } from './command.ts';
import { valueWord } from './parse.ts';

interface Printer {
  readonly table: CommandTable;
  print(text: string): void;
}

/** Prints the help that `topic` asks for. Throws when there is neither a command nor a group of that name. */
export function printHelp(printer: Printer, topic: string | undefined): void {
  if (topic === undefined) {
    printer.print(
      `Grouped commands:\n\n${shownGroups(printer.table)
        .map((group) => `${groupHelp(group)}\n`)
        .join('')}`,
    );
    return;
  }
  const command = printer.table.find(topic);
  const groups = [...printer.table.groups, ...printer.table.laterGroups()];
  const group = groups.find(({ name, keyword }) => name === topic || keyword === topic);
  if (command) printer.print(commandHelp(command));
  else if (group) printer.print(groupHelp(group));
  else throw failure(`command or command group '${topic}' doesn't exist`);
}

/** The groups that have commands which do something. */
export function shownGroups(table: CommandTable): readonly GroupDefinition[] {
  return [...table.groups, ...table.laterGroups().filter(({ commands }) => commands.some(({ unsupported }) => !unsupported))];
}

/** What a list shows of a group: commands that containers have; of a group without any, the refused ones. */
export function visibleCommands(group: GroupDefinition): readonly CommandDefinition[] {
  const shown = group.commands.filter((command) => !command.hidden);
  const supported = shown.filter((command) => !command.unsupported);
  return supported.length > 0 ? supported : shown;
}

export function groupHelp(group: GroupDefinition): string {
  return ` ${group.name} (help keyword '${group.keyword}'):\n${commandLines(group)}`;
}

export function commandLines(group: GroupDefinition): string {
  return visibleCommands(group)
    .map(({ name, summary }) => `    ${name.padEnd(30)} ${summary}\n`)
    .join('');
}

function commandHelp(command: CommandDefinition): string {
  const sections = [
    `  NAME\n    ${command.name} - ${command.summary}\n`,
    `  SYNOPSIS\n    ${synopsis(command)}\n`,
    `  DESCRIPTION\n${wrap(command.description)}`,
  ];
  if (command.options.length > 0) {
    sections.push(
      `  OPTIONS\n${command.options.map((option) => `    ${optionForm(option, command).padEnd(15)}  ${option.help}\n`).join('')}`,
    );
  }
  return `${sections.join('\n')}\n`;
}

/** `start <domain> [--console]`: the words of one command line. */
export function synopsis(command: CommandDefinition): string {
  return [command.name, ...command.options.map((option) => synopsisOf(option, command))].join(' ');
}

function synopsisOf(option: OptionDefinition, command: CommandDefinition): string {
  if (option.type === 'bool') return `[--${option.name}]`;
  if (option.type === 'argv' && option.namedOnly) return `[--${option.name} <${valueWord(option)}>]...`;
  if (option.type === 'argv') {
    const word = hasOtherOperands(command) ? `[--${option.name}] <string>` : `<${option.name}>`;
    return option.required ? `{${word}}...` : `[${word}]...`;
  }
  const named = `--${option.name} <${valueWord(option)}>`;
  if (option.required) return option.namedOnly ? named : `<${option.name}>`;
  return `[${named}]`;
}

/** `--name`, `--name <string>`, or `[--name] <string>` where the word alone will do. */
export function optionForm(option: OptionDefinition, command: CommandDefinition): string {
  if (option.type === 'bool') return `--${option.name}`;
  if (option.type === 'argv' && !hasOtherOperands(command)) return `<${option.name}>`;
  const bare = (option.type === 'argv' || option.required) && !option.namedOnly;
  return `${bare ? `[--${option.name}]` : `--${option.name}`} <${valueWord(option)}>`;
}

function hasOtherOperands(command: CommandDefinition): boolean {
  return command.options.some((option) => option.type !== 'bool' && option.type !== 'argv' && !option.namedOnly);
}

const WIDTH = 76;

/** The text in lines of at most 76 columns after four blanks. */
function wrap(text: string): string {
  const lines: string[] = [];
  for (const paragraph of text.split('\n')) {
    let line = '';
    for (const word of paragraph.split(' ')) {
      if (line !== '' && line.length + 1 + word.length > WIDTH) {
        lines.push(line);
        line = '';
      }
      line += line === '' ? word : ` ${word}`;
    }
    lines.push(line);
  }
  return lines.map((line) => (line === '' ? '\n' : `    ${line}\n`)).join('');
}
