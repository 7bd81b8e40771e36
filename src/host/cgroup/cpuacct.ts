// The processor time that a cgroup had: cpuacct of v1 (cgroup-v1/cpuacct.rst), cpu.stat of v2 (cgroup-v2.rst).
import { libvirtError } from '../../errors.ts';
import type { DomainCgroup } from './cgroup.ts';
import { bigintIn, numberIn } from './figures.ts';

/** In nanoseconds. */
export interface CpuStats {
  totalNs: bigint;
  userNs: bigint;
  systemNs: bigint;
}

/** A tick of USER_HZ, which is 100 on every Linux (proc(5)). */
const TICK_NS = 10_000_000n;

/** Reads each file once. Throws INTERNAL_ERROR where one lacks a value. */
export function cpuStats(cgroup: DomainCgroup): CpuStats {
  if (cgroup.layout.version === 2) {
    const text = cgroup.read('cpu', 'cpu.stat');
    const microseconds = (name: string) => field(text, name) * 1000n;
    return { totalNs: microseconds('usage_usec'), userNs: microseconds('user_usec'), systemNs: microseconds('system_usec') };
  }
  const totalNs = BigInt(cgroup.read('cpuacct', 'cpuacct.usage').trim());
  const text = cgroup.read('cpuacct', 'cpuacct.stat');
  return { totalNs, userNs: field(text, 'user') * TICK_NS, systemNs: field(text, 'system') * TICK_NS };
}

/** The time on each CPU of the host; undefined on v2, which does not tell them apart. */
export function cpuTimesNs(cgroup: DomainCgroup): bigint[] | undefined {
  if (cgroup.layout.version === 2) return undefined;
  return cgroup.read('cpuacct', 'cpuacct.usage_percpu').trim().split(/\s+/).map(BigInt);
}

function field(text: string, name: string): bigint {
  const match = new RegExp(`^${name} (\\d+)$`, 'm').exec(text);
  if (!match) throw libvirtError('INTERNAL_ERROR', `cannot parse cpu usage stat '${name}'`);
  return BigInt(match[1]!);
}

/** What a quota did: how many periods there were, in how many of them it was used up, and for how long processes then waited. */
export interface Throttling {
  periods: number;
  throttled: number;
  throttledNs: bigint;
}

export interface CpuFigures {
  /** undefined where the cgroup is gone. */
  usage: CpuStats | undefined;
  throttling: Throttling | undefined;
}

/** Reads each file once, and those only in which there is what is wanted. */
export function cpuFigures(cgroup: DomainCgroup, wants: { usage: boolean; throttling: boolean }): CpuFigures {
  if (cgroup.layout.version === 2) {
    const text = cgroup.text('cpu', 'cpu.stat');
    return { usage: text === undefined ? undefined : usageIn(text), throttling: text === undefined ? undefined : throttlingIn(text) };
  }
  const total = wants.usage ? cgroup.text('cpuacct', 'cpuacct.usage') : undefined;
  const stat = wants.usage ? cgroup.text('cpuacct', 'cpuacct.stat') : undefined;
  const limits = wants.throttling ? cgroup.text('cpu', 'cpu.stat') : undefined;
  return {
    usage: total === undefined || stat === undefined ? undefined : v1UsageIn(total, stat),
    throttling: limits === undefined ? undefined : throttlingIn(limits),
  };
}

function usageIn(text: string): CpuStats {
  const nanoseconds = (name: string) => (bigintIn(text, name) ?? 0n) * 1000n;
  return { totalNs: nanoseconds('usage_usec'), userNs: nanoseconds('user_usec'), systemNs: nanoseconds('system_usec') };
}

function v1UsageIn(total: string, stat: string): CpuStats {
  const nanoseconds = (name: string) => (bigintIn(stat, name) ?? 0n) * TICK_NS;
  return { totalNs: BigInt(total.trim()), userNs: nanoseconds('user'), systemNs: nanoseconds('system') };
}

/** Both versions name the same numbers, but for the time: `throttled_time` in ns, or `throttled_usec`. */
function throttlingIn(text: string): Throttling | undefined {
  const periods = numberIn(text, 'nr_periods');
  if (periods === undefined) return undefined;
  const throttledNs = bigintIn(text, 'throttled_time') ?? (bigintIn(text, 'throttled_usec') ?? 0n) * 1000n;
  return { periods, throttled: numberIn(text, 'nr_throttled') ?? 0, throttledNs };
}
