// From a row of a table to a command.

import { type CommandDefinition, defineCommand, type OptionDefinition } from '../../cli/command.ts';
import type { Call, Outcome } from './outcomes.ts';

/** Name, options, outcomes in the order in which they are tried. */
export type Row = readonly [name: string, options: string, outcomes: readonly Outcome[]];

/**
 * Options are words: `name` (bool), `name#` (number), `name=` (string), `name...` (all that is left); with `!` required,
 * with `--` before it set by name only.
 */
export function commandOf(group: string, [name, options, outcomes]: Row): CommandDefinition {
  return defineCommand({
    name,
    group,
    unsupported: true,
    summary: 'not available for containers',
    description: "The LXC driver has no such operation. The command is known so that scripts get libvirt's own error from it.",
    options: options.split(' ').filter(Boolean).map(optionOf),
    async run(context, args) {
      const call = { context, args };
      if (await firstThatApplies(outcomes, true, { ...call, active: undefined })) return;
      const active = await activityOf(call);
      await firstThatApplies(outcomes, false, { ...call, active });
    },
  });
}

function optionOf(word: string): OptionDefinition {
  const [, namedOnly, name = '', kind = '', required] = /^(--)?([\w-]+)(#|=|\.\.\.)?(!)?$/.exec(word) ?? [];
  const type = ({ '': 'bool', '#': 'int', '=': 'string', '...': 'argv' } as const)[kind as '' | '#' | '=' | '...'];
  return {
    name,
    type,
    help: '-',
    // Values are shown and compared, not used: any will do.
    emptyAllowed: true,
    ...(type === 'int' && { min: -Infinity, max: Infinity }),
    ...(required && { required: true }),
    ...(namedOnly && { namedOnly: true }),
    ...(name === 'domain' && { completes: 'domain' as const }),
  };
}

async function firstThatApplies(outcomes: readonly Outcome[], early: boolean, call: Call): Promise<boolean> {
  for (const outcome of outcomes) {
    if ((outcome.early ?? false) === early && (await outcome.apply(call))) return true;
  }
  return false;
}

/** Looks up every domain that is named; whether the (last) one runs. */
async function activityOf({ context, args }: Omit<Call, 'active'>): Promise<boolean | undefined> {
  const value: unknown = args['domain'];
  const names = Array.isArray(value) ? (value as string[]) : typeof value === 'string' ? [value] : [];
  if (names.length === 0) return undefined;
  const { findDomain } = await import('../lookup.ts');
  const { domainId } = await import('../../driver/domain-lookup.ts');
  let active = false;
  for (const domain of names) active = (await domainId(context.connection, await findDomain(context, { domain }))) !== null;
  return active;
}
