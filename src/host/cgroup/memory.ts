// The memory of a cgroup: its limits and its use (cgroup-v1/memory.rst, cgroup-v2.rst).
import { type DomainDefinition, MEMORY_UNLIMITED_KIB } from '../../domain/definition.ts';
import { LibvirtError } from '../../errors.ts';
import type { DomainCgroup } from './cgroup.ts';
import { numberIn } from './figures.ts';
import { applyLimits, type Limit } from './limit.ts';

/** `swap` limits and counts memory and swap together in v1, as libvirt does; swap alone in v2. */
const FILES = {
  1: {
    hard: 'memory.limit_in_bytes',
    soft: 'memory.soft_limit_in_bytes',
    swap: 'memory.memsw.limit_in_bytes',
    unlimited: '-1',
    usage: 'memory.usage_in_bytes',
    swapUsage: 'memory.memsw.usage_in_bytes',
    events: 'memory.oom_control',
  },
  2: {
    hard: 'memory.max',
    soft: 'memory.high',
    swap: 'memory.swap.max',
    unlimited: 'max',
    usage: 'memory.current',
    swapUsage: 'memory.swap.current',
    events: 'memory.events',
  },
} as const;

/** In KiB; undefined where there is no limit. */
export interface MemoryLimits {
  hardLimitKiB: number | undefined;
  softLimitKiB: number | undefined;
  /** Memory and swap together. */
  swapHardLimitKiB: number | undefined;
}

/** Limits that are to change; MEMORY_UNLIMITED_KIB and above take one away. */
export type MemoryChanges = { [Name in keyof MemoryLimits]?: MemoryLimits[Name] };

/** As libvirt: a container starts with all of its memory; <currentMemory> is what `setmem` made of it since. */
export function memoryLimits({ memtune, memoryKiB }: DomainDefinition, version: 1 | 2): Limit[] {
  const { hard, soft, swap } = limitsOf({ ...memtune, hardLimitKiB: memtune.hardLimitKiB ?? memoryKiB }, undefined, version);
  return [...hard, ...soft, ...swap];
}

/** v1 refuses a limit with swap below the one without at every moment, so the order depends on the direction. */
export function memoryChanges(changes: MemoryChanges, current: MemoryLimits, version: 1 | 2): Limit[] {
  const { hard, soft, swap } = limitsOf(changes, current.hardLimitKiB, version);
  const isGrowing = (changes.swapHardLimitKiB ?? 0) >= (current.swapHardLimitKiB ?? MEMORY_UNLIMITED_KIB);
  return [...(isGrowing ? [...swap, ...hard] : [...hard, ...swap]), ...soft];
}

/** `hardKiB`: the limit that stays, where none is given. */
function limitsOf(
  { hardLimitKiB, softLimitKiB, swapHardLimitKiB }: MemoryChanges,
  hardKiB: number | undefined,
  version: 1 | 2,
): { hard: Limit[]; soft: Limit[]; swap: Limit[] } {
  const files = FILES[version];
  const one = (file: string, kib: number | undefined): Limit[] => {
    if (kib === undefined) return [];
    const value = kib >= MEMORY_UNLIMITED_KIB ? files.unlimited : (BigInt(kib) * 1024n).toString();
    return [{ controller: 'memory', files: [file], value }];
  };
  const isSwapAlone = version === 2 && swapHardLimitKiB !== undefined && swapHardLimitKiB < MEMORY_UNLIMITED_KIB;
  const swapKiB = isSwapAlone ? Math.max(0, swapHardLimitKiB - (hardLimitKiB ?? hardKiB ?? 0)) : swapHardLimitKiB;
  return { hard: one(files.hard, hardLimitKiB), soft: one(files.soft, softLimitKiB), swap: one(files.swap, swapKiB) };
}

/** Throws SYSTEM_ERROR. */
export function changeMemoryLimits(cgroup: DomainCgroup, changes: MemoryChanges): void {
  applyLimits(cgroup, memoryChanges(changes, readMemoryLimits(cgroup), cgroup.layout.version));
}

export function readMemoryLimits(cgroup: DomainCgroup): MemoryLimits {
  const { version } = cgroup.layout;
  const files = FILES[version];
  const [hardLimitKiB, softLimitKiB, swapKiB] = [files.hard, files.soft, files.swap].map((file) => readLimit(cgroup, file));
  const together = hardLimitKiB === undefined || swapKiB === undefined ? undefined : hardLimitKiB + swapKiB;
  return { hardLimitKiB, softLimitKiB, swapHardLimitKiB: version === 2 ? together : swapKiB };
}

