// Figures of a running cgroup: each file is read once, and what the kernel does not tell is undefined.
import { describe, expect, it } from 'vitest';
import { blkioFigures } from '../../../../src/host/cgroup/blkio.ts';
import { cpuFigures } from '../../../../src/host/cgroup/cpuacct.ts';
import { bigintIn, fieldIn } from '../../../../src/host/cgroup/figures.ts';
import { memoryFigures, oomKillFigure } from '../../../../src/host/cgroup/memory.ts';
import { pidsFigures } from '../../../../src/host/cgroup/pids.ts';
import { pressureIn, pressureOf } from '../../../../src/host/cgroup/pressure.ts';
import { PaperCgroup } from '../../../helpers/paper-cgroup.ts';

describe('fieldIn()', () => {
  const text = 'rss 1\ntotal_rss 22\nlast 333\n';
  it.each([
    ['rss', '1'],
    ['total_rss', '22'],
    ['last', '333'],
    ['ss', undefined],
    ['total', undefined],
  ])('%s', (name, value) => {
    expect(fieldIn(text, name)).toBe(value);
  });

  it('needs no newline at the end, and no number in a bigint', () => {
    expect(fieldIn('a 1\nb 2', 'b')).toBe('2');
    expect(bigintIn('a max\n', 'a')).toBe(undefined);
  });
});

const BOTH = { usage: true, throttling: true };

describe('cpuFigures()', () => {
  const V1 = {
    'cpuacct.usage': '12345678901\n',
    'cpuacct.stat': 'user 12\nsystem 3\n',
    'cpu.stat': 'nr_periods 7\nnr_throttled 2\nthrottled_time 5000001\n',
  };
  const V2 = {
    'cpu.stat':
      'usage_usec 12345678\nuser_usec 120000\nsystem_usec 30000\nnr_periods 7\nnr_throttled 2\nthrottled_usec 5000\nnr_bursts 0\n',
  };

  it('has usage and throttling of either version', () => {
    const [v1, v2] = [new PaperCgroup(1, V1), new PaperCgroup(2, V2)];
    expect(cpuFigures(v1, BOTH)).toEqual({
      usage: { totalNs: 12345678901n, userNs: 120000000n, systemNs: 30000000n },
      throttling: { periods: 7, throttled: 2, throttledNs: 5000001n },
    });
    expect(cpuFigures(v2, BOTH)).toEqual({
      usage: { totalNs: 12345678000n, userNs: 120000000n, systemNs: 30000000n },
      throttling: { periods: 7, throttled: 2, throttledNs: 5000000n },
    });
    expect([v1.reads, v2.reads]).toEqual([['cpuacct cpuacct.usage', 'cpuacct cpuacct.stat', 'cpu cpu.stat'], ['cpu cpu.stat']]);
  });

  it('reads no file that is not asked for', () => {
    const v1 = new PaperCgroup(1, V1);
    cpuFigures(v1, { usage: false, throttling: true });
    expect(v1.reads).toEqual(['cpu cpu.stat']);
  });

  it.each([1, 2] as const)('of a cgroup that is gone are none, v%i', (version) => {
    expect(cpuFigures(new PaperCgroup(version), BOTH)).toEqual({ usage: undefined, throttling: undefined });
  });

  it('has no throttling where the controller is off', () => {
    const cgroup = new PaperCgroup(2, { 'cpu.stat': 'usage_usec 1\nuser_usec 1\nsystem_usec 0\n' });
    expect(cpuFigures(cgroup, BOTH)).toEqual({ usage: { totalNs: 1000n, userNs: 1000n, systemNs: 0n }, throttling: undefined });
  });
});

