// From a row of a table to a command.

import { type CommandDefinition, CURRENT_EXCLUDES, defineCommand, excludes, type GroupDefinition } from '../../command.ts';
import type { Call, Outcome } from './outcomes.ts';
import { parseSynopsis } from './synopsis.ts';

/** Synopsis, outcomes in the order in which they are tried; `one other` are options that exclude each other. */
export type Row = readonly [synopsis: string, outcomes: readonly Outcome[], exclusive?: readonly string[]];

export const groupOf = (name: string, keyword: string, rows: readonly Row[]): GroupDefinition => ({
  name,
  keyword,
  commands: rows.map((row) => commandOf(keyword, row)),
});

function commandOf(group: string, [synopsis, outcomes, exclusive = []]: Row): CommandDefinition {
  const { name, options } = parseSynopsis(synopsis);
  const pairs = exclusive.map((pair) => excludes(...(pair.split(' ') as [string, string])));
  const affects = options.some((option) => option.name === 'current') && options.some((option) => option.name === 'config');
  return defineCommand({
    name,
    group,
    unsupported: true,
    ...(!options.some((option) => option.name === 'domain') && { store: false }),
    summary: 'not available for containers',
    description: "The LXC driver has no such operation. The command is known so that scripts get libvirt's own error from it.",
    options,
    rules: [...(affects ? CURRENT_EXCLUDES : []), ...pairs],
    async run(context, args) {
      const call = { context, args, domain: undefined, active: undefined };
      if (await firstThatApplies(outcomes, true, call)) return;
      const found = await findDomains(call);
      // Reading a value checks it.
      for (const option of options) void args[option.name];
      await firstThatApplies(outcomes, false, { ...call, ...found });
    },
  });
}

async function firstThatApplies(outcomes: readonly Outcome[], early: boolean, call: Call): Promise<boolean> {
  for (const outcome of outcomes) {
    if ((outcome.early ?? false) === early && (await outcome.apply(call))) return true;
  }
  return false;
}

/** Looks up every domain that is named; the (last) one, and whether it runs. */
async function findDomains({ context, args }: Call): Promise<Pick<Call, 'domain' | 'active'>> {
  const value: unknown = args['domain'];
  const names = Array.isArray(value) ? (value as string[]) : typeof value === 'string' ? [value] : [];
  if (names.length === 0) return { domain: undefined, active: undefined };
  const { findDomain } = await import('../lookup.ts');
  const { isActive } = await import('../../../driver/domain/lookup.ts');
  const found = [];
  for (const domain of names) found.push(await findDomain(context, { domain }));
  const domain = found.at(-1)!;
  return { domain, active: isActive(context.connection, domain) };
}
