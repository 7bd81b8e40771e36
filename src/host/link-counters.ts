// Traffic counters of links from /proc/net/dev, which needs no native code to read.
import type { LinkStatistics, TrafficCounters } from './netlink/link.ts';
import { readText } from './system-files.ts';

/** As the process `pid` sees them, or this one; undefined when there is no such link. */
export const linkCounters = (name: string, pid: number | 'self' = 'self'): LinkStatistics | undefined => allLinkCounters(pid).of(name);

/** Those of all links of a network namespace at one moment: the kernel is asked once. */
export interface LinkCounters {
  of(name: string): LinkStatistics | undefined;
}

export function allLinkCounters(pid: number | 'self' = 'self'): LinkCounters {
  return linkCountersIn(readText(`/proc/${pid}/net/dev`) ?? '');
}

/** Two lines of headings, then `NAME: ` and sixteen numbers for each link. What is not asked for is not read. */
export function linkCountersIn(text: string): LinkCounters {
  let lines: Map<string, string> | undefined;
  const byName = (): Map<string, string> => {
    lines = new Map();
    for (const line of text.split('\n')) {
      const colon = line.indexOf(':');
      if (colon > 0) lines.set(line.slice(0, colon).trim(), line.slice(colon + 1));
    }
    return lines;
  };
  return {
    of(name) {
      const line = (lines ?? byName()).get(name);
      if (line === undefined) return undefined;
      // Eight columns of what came in, then eight of what went out; the first four of each are these.
      const columns = line.trim().split(/\s+/);
      return { received: countersAt(columns, 0), sent: countersAt(columns, 8) };
    },
  };
}

function countersAt(columns: readonly string[], first: number): TrafficCounters {
  const [bytes = 0n, packets = 0n, errors = 0n, dropped = 0n] = columns.slice(first, first + 4).map(BigInt);
  return { bytes, packets, errors, dropped };
}
