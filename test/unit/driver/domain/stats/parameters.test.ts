import { describe, expect, it } from 'vitest';
import {
  DEFAULT_GROUPS,
  type DomainFigures,
  STATS_GROUPS,
  type StatsGroup,
  SUPPORTED_GROUPS,
} from '../../../../../src/driver/domain/stats/figures.ts';
import { type ParameterValue, statsParameters } from '../../../../../src/driver/domain/stats/parameters.ts';
import { RUNNING } from '../../../../helpers/figures.ts';

function parametersOf(figures: DomainFigures, groups: readonly StatsGroup[]): Record<string, ParameterValue> {
  const all: Record<string, ParameterValue> = {};
  statsParameters(figures, groups, (key, value) => {
    expect(all).not.toHaveProperty([key]);
    if (value !== undefined) all[key] = value;
  });
  return all;
}

const OFF: DomainFigures = {
  name: 'off',
  uuid: '',
  id: null,
  state: 'shut off',
  reason: 'destroyed',
  memoryKiB: 1024,
  currentMemoryKiB: 512,
  vcpus: { current: 1, maximum: 4 },
  disks: [
    {
      name: 'sda',
      path: '/x.img',
      number: undefined,
      io: undefined,
      times: undefined,
      sizes: { allocation: 4096n, capacity: 8192n, physical: 8192n },
    },
  ],
};

describe('statsParameters()', () => {
  it('names all figures of a running domain, in the order of libvirt', () => {
    expect(
      Object.entries(parametersOf(RUNNING, SUPPORTED_GROUPS)).map(([key, value]) => `${key}=${JSON.stringify(value, numbers)}`),
    ).toEqual([
      'state.state=1',
      'state.reason=5',
      'cpu.time=5000000001',
      'cpu.user=3000000000',
      'cpu.system=2000000000',
      'balloon.current=65536',
      'balloon.maximum=131072',
      'balloon.major_fault=3',
      'balloon.minor_fault=70',
      'balloon.unused=25536',
      'balloon.available=65536',
      'balloon.usable=27536',
      'balloon.disk_caches=20000',
      'balloon.rss=15000',
      'balloon.usage=40000',
      'balloon.swap=100',
      'vcpu.current=2',
      'vcpu.maximum=4',
      'vcpu.0.state=1',
      'vcpu.1.state=1',
      'net.count=2',
      'net.0.name="vnet0"',
      'net.0.rx.bytes=1000',
      'net.0.rx.pkts=10',
      'net.0.rx.errs=1',
      'net.0.rx.drop=2',
      'net.0.tx.bytes=2000',
      'net.0.tx.pkts=20',
      'net.0.tx.errs=3',
      'net.0.tx.drop=4',
      'net.1.name="vnet1"',
      'block.count=2',
      'block.0.name="sda"',
      'block.0.path="/var/a.img"',
      'block.0.rd.reqs=5',
      'block.0.rd.bytes=6',
      'block.0.rd.times=9',
      'block.0.wr.reqs=7',
      'block.0.wr.bytes=8',
      'block.0.wr.times=10',
      'block.0.fl.reqs=11',
      'block.0.fl.times=12',
      'block.0.allocation=4096',
      'block.0.capacity=1048576',
      'block.0.physical=1048576',
      'block.1.name="sdb"',
      'vm.uptime.cur=61',
      'vm.pids.cur=17',
      'vm.pids_limit.cur=64',
      'vm.memory_limit.cur=65536',
      'vm.oom_kills.sum=1',
      'vm.cpu_periods.sum=100',
      'vm.cpu_throttled.sum=25',
      'vm.cpu_throttled_time.sum=1000000000',
      'vm.block_rd_reqs.sum=50',
      'vm.block_rd_bytes.sum=51200',
      'vm.block_wr_reqs.sum=60',
      'vm.block_wr_bytes.sum=61440',
      'vm.pressure_cpu_some_avg10.cur={"double":1.25}',
      'vm.pressure_cpu_some.sum=99',
      'vm.pressure_io_some_avg10.cur={"double":0}',
      'vm.pressure_io_some.sum=1',
      'vm.pressure_io_full_avg10.cur={"double":0}',
      'vm.pressure_io_full.sum=0',
    ]);
  });

  it('of a domain that is off are those of its definition', () => {
    expect(parametersOf(OFF, SUPPORTED_GROUPS)).toEqual({
      'state.state': 5,
      'state.reason': 2,
      'balloon.current': 512,
      'balloon.maximum': 1024,
      'vcpu.current': 1,
      'vcpu.maximum': 4,
      'block.count': 1,
      'block.0.name': 'sda',
      'block.0.path': '/x.img',
      'block.0.allocation': 4096n,
      'block.0.capacity': 8192n,
      'block.0.physical': 8192n,
    });
  });

  it('are of no group that was not asked for', () => {
    for (const group of STATS_GROUPS) {
      const keys = Object.keys(parametersOf(RUNNING, [group]));
      const prefix = { 'cpu-total': 'cpu', interface: 'net' }[group as string] ?? group;
      expect(keys.filter((key) => !key.startsWith(`${prefix}.`))).toEqual([]);
      expect(keys.length > 0).toBe(SUPPORTED_GROUPS.includes(group));
    }
    expect(DEFAULT_GROUPS).toEqual(SUPPORTED_GROUPS.filter((group) => group !== 'vm'));
  });
});

function numbers(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? Number(value) : value;
}
