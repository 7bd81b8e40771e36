import type { Procedure } from '../procedure.ts';

/** One table of several. */
export const tableOf = (...groups: readonly Readonly<Record<number, Procedure>>[]): ReadonlyMap<number, Procedure> =>
  new Map(groups.flatMap((group) => Object.entries(group).map(([number, procedure]) => [Number(number), procedure] as const)));
