// What is measured of domains, as numbers: all that `domstats`, `metrics` and virt-top print. Pure.
import type { DeviceTimes, StorageSizes } from '../../../host/block-device.ts';
import type { BlkioStats } from '../../../host/cgroup/blkio.ts';
import type { CpuStats, Throttling } from '../../../host/cgroup/cpuacct.ts';
import type { MemoryFigures } from '../../../host/cgroup/memory.ts';
import type { PidsFigures } from '../../../host/cgroup/pids.ts';
import type { Pressure, PressureKind } from '../../../host/cgroup/pressure.ts';
import type { LinkStatistics } from '../../../host/netlink/link.ts';
import type { DomainStateName } from '../lookup.ts';

/**
 * Groups of figures, as virConnectGetAllDomainStats has them, in its order: the place of each is its bit there. Asking for a group
 * is what has the kernel asked.
 */
export const STATS_GROUPS = [
  'state',
  'cpu-total',
  'balloon',
  'vcpu',
  'interface',
  'block',
  'perf',
  'iothread',
  'memory',
  'dirtyrate',
  'vm',
] as const;
export type StatsGroup = (typeof STATS_GROUPS)[number];

/** Those that no container has anything of: counters of a CPU, threads and memory of an emulator. */
const EMPTY_GROUPS: readonly StatsGroup[] = ['perf', 'iothread', 'memory', 'dirtyrate'];
export const SUPPORTED_GROUPS = STATS_GROUPS.filter((group) => !EMPTY_GROUPS.includes(group));
/** Without a word on which. `vm` has to be asked for: it has the kernel open twice as many files as all others together. */
export const DEFAULT_GROUPS = SUPPORTED_GROUPS.filter((group) => group !== 'vm');

/** What is read of a domain that runs; each part costs files of its own. */
export type Part =
  | 'cpu'
  | 'cpus'
  | 'throttling'
  | 'memory-usage'
  | 'memory'
  | 'interfaces'
  | 'disks'
  | 'io'
  | 'pids'
  | 'oom-kills'
  | 'pressure'
  | 'uptime';

const PARTS_OF: { readonly [Group in StatsGroup]?: readonly Part[] } = {
  'cpu-total': ['cpu'],
  balloon: ['memory'],
  interface: ['interfaces'],
  block: ['disks'],
  vm: ['uptime', 'pids', 'throttling', 'oom-kills', 'memory', 'io', 'pressure'],
};

export const partsOf = (groups: readonly StatsGroup[]): ReadonlySet<Part> => new Set(groups.flatMap((group) => PARTS_OF[group] ?? []));

/** Of one domain. What was not asked for is undefined, as is what the kernel does not tell. */
export interface DomainFigures {
  name: string;
  uuid: string;
  /** null while it is off. */
  id: number | null;
  state: DomainStateName;
  reason: string;
  /** What it was given. */
  memoryKiB: number;
  currentMemoryKiB: number;
  vcpus: { current: number; maximum: number };
  cpu?: CpuStats | undefined;
  /** On each CPU of the host. */
  cpusNs?: bigint[] | undefined;
  /** Page cache included. */
  memoryUsageKiB?: number | undefined;
  memory?: MemoryFigures | undefined;
  interfaces?: InterfaceFigures[];
  disks?: DiskFigures[];
  /** What all its processes read and wrote, of whatever device. */
  io?: BlkioStats;
  /** The same for each device, by `major:minor`. */
  ioByDevice?: ReadonlyMap<string, BlkioStats>;
  pids?: PidsFigures | undefined;
  throttling?: Throttling | undefined;
  oomKills?: number | undefined;
  pressure?: { [Kind in PressureKind]?: Pressure | undefined };
  uptimeMs?: number;
}

/** What a container could still have of the memory that it is limited to; with what it can be relieved of at once. */
export function spareMemoryKiB({ limitKiB, usageKiB, inactiveCacheKiB }: MemoryFigures): { unused: number; usable: number } | undefined {
  if (limitKiB === undefined) return undefined;
  const unused = Math.max(0, limitKiB - usageKiB);
  return { unused, usable: Math.min(limitKiB, unused + inactiveCacheKiB) };
}

export interface InterfaceFigures {
  /** On the host; that of the container for one that has no end there. */
  name: string;
  /** As the container sees it; undefined for one that is gone. */
  traffic: LinkStatistics | undefined;
}

export interface DiskFigures {
  /** Its target. */
  name: string;
  /** Its source; undefined for an empty drive. */
  path: string | undefined;
  /** `major:minor` of the host's device. */
  number: string | undefined;
  /** What the container read and wrote. */
  io: BlkioStats | undefined;
  /** Of the device as a whole, whoever waited. */
  times: DeviceTimes | undefined;
  sizes: StorageSizes | undefined;
}
