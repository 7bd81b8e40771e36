// What C says of constants that stand in TypeScript, too. The compiler compares: so those of another machine can be asked for.
import { spawnSync } from 'node:child_process';
import { ROOT } from './requires.ts';

export type Value = number | string;

export interface Comparison {
  /** Names that have another value in C: `NAME` and the value that was expected. */
  differ: string[];
  /** Names that these headers do not have. */
  unknown: string[];
}

/** Compares values with those that the headers give to the same names (`fcntl.h`, or `"plan.h"` of the controller's). */
export function compareWithC(headers: readonly string[], values: ReadonlyMap<string, Value>, compiler = 'cc'): Comparison {
  const source = [
    '#define _GNU_SOURCE',
    ...headers.map((header) => `#include ${header.startsWith('"') ? header : `<${header}>`}`),
    ...[...values].map(([name, value]) => `_Static_assert(${isEqual(name, value)}, "differs: ${name}");`),
  ].join('\n');
  const args = ['-std=gnu11', '-fsyntax-only', '-fmax-errors=0', '-I', `${ROOT}/lib-native/controller`, '-x', 'c', '-'];
  const { stderr, error } = spawnSync(compiler, args, { input: source, encoding: 'utf8', env: { ...process.env, LC_ALL: 'C' } });
  if (error) throw error;
  const comparison: Comparison = { differ: [], unknown: [] };
  for (const line of stderr.split('\n').filter((text) => / error: /.test(text))) {
    const [, differs] = /static assertion failed: "differs: (\w+)"/.exec(line) ?? [];
    const [, unknown] = /'(\w+)' undeclared here/.exec(line) ?? [];
    if (differs) comparison.differ.push(`${differs} is not ${values.get(differs)}`);
    else if (unknown && values.has(unknown)) comparison.unknown.push(unknown);
    else if (!/expression in static assertion is not (an integer|constant)/.test(line)) throw new Error(line);
  }
  return comparison;
}

/** An unsigned number of 32 bits may stand for a negative one of C's: their bits are compared. */
function isEqual(name: string, value: Value): string {
  if (typeof value === 'string') return `__builtin_strcmp(${name}, ${JSON.stringify(value)}) == 0`;
  return Math.abs(value) > 0xffffffff ? `(${name}) == ${value}LL` : `(unsigned)(${name}) == (unsigned)${value}LL`;
}
