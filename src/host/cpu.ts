// The host's processors, as /sys/devices/system/cpu, /proc/cpuinfo and /proc/stat show them.
import { libvirtError } from '../errors.ts';
import { listDirectory, parseNumberList, readNumber, readText } from './system-files.ts';

const CPU_DIRECTORY = '/sys/devices/system/cpu';

export function presentCpus(): number[] {
  return parseNumberList(readText(`${CPU_DIRECTORY}/present`) ?? '0');
}

export function onlineCpus(): number[] {
  return parseNumberList(readText(`${CPU_DIRECTORY}/online`) ?? '0');
}

export interface CpuPlace {
  id: number;
  socket: number;
  die: number;
  core: number;
  /** The processors of the same core, itself included. */
  siblings: number[];
}

export function cpuPlace(id: number): CpuPlace {
  const topology = `${CPU_DIRECTORY}/cpu${id}/topology`;
  return {
    id,
    socket: Math.max(0, readNumber(`${topology}/physical_package_id`) ?? 0),
    die: Math.max(0, readNumber(`${topology}/die_id`) ?? 0),
    core: readNumber(`${topology}/core_id`) ?? 0,
    siblings: parseNumberList(readText(`${topology}/thread_siblings_list`) ?? String(id)),
  };
}

/** The current frequency of the first processor; 0 where the kernel does not tell. */
export function cpuMhz(): number {
  // x86 and s390, then arm, which has only this measure, then ppc.
  const match = /^(?:cpu MHz(?: dynamic)?|BogoMIPS|clock)\s*:\s*([\d.]+)/m.exec(readText('/proc/cpuinfo') ?? '');
  return match ? Math.trunc(Number(match[1])) : 0;
}

/** Time spent since the boot, in ns. */
export interface CpuTimes {
  user: bigint;
  system: bigint;
  idle: bigint;
  iowait: bigint;
}

/** A tick of /proc/stat (USER_HZ is 100 everywhere). */
const NS_PER_TICK = 10_000_000n;

/** Of one processor, or of all. INVALID_ARG's plain text when there is no such processor. */
export function cpuTimes(cpu: number | undefined): CpuTimes {
  const line = new RegExp(`^cpu${cpu ?? ''} +(.*)$`, 'm').exec(readText('/proc/stat') ?? '');
  if (!line) throw libvirtError('PLAIN', 'Invalid cpuNum in virHostCPUGetStatsLinux');
  const [user = 0n, nice = 0n, system = 0n, idle = 0n, iowait = 0n, irq = 0n, softirq = 0n] = line[1]!.split(' ').map(BigInt);
  return {
    user: (user + nice) * NS_PER_TICK,
    system: (system + irq + softirq) * NS_PER_TICK,
    idle: idle * NS_PER_TICK,
    iowait: iowait * NS_PER_TICK,
  };
}

export interface CacheBank {
  id: number;
  level: number;
  type: 'both' | 'code' | 'data';
  sizeKiB: number;
  cpus: number[];
}

const CACHE_TYPES: Readonly<Record<string, CacheBank['type']>> = { Unified: 'both', Instruction: 'code', Data: 'data' };
/** Caches below this level belong to a single core and are not listed. */
const LOWEST_SHARED_LEVEL = 3;

/** The caches that cores share, each once. */
export function cacheBanks(cpus: readonly number[]): CacheBank[] {
  const banks = new Map<string, CacheBank>();
  for (const cpu of cpus) {
    const directory = `${CPU_DIRECTORY}/cpu${cpu}/cache`;
    for (const index of listDirectory(directory).filter((name) => /^index\d+$/.test(name))) {
      const bank = readCacheBank(`${directory}/${index}`);
      if (bank && bank.level >= LOWEST_SHARED_LEVEL) banks.set(`${bank.level} ${bank.type} ${bank.id}`, bank);
    }
  }
  return [...banks.values()].sort((a, b) => a.level - b.level || a.type.localeCompare(b.type) || a.id - b.id);
}

function readCacheBank(directory: string): CacheBank | undefined {
  const id = readNumber(`${directory}/id`);
  const level = readNumber(`${directory}/level`);
  const type = CACHE_TYPES[readText(`${directory}/type`) ?? ''];
  const size = /^(\d+)K$/.exec(readText(`${directory}/size`) ?? '');
  if (id === undefined || level === undefined || type === undefined || !size) return undefined;
  return { id, level, type, sizeKiB: Number(size[1]), cpus: parseNumberList(readText(`${directory}/shared_cpu_list`) ?? '') };
}
