// What the program tells about itself: --help and --version.

import { commandLines, shownGroups } from '../vsh/help.ts';
import type { CommandTable } from './command.ts';
import type { CommandLine } from './settings.ts';
import { GLOBAL_OPTIONS } from './settings.ts';
import { LIBVIRT_VERSION, PROGRAM_VERSION } from './version.ts';

const PROGRAM = 'virsh-lxc';

export function tellAbout(
  about: NonNullable<CommandLine['about']>,
  printer: { readonly table: CommandTable; print(text: string): void },
): void {
  if (about === 'version') printer.print(`${LIBVIRT_VERSION}\n`);
  else if (about === 'long-version') printer.print(longVersion());
  else printer.print(usage(printer.table));
}

function longVersion(): string {
  return [
    `Virsh command line tool of libvirt ${LIBVIRT_VERSION}`,
    `${PROGRAM} ${PROGRAM_VERSION}: libvirt's LXC driver without a daemon`,
    '',
    'Compiled with support for:',
    ' Hypervisors: LXC',
    ' Networking: Network Bridging',
    ' Storage: Dir Filesystem',
    ' Miscellaneous: Debug Readline',
    '',
  ].join('\n');
}

function usage(table: CommandTable): string {
  const options = GLOBAL_OPTIONS.map(({ letter, long, placeholder, help }) => {
    const name = long === undefined ? '' : `--${long}${placeholder === undefined ? '' : `=${placeholder}`}`;
    const forms = [letter === undefined ? '' : `-${letter}`, name].filter(Boolean).join(' | ');
    return `    ${forms.padEnd(34)} ${help}\n`;
  }).join('');
  const commands = shownGroups(table)
    .map((group) => `\n ${group.name} (help keyword '${group.keyword}')\n${commandLines(group)}`)
    .join('');
  return (
    `\n${PROGRAM} [options]... [<command_string>]\n${PROGRAM} [options]... <command> [args...]\n\n` +
    `  options:\n${options}  commands (non interactive mode):\n${commands}\n` +
    '  (help COMMAND tells more about one of them)\n\n'
  );
}
