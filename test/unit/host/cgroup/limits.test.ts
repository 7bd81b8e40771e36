import { describe, expect, it } from 'vitest';
import type { DomainDefinition } from '../../../../src/domain/definition.ts';
import { domainLimits } from '../../../../src/host/cgroup/limits.ts';
import { minimalDefinition } from '../../../helpers/definition.ts';

/** `controller file|file=value` */
const limits = (version: 1 | 2, change: (definition: DomainDefinition) => void = () => {}): string[] =>
  domainLimits(minimalDefinition(change), version, (path) => (path === '/dev/sda' ? '8:0' : '8:16')).map(
    ({ controller, files, value, missing }) => `${controller} ${files.join('|')}=${value}${missing ? ` (${missing})` : ''}`,
  );

const everything = (definition: DomainDefinition): void => {
  definition.memtune = { hardLimitKiB: 1000, softLimitKiB: 500, swapHardLimitKiB: 1500, minGuaranteeKiB: 7 };
  definition.cputune = { shares: 200, periodUs: 100000, quotaUs: 50000, others: [] };
  definition.blkiotune = {
    weight: 300,
    devices: [
      { path: '/dev/sda', weight: 400, readIopsSec: 1, writeIopsSec: 2, readBytesSec: 3, writeBytesSec: 4 },
      { path: '/dev/sdb', readIopsSec: 0 },
    ],
  };
  definition.vcpu = { count: 2, placement: 'static', cpuset: '0-1' };
  definition.numatune = { mode: 'strict', placement: 'static', nodeset: '0' };
};
const SOME = '(blkio device weight is valid only for bfq or cfq scheduler)';

describe('domainLimits()', () => {
  it('limits memory to what the definition gives, if nothing else is said', () => {
    expect(limits(1)).toEqual(['memory memory.limit_in_bytes=67108864']);
    expect(limits(2)).toEqual(['memory memory.max=67108864']);
    const less = (definition: DomainDefinition) => {
      definition.currentMemoryKiB = 1024;
    };
    expect(limits(1, less)).toEqual(limits(1));
  });

  it('turns every limit into files of v1, memory before memory and swap', () => {
    expect(limits(1, everything)).toEqual([
      'memory memory.limit_in_bytes=1024000',
      'memory memory.soft_limit_in_bytes=512000',
      'memory memory.memsw.limit_in_bytes=1536000',
      'cpu cpu.shares=200',
      'cpu cpu.cfs_period_us=100000',
      'cpu cpu.cfs_quota_us=50000',
      `blkio blkio.bfq.weight|blkio.weight=300 ${SOME}`,
      `blkio blkio.bfq.weight_device|blkio.weight_device=8:0 400 ${SOME}`,
      'blkio blkio.throttle.read_iops_device=8:0 1',
      'blkio blkio.throttle.write_iops_device=8:0 2',
      'blkio blkio.throttle.read_bps_device=8:0 3',
      'blkio blkio.throttle.write_bps_device=8:0 4',
      'blkio blkio.throttle.read_iops_device=8:16 0',
      'cpuset cpuset.cpus=0-1',
      'cpuset cpuset.mems=0',
    ]);
  });

  it('turns every limit into files of v2, where swap is limited alone and 0 means no limit of rates', () => {
    expect(limits(2, everything)).toEqual([
      'memory memory.max=1024000',
      'memory memory.high=512000',
      'memory memory.swap.max=512000',
      'cpu cpu.weight=200',
      'cpu cpu.max=50000 100000',
      `blkio io.bfq.weight|io.weight=default 300 ${SOME}`,
      `blkio io.bfq.weight|io.weight=8:0 400 ${SOME}`,
      'blkio io.max=8:0 riops=1',
      'blkio io.max=8:0 wiops=2',
      'blkio io.max=8:0 rbps=3',
      'blkio io.max=8:0 wbps=4',
      'blkio io.max=8:16 riops=max',
      'cpuset cpuset.cpus=0-1',
      'cpuset cpuset.mems=0',
    ]);
  });

  it.each([
    ['no limit', { quotaUs: -1 }, 'cpu cpu.max=max', ['cpu cpu.cfs_quota_us=-1']],
    ['a quota alone', { quotaUs: 1000 }, 'cpu cpu.max=1000', ['cpu cpu.cfs_quota_us=1000']],
    ['a period alone', { periodUs: 2000 }, 'cpu cpu.max=max 2000', ['cpu cpu.cfs_period_us=2000']],
  ])('writes %s of the processor', (_, cputune, v2, v1) => {
    const change = (definition: DomainDefinition) => {
      definition.cputune = { ...cputune, others: [] };
    };
    expect(limits(2, change).slice(1)).toEqual([v2]);
    expect(limits(1, change).slice(1)).toEqual(v1);
  });

  it('never makes the limit of swap negative', () => {
    const change = (definition: DomainDefinition) => {
      definition.memtune.swapHardLimitKiB = 1;
    };
    expect(limits(2, change)).toEqual(['memory memory.max=67108864', 'memory memory.swap.max=0']);
  });

  it('keeps every byte of a size beyond 2^53', () => {
    const change = (definition: DomainDefinition) => {
      definition.memtune.hardLimitKiB = 9007199254740990;
    };
    expect(limits(1, change)).toEqual(['memory memory.limit_in_bytes=9223372036854773760']);
  });

  it('leaves an automatic placement of processors alone', () => {
    const change = (definition: DomainDefinition) => {
      definition.vcpu = { count: 1, placement: 'auto', cpuset: '0' };
    };
    expect(limits(1, change)).toEqual(['memory memory.limit_in_bytes=67108864']);
  });
});
