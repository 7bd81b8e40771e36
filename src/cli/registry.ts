// Finds commands. Loading every definition costs a millisecond or two of a command that takes eight, so the commands that
// scripts call all day are loaded one at a time; any other, and whatever needs all of them, loads the full table.

import type { CommandDefinition, CommandTable } from './command.ts';

const SINGLE: Record<string, () => Promise<CommandDefinition>> = {
  list: async () => (await import('../commands/monitor/list.ts')).list,
  domstate: async () => (await import('../commands/monitor/domstate.ts')).domstate,
  dominfo: async () => (await import('../commands/monitor/dominfo.ts')).dominfo,
  domid: async () => (await import('../commands/domain/names.ts')).domid,
  domuuid: async () => (await import('../commands/domain/names.ts')).domuuid,
  domname: async () => (await import('../commands/domain/names.ts')).domname,
  dumpxml: async () => (await import('../commands/domain/dumpxml.ts')).dumpxml,
  define: async () => (await import('../commands/domain/define.ts')).define,
  undefine: async () => (await import('../commands/domain/undefine.ts')).undefine,
  start: async () => (await import('../commands/domain/start.ts')).start,
  create: async () => (await import('../commands/domain/create.ts')).create,
  shutdown: async () => (await import('../commands/domain/stop.ts')).shutdown,
  reboot: async () => (await import('../commands/domain/reboot.ts')).reboot,
  destroy: async () => (await import('../commands/domain/stop.ts')).destroy,
  console: async () => (await import('../commands/domain/console.ts')).consoleCommand,
  'lxc-enter-namespace': async () => (await import('../commands/domain/lxc-enter-namespace.ts')).lxcEnterNamespace,
};

/** A table in which the command of `words`, a command line without its global options, is found if there is one. */
export async function tableFor(words: readonly string[]): Promise<CommandTable> {
  // --help stands for the command help, wherever it is.
  const isSingle = Object.hasOwn(SINGLE, words[0] ?? '') && !words.includes('--help');
  const load = isSingle ? SINGLE[words[0]!] : undefined;
  if (!load) return (await import('./full-table.ts')).commandTable;
  const command = await load();
  return { groups: [], unsupportedGroups: () => [], find: (name) => (name === command.name ? command : undefined) };
}
