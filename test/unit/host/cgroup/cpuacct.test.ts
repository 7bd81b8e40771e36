import { describe, expect, it } from 'vitest';
import { LibvirtError } from '../../../../src/errors.ts';
import { cpuStats, cpuTimesNs } from '../../../../src/host/cgroup/cpuacct.ts';
import { PaperCgroup } from '../../../helpers/paper-cgroup.ts';

const V1 = { 'cpuacct.usage': '12345678901\n', 'cpuacct.stat': 'user 12\nsystem 3\n' };
const V2 = { 'cpu.stat': 'usage_usec 12345678\nuser_usec 120000\nsystem_usec 30000\nnr_periods 0\n' };

describe('cpuStats()', () => {
  it('is in nanoseconds, and reads each file once', () => {
    const [v1, v2] = [new PaperCgroup(1, V1), new PaperCgroup(2, V2)];
    expect(cpuStats(v1)).toEqual({ totalNs: 12345678901n, userNs: 120000000n, systemNs: 30000000n });
    expect(cpuStats(v2)).toEqual({ totalNs: 12345678000n, userNs: 120000000n, systemNs: 30000000n });
    expect([v1.reads, v2.reads]).toEqual([['cpuacct cpuacct.usage', 'cpuacct cpuacct.stat'], ['cpu cpu.stat']]);
  });

  it.each<[1 | 2, Record<string, string>, string]>([
    [1, { ...V1, 'cpuacct.stat': 'user 12\n' }, 'system'],
    [2, { 'cpu.stat': 'usage_usec 1\n' }, 'user_usec'],
  ])('says which value v%i lacks', (version, files, name) => {
    expect(() => cpuStats(new PaperCgroup(version, files))).toThrow(
      new LibvirtError('INTERNAL_ERROR', `internal error: cannot parse cpu usage stat '${name}'`),
    );
  });
});

describe('cpuTimesNs()', () => {
  it('is kept by v1 alone', () => {
    expect(cpuTimesNs(new PaperCgroup(1, { 'cpuacct.usage_percpu': '18446744073709551615 0 7 \n' }))).toEqual([
      18446744073709551615n,
      0n,
      7n,
    ]);
    expect(cpuTimesNs(new PaperCgroup(2, V2))).toBe(undefined);
  });
});
