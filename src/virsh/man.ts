// The manual page virsh-lxc(1): facts from the table of commands, prose from man/prose. Text in, text out.

import type { CommandDefinition, CommandTable, GroupDefinition, OptionDefinition } from '../vsh/command.ts';
import { optionForm, shownGroups, synopsis, visibleCommands } from '../vsh/help.ts';
import type { GLOBAL_OPTIONS } from './settings.ts';

export interface ManualSources {
  readonly table: CommandTable;
  readonly globalOptions: typeof GLOBAL_OPTIONS;
  /** The program's own. */
  readonly version: string;
  /** man/prose/page.roff: the page, with a line `.\" insert: NAME` where something generated belongs. */
  readonly page: string;
  /** man/prose/commands.roff: what the table does not say of a command, after a line `.\" command: NAME`. */
  readonly commands: string;
}

/** The page in roff (groff_man(7)). Throws RangeError for prose about a command that there is not, and an unknown insertion. */
export function manualPage(sources: ManualSources): string {
  const { table, page } = sources;
  const notes = commandNotes(sources.commands);
  for (const name of notes.keys())
    if (!documented(table).some((command) => command.name === name)) throw new RangeError(`no command '${name}'`);
  const parts: Readonly<Record<string, () => string>> = {
    version: () => `.TH VIRSH-LXC 1 "" "virsh-lxc ${sources.version}" "User Commands"\n`,
    'global options': () => sources.globalOptions.map(globalOption).join(''),
    commands: () =>
      shownGroups(table)
        .map((group) => groupSection(group, notes))
        .join(''),
    'refused commands': () => refusedCommands(table),
    'missing commands': () => missingCommands(table),
  };
  const text = page.replace(/^\.\\" insert: (.*)\n/gm, (_, name: string) => {
    const part = parts[name];
    if (!part) throw new RangeError(`nothing is called '${name}'`);
    return part();
  });
  return `'\\" t\n.\\" Made by the build from the table of commands and man/prose; change those.\n${text}`;
}

/** By name: what man/prose/commands.roff says. */
export function commandNotes(text: string): Map<string, string> {
  const [, ...parts] = text.split(/^\.\\" command: /m);
  return new Map(parts.map((part) => [part.slice(0, part.indexOf('\n')), part.slice(part.indexOf('\n') + 1)]));
}

/** The commands that have a section of their own. */
export function documented(table: CommandTable): CommandDefinition[] {
  return shownGroups(table)
    .flatMap(visibleCommands)
    .filter(({ unsupported }) => !unsupported);
}

function globalOption({ letter, long, placeholder, value, help }: (typeof GLOBAL_OPTIONS)[number]): string {
  const word = placeholder === undefined ? '' : `\\fI${escaped(placeholder)}\\fR`;
  const short = letter && `${bold(`-${letter}`)}${value === 'required' ? ` ${word}` : ''}`;
  const name = long && `${bold(`--${long}`)}${word && `${value === 'optional' ? '[=' : '='}${word}${value === 'optional' ? ']' : ''}`}`;
  return `.TP\n${[short, name].filter(Boolean).join(', ')}\n${paragraph(help)}`;
}

function groupSection(group: GroupDefinition, notes: ReadonlyMap<string, string>): string {
  const commands = visibleCommands(group).filter(({ unsupported }) => !unsupported);
  const sections = commands.map((command) => commandSection(command, notes.get(command.name) ?? '')).join('');
  return `.SH "COMMANDS: ${escaped(group.name.toUpperCase())}"\n${sections}`;
}

function commandSection(command: CommandDefinition, notes: string): string {
  const { name, description, options } = command;
  const operands = synopsis(command).split(' ').slice(1).map(synopsisWord).join(' ');
  return [
    `.SS ${escaped(name)}\n`,
    `.SY ${escaped(name)}\n${operands && `${operands}\n`}.YS\n`,
    ...description
      .split('\n')
      .filter(Boolean)
      .map((text) => `.PP\n${paragraph(text)}`),
    ...options.map((option) => `.TP\n${synopsisWord(optionForm(option, command))}\n${paragraph(option.help + bounds(option))}`),
    combinations(command),
    notes,
  ].join('');
}

/** `[--config]`, `<domain>`, `[--mode`, `<string>]`: names are bold, what stands for a value is italic. */
function synopsisWord(word: string): string {
  return escaped(word)
    .replace(/<([^>]*)>/g, '\\fI$1\\fR')
    .replace(/(?:\\-){2}[\w\\-]+/g, (name) => `\\fB${name}\\fR`);
}

/** The least and the greatest value, where they are given. */
function bounds({ min, max }: OptionDefinition): string {
  if (min !== undefined && max !== undefined) return ` (${min} to ${max})`;
  return min === undefined ? '' : ` (at least ${min})`;
}

function combinations({ rules = [] }: CommandDefinition): string {
  const excluded = new Map<string, string[]>();
  for (const { kind, option, other } of rules)
    if (kind === 'excludes') excluded.set(option, [...(excluded.get(option) ?? []), bold(`--${other}`)]);
  const lines = [
    ...[...excluded].map(([option, others]) => `${bold(`--${option}`)} cannot be given together with ${others.join(' or ')}.`),
    ...rules.filter(({ kind }) => kind === 'needs').map(({ option, other }) => `${bold(`--${option}`)} needs ${bold(`--${other}`)}.`),
  ];
  return lines.length === 0 ? '' : `.PP\n${lines.join('\n')}\n`;
}

function refusedCommands(table: CommandTable): string {
  const groups = [...table.groups, ...table.laterGroups()];
  const names = groups
    .flatMap(({ commands }) => commands.filter(({ unsupported, hidden }) => unsupported && !hidden))
    .map(({ name }) => name);
  return `${[...new Set(names)].sort().map(bold).join(',\n')}.\n`;
}

/** What libvirt's LXC driver has besides networks; the page tells which of it is not there yet. */
const EXPECTED =
  'attach-device attach-disk attach-interface detach-device detach-disk detach-interface domif-getlink domif-setlink domifaddr ' +
  'domifstat domxml-from-native managedsave-remove update-device vcpucount';

function missingCommands(table: CommandTable): string {
  const missing = EXPECTED.split(' ').filter((name) => {
    const command = table.find(name);
    return command === undefined || command.unsupported;
  });
  return missing.length === 0 ? '' : `.IP \\(bu 2\nThe commands\n${missing.map(bold).join(',\n')}.\n`;
}

const bold = (text: string): string => `\\fB${escaped(text)}\\fR`;

/** One input line for each sentence, as roff wants it; none is taken for a request. */
function paragraph(text: string): string {
  return `${escaped(text)
    .replace(/\. (?=[A-Z(])/g, '.\n')
    .replace(/^(?=[.'])/gm, '\\&')}\n`;
}

/** Literal text; `-` and `'` stay what they are, so that examples can be copied. */
function escaped(text: string): string {
  return text.replaceAll('\\', '\\e').replaceAll('-', '\\-').replaceAll("'", '\\(aq').replaceAll('^', '\\(ha').replaceAll('~', '\\(ti');
}
