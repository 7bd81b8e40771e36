import { describe, expect, it } from 'vitest';
import { type CpuChanges, changeCpuTuning, readCpuTuning } from '../../../../src/host/cgroup/cpu.ts';
import { PaperCgroup } from '../../../helpers/paper-cgroup.ts';

const V2 = { 'cpu.weight': '100\n', 'cpu.max': '50000 100000\n' };

describe('changeCpuTuning()', () => {
  it.each<[CpuChanges, v1: string[], v2: string[]]>([
    [
      { shares: 512n, periodUs: 20000n, quotaUs: 10000n },
      ['cpu cpu.shares=512', 'cpu cpu.cfs_period_us=20000', 'cpu cpu.cfs_quota_us=10000'],
      ['cpu cpu.weight=512', 'cpu cpu.max=10000 20000'],
    ],
    [{ quotaUs: 10000n }, ['cpu cpu.cfs_quota_us=10000'], ['cpu cpu.max=10000']],
    [{ quotaUs: -5n }, ['cpu cpu.cfs_quota_us=-1'], ['cpu cpu.max=max']],
    [{ periodUs: 20000n }, ['cpu cpu.cfs_period_us=20000'], ['cpu cpu.max=50000 20000']],
    [{ shares: 2n }, ['cpu cpu.shares=2'], ['cpu cpu.weight=2']],
    [{}, [], []],
  ])('writes %o', (changes, v1, v2) => {
    const cgroups = [new PaperCgroup(1), new PaperCgroup(2, V2)];
    for (const cgroup of cgroups) changeCpuTuning(cgroup, changes);
    expect(cgroups.map(({ writes }) => writes)).toEqual([v1, v2]);
  });

  it('keeps a quota that there is none of', () => {
    const cgroup = new PaperCgroup(2, { ...V2, 'cpu.max': 'max 100000\n' });
    changeCpuTuning(cgroup, { periodUs: 20000n });
    expect(cgroup.writes).toEqual(['cpu cpu.max=max 20000']);
  });
});

describe('readCpuTuning()', () => {
  it('has the same of both versions', () => {
    const v1 = { 'cpu.shares': '512\n', 'cpu.cfs_period_us': '100000\n', 'cpu.cfs_quota_us': '-1\n' };
    expect(readCpuTuning(new PaperCgroup(1, v1))).toEqual({ shares: 512n, periodUs: 100000n, quotaUs: -1n });
    expect(readCpuTuning(new PaperCgroup(2, V2))).toEqual({ shares: 100n, periodUs: 100000n, quotaUs: 50000n });
    expect(readCpuTuning(new PaperCgroup(2, { ...V2, 'cpu.max': 'max 20000\n' }))).toEqual({
      shares: 100n,
      periodUs: 20000n,
      quotaUs: -1n,
    });
  });
});