function readLimit(cgroup: DomainCgroup, file: string): number | undefined {
  if (!cgroup.has('memory', file)) return undefined;
  const text = cgroup.read('memory', file).trim();
  if (text === 'max') return undefined;
  const kib = inKiB(text);
  // v1 says "unlimited" with the largest number of pages that it can count.
  return kib >= MEMORY_UNLIMITED_KIB - 1024 ? undefined : kib;
}

const inKiB = (bytes: string): number => Number(BigInt(bytes.trim()) >> 10n);

export interface MemoryStats {
  /** Page cache included. */
  usageKiB: number;
  /** v1: memory and swap together; v2: swap alone. undefined where the kernel does not count it. */
  swapUsageKiB: number | undefined;
}

export function memoryStats(cgroup: DomainCgroup): MemoryStats {
  const { swapUsage } = FILES[cgroup.layout.version];
  return {
    usageKiB: memoryUsageKiB(cgroup),
    swapUsageKiB: cgroup.has('memory', swapUsage) ? inKiB(cgroup.read('memory', swapUsage)) : undefined,
  };
}

/** Memory in use, page cache included. */
export const memoryUsageKiB = (cgroup: DomainCgroup): number => inKiB(cgroup.read('memory', FILES[cgroup.layout.version].usage));

export interface MemoryFigures {
  /** Page cache included. */
  usageKiB: number;
  /** The least of the cgroup's and those above it (v1), or its own; undefined: none. */
  limitKiB: number | undefined;
  swapKiB: number;
  /** Memory of no file. */
  rssKiB: number;
  /** Contents of files. */
  cacheKiB: number;
  /** What of that can be given up at once. */
  inactiveCacheKiB: number;
  minorFaults: number;
  majorFaults: number;
}

/** The names of `memory.stat`. v1 has each twice: of the cgroup, and (`total_`) with those below it. */
const STAT_NAMES = {
  1: { rss: 'total_rss', cache: 'total_cache', inactive: 'total_inactive_file', faults: 'total_pgfault', major: 'total_pgmajfault' },
  2: { rss: 'anon', cache: 'file', inactive: 'inactive_file', faults: 'pgfault', major: 'pgmajfault' },
} as const;

/** undefined where the cgroup is gone. Reads each file once. */
export function memoryFigures(cgroup: DomainCgroup): MemoryFigures | undefined {
  const { version } = cgroup.layout;
  const usage = cgroup.text('memory', FILES[version].usage);
  const stat = cgroup.text('memory', 'memory.stat');
  if (usage === undefined || stat === undefined) return undefined;
  const names = STAT_NAMES[version];
  const kib = (name: string): number => Math.floor((numberIn(stat, name) ?? 0) / 1024);
  const limit = version === 1 ? numberIn(stat, 'hierarchical_memory_limit') : Number(cgroup.text('memory', FILES[2].hard) ?? Number.NaN);
  const limitKiB = limit === undefined || Number.isNaN(limit) ? undefined : Math.floor(limit / 1024);
  return {
    usageKiB: inKiB(usage),
    limitKiB: limitKiB !== undefined && limitKiB < MEMORY_UNLIMITED_KIB - 1024 ? limitKiB : undefined,
    swapKiB: version === 1 ? kib('total_swap') : Math.floor(Number(cgroup.text('memory', FILES[2].swapUsage) ?? 0) / 1024),
    rssKiB: kib(names.rss),
    cacheKiB: kib(names.cache),
    inactiveCacheKiB: kib(names.inactive),
    minorFaults: (numberIn(stat, names.faults) ?? 0) - (numberIn(stat, names.major) ?? 0),
    majorFaults: numberIn(stat, names.major) ?? 0,
  };
}

/** The same as memoryUsageKiB(), for statistics. */
export function memoryUsageFigure(cgroup: DomainCgroup): number | undefined {
  const text = cgroup.text('memory', FILES[cgroup.layout.version].usage);
  return text === undefined ? undefined : inKiB(text);
}

/** The same as oomKills(), for statistics; undefined where the kernel does not say. */
export function oomKillFigure(cgroup: DomainCgroup): number | undefined {
  const text = cgroup.text('memory', FILES[cgroup.layout.version].events);
  return text === undefined ? undefined : numberIn(text, 'oom_kill');
}

/** How many processes the kernel has killed for memory; 0 where it does not say, or the cgroup is gone. */
export function oomKills(cgroup: DomainCgroup): number {
  try {
    return oomKillsIn(cgroup.read('memory', FILES[cgroup.layout.version].events));
  } catch (error) {
    if (error instanceof LibvirtError) return 0;
    throw error;
  }
}

/** The same, from the text of either version's file. */
export const oomKillsIn = (text: string): number => Number(/^oom_kill (\d+)$/m.exec(text)?.[1] ?? 0);
