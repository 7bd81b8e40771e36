// Rates of an interface or a port, as parameters.
import type { Bandwidth, BandwidthRate } from '../../domain/definition.ts';
import { valuesOf } from '../parameters.ts';
import type { TypedParameter } from '../types.ts';

const RATES = ['average', 'peak', 'burst', 'floor'] as const;
const TYPES = Object.fromEntries(
  ['inbound', 'outbound'].flatMap((direction) => RATES.map((rate) => [`${direction}.${rate}`, 'uint' as const])),
);

/** The directions of which there are any; an empty one is without limits. Throws as valuesOf(). */
export function bandwidthIn(given: readonly TypedParameter[]): Bandwidth {
  const values = valuesOf(given, TYPES);
  const rates = (direction: string): BandwidthRate | undefined => {
    const set = RATES.flatMap((rate): [string, number][] => {
      const value = values[`${direction}.${rate}`];
      return value === undefined ? [] : [[rate, value]];
    });
    if (set.length === 0) return undefined;
    if (!set.some(([rate, value]) => value > 0 && (rate === 'average' || rate === 'floor'))) return {}; // which takes it away
    return Object.fromEntries(set.filter(([, value]) => value > 0));
  };
  const [inbound, outbound] = [rates('inbound'), rates('outbound')];
  return { ...(inbound && { inbound }), ...(outbound && { outbound }) };
}
