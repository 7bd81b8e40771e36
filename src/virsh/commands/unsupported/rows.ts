// From a row of a table to a command.

import { type CommandDefinition, CURRENT_EXCLUDES, defineCommand, excludes, type OptionDefinition } from '../../command.ts';
import type { Call, Outcome } from './outcomes.ts';

/** Name, options, outcomes in the order in which they are tried; `one other` are options that exclude each other. */
export type Row = readonly [name: string, options: string, outcomes: readonly Outcome[], exclusive?: readonly string[]];

/**
 * Options are words: `name` (bool), `name#` (number, of the kind that a letter after it says), `name=` (string, `name=?`:
 * perhaps an empty one), `name...` (all that is left); with `!` required, with `--` before it set by name only, `|alias` behind it.
 */
export function commandOf(group: string, [name, options, outcomes, exclusive = []]: Row): CommandDefinition {
  const definitions = options.split(' ').filter(Boolean).map(optionOf);
  const pairs = exclusive.map((pair) => excludes(...(pair.split(' ') as [string, string])));
  const affects = definitions.some((option) => option.name === 'current') && definitions.some((option) => option.name === 'config');
  return defineCommand({
    name,
    group,
    unsupported: true,
    ...(!definitions.some((option) => option.name === 'domain') && { store: false }),
    summary: 'not available for containers',
    description: "The LXC driver has no such operation. The command is known so that scripts get libvirt's own error from it.",
    options: definitions,
    rules: [...(affects ? CURRENT_EXCLUDES : []), ...pairs],
    async run(context, args) {
      const call = { context, args, domain: undefined, active: undefined };
      if (await firstThatApplies(outcomes, true, call)) return;
      const found = await findDomains(call);
      // Reading a value checks it.
      for (const option of definitions) void args[option.name];
      await firstThatApplies(outcomes, false, { ...call, ...found });
    },
  });
}

/** What the letters after `#` mean. `*`: virsh has other worries before it looks at the number. */
const NUMBERS: Readonly<Record<string, Partial<OptionDefinition>>> = {
  '': {},
  u: { min: 0, max: 2 ** 32 - 1 },
  l: { min: -(2 ** 63), max: 2 ** 63 - 1 },
  q: { min: 0, max: 2 ** 64 - 1 },
  /** Below zero counts from the top. */
  w: { min: -(2 ** 63), max: 2 ** 64 - 1 },
  /** Seconds of patience. */
  t: { min: 1, max: 2147483 },
  /** A size: in bytes, and in KiB. */
  s: { type: 'scaled', unitBytes: 1 },
  k: { type: 'scaled' },
  /** A bandwidth: see values.ts. */
  b: { type: 'string', valueWord: 'number', emptyAllowed: true },
  '*': { type: 'string', valueWord: 'number', emptyAllowed: true },
};

function optionOf(words: string): OptionDefinition {
  const [word = '', ...aliases] = words.split('|');
  const [, namedOnly, name = '', kind = '', variety = '', required] = /^(--)?([\w-]+)(#|=|\.\.\.)?([a-z*?]*)(!)?$/.exec(word) ?? [];
  const type = ({ '': 'bool', '#': 'int', '=': 'string', '...': 'argv' } as const)[kind as '' | '#' | '=' | '...'];
  return {
    name,
    type,
    help: '-',
    ...(type === 'int' && NUMBERS[variety]),
    ...(variety === '?' && { emptyAllowed: true }),
    ...(required && { required: true }),
    ...(namedOnly && { namedOnly: true }),
    ...(aliases.length > 0 && { aliases }),
    ...(name === 'domain' && { completes: 'domain' as const }),
  };
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