describe('memoryFigures()', () => {
  const V1 = {
    'memory.usage_in_bytes': '10240000\n',
    'memory.stat':
      'cache 1\nrss 2\npgfault 3\nhierarchical_memory_limit 67108864\ntotal_cache 4096000\ntotal_rss 2048000\n' +
      'total_swap 1024\ntotal_pgfault 90\ntotal_pgmajfault 4\ntotal_inactive_file 2048\n',
  };
  const V2 = {
    'memory.current': '10240000\n',
    'memory.stat': 'anon 2048000\nfile 4096000\ninactive_file 2048\npgfault 90\npgmajfault 4\n',
    'memory.max': '67108864\n',
    'memory.swap.current': '1024\n',
  };
  const figures = {
    usageKiB: 10000,
    limitKiB: 65536,
    swapKiB: 1,
    rssKiB: 2000,
    cacheKiB: 4000,
    inactiveCacheKiB: 2,
    minorFaults: 86,
    majorFaults: 4,
  };

  it('are of the cgroup with all below it, in either version', () => {
    const [v1, v2] = [new PaperCgroup(1, V1), new PaperCgroup(2, V2)];
    expect(memoryFigures(v1)).toEqual(figures);
    expect(memoryFigures(v2)).toEqual(figures);
    expect(v1.reads).toEqual(['memory memory.usage_in_bytes', 'memory memory.stat']);
    expect(v2.reads).toEqual(['memory memory.current', 'memory memory.stat', 'memory memory.max', 'memory memory.swap.current']);
  });

  it.each<[1 | 2, Record<string, string>]>([
    [1, { ...V1, 'memory.stat': V1['memory.stat'].replace('67108864', '9223372036854771712') }],
    [2, { ...V2, 'memory.max': 'max\n' }],
  ])('know of no limit, v%i', (version, files) => {
    expect(memoryFigures(new PaperCgroup(version, files))?.limitKiB).toBe(undefined);
  });

  it.each([1, 2] as const)('of a cgroup that is gone are none, v%i', (version) => {
    expect(memoryFigures(new PaperCgroup(version))).toBe(undefined);
  });
});

describe('other figures', () => {
  it('oomKillFigure() is undefined where no kernel counts', () => {
    expect(oomKillFigure(new PaperCgroup(1, { 'memory.oom_control': 'oom_kill_disable 0\nunder_oom 0\noom_kill 3\n' }))).toBe(3);
    expect(oomKillFigure(new PaperCgroup(2, { 'memory.events': 'low 0\noom 5\noom_kill 4\n' }))).toBe(4);
    expect(oomKillFigure(new PaperCgroup(2))).toBe(undefined);
  });

  it('pidsFigures() tells a limit if there is one', () => {
    expect(pidsFigures(new PaperCgroup(1, { 'pids.current': '5\n', 'pids.max': 'max\n' }))).toEqual({ current: 5, limit: undefined });
    expect(pidsFigures(new PaperCgroup(2, { 'pids.current': '5\n', 'pids.max': '64\n' }))).toEqual({ current: 5, limit: 64 });
    expect(pidsFigures(new PaperCgroup(1))).toBe(undefined);
  });

  it('blkioFigures() of either version, and of none', () => {
    const counted = new Map([['8:0', { readRequests: 3n, readBytes: 4096n, writeRequests: 1n, writeBytes: 512n }]]);
    const v1 = {
      'blkio.throttle.io_serviced': '8:0 Read 3\n8:0 Write 1\n8:0 Total 4\nTotal 4\n',
      'blkio.throttle.io_service_bytes': '8:0 Read 4096\n8:0 Write 512\nTotal 4608\n',
    };
    expect(blkioFigures(new PaperCgroup(1, v1))).toEqual(counted);
    expect(blkioFigures(new PaperCgroup(2, { 'io.stat': '8:0 rbytes=4096 wbytes=512 rios=3 wios=1 dbytes=0 dios=0\n' }))).toEqual(counted);
    expect(blkioFigures(new PaperCgroup(1))).toEqual(new Map());
  });

  it('pressure is per cent and microseconds; a kernel before 5.13 has no `full` of the processor', () => {
    const some = 'some avg10=1.25 avg60=0.50 avg300=0.10 total=123456\n';
    expect(pressureIn(`${some}full avg10=0.00 avg60=0.00 avg300=0.00 total=7\n`)).toEqual({
      some: { avg10: 1.25, totalUs: 123456n },
      full: { avg10: 0, totalUs: 7n },
    });
    expect(pressureIn(some)).toEqual({ some: { avg10: 1.25, totalUs: 123456n } });
    const cgroup = new PaperCgroup(1, { 'io.pressure': some });
    expect([pressureOf(cgroup, 'io'), pressureOf(cgroup, 'cpu')]).toEqual([{ some: { avg10: 1.25, totalUs: 123456n } }, undefined]);
  });
});
