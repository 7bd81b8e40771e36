import { describe, expect, it } from 'vitest';
import { MEMORY_UNLIMITED_KIB } from '../../../../src/domain/definition.ts';
import {
  changeMemoryLimits,
  type MemoryChanges,
  memoryStats,
  oomKills,
  oomKillsIn,
  readMemoryLimits,
} from '../../../../src/host/cgroup/memory.ts';
import { PaperCgroup } from '../../../helpers/paper-cgroup.ts';

const MIB = 1024 * 1024;
const V1 = {
  'memory.limit_in_bytes': `${64 * MIB}\n`,
  'memory.soft_limit_in_bytes': '9223372036854771712\n',
  'memory.memsw.limit_in_bytes': `${96 * MIB}\n`,
};
const V2 = { 'memory.max': `${64 * MIB}\n`, 'memory.high': 'max\n', 'memory.swap.max': `${32 * MIB}\n` };

describe('changeMemoryLimits()', () => {
  const written = (version: 1 | 2, changes: MemoryChanges, files: Record<string, string> = version === 1 ? V1 : V2): string[] => {
    const cgroup = new PaperCgroup(version, files);
    changeMemoryLimits(cgroup, changes);
    return cgroup.writes;
  };
  const all = (hardMiB: number, swapHardMiB: number) => ({
    hardLimitKiB: hardMiB * 1024,
    softLimitKiB: 16 * 1024,
    swapHardLimitKiB: swapHardMiB * 1024,
  });

  it('raises the limit with swap before, and lowers it after the one without', () => {
    expect(written(1, all(128, 160))).toEqual([
      `memory memory.memsw.limit_in_bytes=${160 * MIB}`,
      `memory memory.limit_in_bytes=${128 * MIB}`,
      `memory memory.soft_limit_in_bytes=${16 * MIB}`,
    ]);
    expect(written(1, all(32, 48))).toEqual([
      `memory memory.limit_in_bytes=${32 * MIB}`,
      `memory memory.memsw.limit_in_bytes=${48 * MIB}`,
      `memory memory.soft_limit_in_bytes=${16 * MIB}`,
    ]);
  });

  it('lowers one that is not there yet', () => {
    const files = { ...V1, 'memory.limit_in_bytes': '9223372036854771712', 'memory.memsw.limit_in_bytes': '9223372036854771712' };
    expect(written(1, { hardLimitKiB: 1024, swapHardLimitKiB: 2048 }, files)).toEqual([
      'memory memory.limit_in_bytes=1048576',
      'memory memory.memsw.limit_in_bytes=2097152',
    ]);
  });

  it('limits swap alone on v2: what the hard limit leaves of it, the new one or the one that stays', () => {
    expect(written(2, all(128, 160))).toEqual([
      `memory memory.swap.max=${32 * MIB}`,
      `memory memory.max=${128 * MIB}`,
      `memory memory.high=${16 * MIB}`,
    ]);
    expect(written(2, { swapHardLimitKiB: 80 * 1024 })).toEqual([`memory memory.swap.max=${16 * MIB}`]);
    expect(written(2, { swapHardLimitKiB: 1024 })).toEqual(['memory memory.swap.max=0']);
  });

  it('takes limits away', () => {
    const none = { hardLimitKiB: MEMORY_UNLIMITED_KIB, softLimitKiB: MEMORY_UNLIMITED_KIB, swapHardLimitKiB: MEMORY_UNLIMITED_KIB };
    expect(written(1, none)).toEqual([
      'memory memory.memsw.limit_in_bytes=-1',
      'memory memory.limit_in_bytes=-1',
      'memory memory.soft_limit_in_bytes=-1',
    ]);
    expect(written(2, none)).toEqual(['memory memory.swap.max=max', 'memory memory.max=max', 'memory memory.high=max']);
  });

  it('writes nothing else than is given', () => {
    expect([written(1, {}), written(2, {})]).toEqual([[], []]);
    expect(written(1, { softLimitKiB: 1 })).toEqual(['memory memory.soft_limit_in_bytes=1024']);
    expect(written(2, { hardLimitKiB: 1 })).toEqual(['memory memory.max=1024']);
  });
});

describe('readMemoryLimits()', () => {
  it('knows what both versions call unlimited, and adds memory and swap of v2', () => {
    const expected = { hardLimitKiB: 65536, softLimitKiB: undefined, swapHardLimitKiB: 98304 };
    expect([readMemoryLimits(new PaperCgroup(1, V1)), readMemoryLimits(new PaperCgroup(2, V2))]).toEqual([expected, expected]);
  });

  it('finds no limit of swap where one of its parts has none, or the kernel does not count it', () => {
    const limits = (version: 1 | 2, files: Record<string, string>) => readMemoryLimits(new PaperCgroup(version, files)).swapHardLimitKiB;
    expect(limits(2, { ...V2, 'memory.max': 'max\n' })).toBe(undefined);
    expect(limits(2, { ...V2, 'memory.swap.max': 'max\n' })).toBe(undefined);
    expect(limits(2, { 'memory.max': '1024\n' })).toBe(undefined);
    expect(limits(1, { 'memory.limit_in_bytes': '1024\n' })).toBe(undefined);
  });
});

describe('memoryStats()', () => {
  it.each([
    [1, { 'memory.usage_in_bytes': '2097152\n', 'memory.memsw.usage_in_bytes': '3145728\n' }, { usageKiB: 2048, swapUsageKiB: 3072 }],
    [1, { 'memory.usage_in_bytes': '2097152\n' }, { usageKiB: 2048, swapUsageKiB: undefined }],
    [2, { 'memory.current': '2097151\n', 'memory.swap.current': '4096\n' }, { usageKiB: 2047, swapUsageKiB: 4 }],
    [2, { 'memory.current': '0\n' }, { usageKiB: 0, swapUsageKiB: undefined }],
  ] as const)('of v%i reads each file of %j once', (version, files, expected) => {
    const cgroup = new PaperCgroup(version, { ...files });
    expect(memoryStats(cgroup)).toEqual(expected);
    expect(cgroup.reads).toEqual(Object.keys(files).map((file) => `memory ${file}`));
  });
});

describe('oomKills()', () => {
  it.each([
    ['memory.events', 'low 0\nhigh 0\nmax 41\noom 3\noom_kill 2\noom_group_kill 0\n', 2],
    ['memory.oom_control', 'oom_kill_disable 0\nunder_oom 0\noom_kill 12\n', 12],
    ['one of an old kernel', 'oom_kill_disable 0\nunder_oom 0\n', 0],
  ])('reads %s', (_, text, kills) => expect(oomKillsIn(text)).toBe(kills));

  it('takes the file of its version, and none where the cgroup is gone', () => {
    expect(oomKills(new PaperCgroup(1, { 'memory.oom_control': 'oom_kill 1\n' }))).toBe(1);
    expect(oomKills(new PaperCgroup(2, { 'memory.events': 'oom_kill 2\n' }))).toBe(2);
    expect([oomKills(new PaperCgroup(1)), oomKills(new PaperCgroup(2))]).toEqual([0, 0]);
  });
});
