// Shares of the processors, and a quota of them (scheduler/sched-bwc.rst, cgroup-v2.rst).
import type { DomainCgroup } from './cgroup.ts';
import { applyLimits, type Limit } from './limit.ts';

/** What v2 has in one file, v1 has in two. */
const FILES = {
  1: { shares: 'cpu.shares', period: 'cpu.cfs_period_us', quota: 'cpu.cfs_quota_us' },
  2: { shares: 'cpu.weight', max: 'cpu.max' },
} as const;

export interface CpuTuning {
  /** The weight on v2. */
  shares: bigint;
  periodUs: bigint;
  /** Negative: unlimited. */
  quotaUs: bigint;
}

export type CpuChanges = { [Name in keyof CpuTuning]?: bigint | number | undefined };

/** `quotaUs`: the quota that stays, where a period is given without one. */
export function cpuLimits({ shares, periodUs, quotaUs }: CpuChanges, version: 1 | 2, staysUs: bigint = -1n): Limit[] {
  const one = (file: string, value: unknown): Limit[] =>
    value === undefined ? [] : [{ controller: 'cpu', files: [file], value: String(value) }];
  if (version === 1) {
    const { shares: sharesFile, period, quota } = FILES[1];
    return [...one(sharesFile, shares), ...one(period, periodUs), ...one(quota, quotaUs !== undefined && quotaUs < 0 ? -1 : quotaUs)];
  }
  const quota = quotaUs ?? staysUs;
  const limited = quota < 0 ? 'max' : String(quota);
  const max = periodUs !== undefined ? `${limited} ${periodUs}` : quotaUs === undefined ? undefined : limited;
  return [...one(FILES[2].shares, shares), ...one(FILES[2].max, max)];
}

/** Throws SYSTEM_ERROR. */
export function changeCpuTuning(cgroup: DomainCgroup, changes: CpuChanges): void {
  const { version } = cgroup.layout;
  const wantsQuota = version === 2 && changes.periodUs !== undefined && changes.quotaUs === undefined;
  applyLimits(cgroup, cpuLimits(changes, version, wantsQuota ? readCpuTuning(cgroup).quotaUs : undefined));
}

export function readCpuTuning(cgroup: DomainCgroup): CpuTuning {
  const number = (file: string) => BigInt(cgroup.read('cpu', file).trim());
  if (cgroup.layout.version === 1) {
    const { shares, period, quota } = FILES[1];
    return { shares: number(shares), periodUs: number(period), quotaUs: number(quota) };
  }
  const [quota = 'max', period = '100000'] = cgroup.read('cpu', FILES[2].max).trim().split(' ');
  return { shares: number(FILES[2].shares), periodUs: BigInt(period), quotaUs: quota === 'max' ? -1n : BigInt(quota) };
}
