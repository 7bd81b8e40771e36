// Traffic counters of links from /proc/net/dev, which needs no native code to read.
import type { LinkStatistics, TrafficCounters } from './netlink/link.ts';
import { readText } from './system-files.ts';

/** As the process `pid` sees them, or this one; undefined when there is no such link. */
export function linkCounters(name: string, pid: number | 'self' = 'self'): LinkStatistics | undefined {
  for (const line of (readText(`/proc/${pid}/net/dev`) ?? '').split('\n')) {
    const colon = line.indexOf(':');
    if (line.slice(0, colon).trim() !== name) continue;
    // Eight columns of what came in, then eight of what went out; the first four of each are these.
    const columns = line
      .slice(colon + 1)
      .trim()
      .split(/\s+/)
      .map(BigInt);
    return { received: countersAt(columns, 0), sent: countersAt(columns, 8) };
  }
  return undefined;
}

function countersAt(columns: readonly bigint[], first: number): TrafficCounters {
  const [bytes = 0n, packets = 0n, errors = 0n, dropped = 0n] = columns.slice(first, first + 4);
  return { bytes, packets, errors, dropped };
}
