// Two looks at a few domains, three seconds apart.
import type { DomainFigures } from '../../src/driver/domain/stats/figures.ts';
import { type Host, type Reading, type Slice, sliceBetween } from '../../src/virt-top/slice.ts';
import { RUNNING } from './figures.ts';

export const HOST: Host = { name: 'host1', model: 'x86_64', cpus: 2, allCpus: 4, mhz: 2400, memoryKiB: 4_194_304 };

const plain = (name: string, id: number): DomainFigures => ({
  name,
  uuid: '1c1d2e3f-4a5b-4c6d-8e9f-a0b1c2d3e4f5',
  id,
  state: 'running',
  reason: 'booted',
  memoryKiB: 65536,
  currentMemoryKiB: 65536,
  vcpus: { current: 1, maximum: 1 },
  cpu: { totalNs: 7_261_500_000_000n, userNs: 0n, systemNs: 0n },
  cpusNs: [1_000_000_000n, 0n],
  memoryUsageKiB: 409_600,
  interfaces: [],
  io: { readRequests: 0n, readBytes: 0n, writeRequests: 0n, writeBytes: 0n },
  ioByDevice: new Map(),
});

const web = (n: bigint): DomainFigures => ({
  ...RUNNING,
  memoryUsageKiB: 40000,
  cpu: { totalNs: 5_000_000_000n + n * 1_500_000_000n, userNs: 0n, systemNs: 0n },
  cpusNs: [1_000_000_000n + n * 1_200_000_000n, n * 300_000_000n],
  interfaces: [
    {
      name: 'vnet0',
      traffic: {
        received: { bytes: 1000n + n * 20_480n, packets: 10n + n * 15n, errors: 0n, dropped: 0n },
        sent: { bytes: 2000n + n * 500n, packets: 20n + n * 5n, errors: 0n, dropped: 0n },
      },
    },
  ],
  io: { readRequests: 50n + n * 3n, readBytes: 51200n + n * 12_288n, writeRequests: 60n + n * 7n, writeBytes: 61440n + n * 28_672n },
  ioByDevice: new Map([
    ['7:0', { readRequests: 5n + n * 3n, readBytes: n * 12_288n, writeRequests: 0n, writeBytes: 0n }],
    ['8:0', { readRequests: 45n, readBytes: 0n, writeRequests: 60n + n * 7n, writeBytes: n * 28_672n }],
  ]),
  throttling: { periods: 100 + Number(n) * 30, throttled: 25 + Number(n) * 6, throttledNs: 0n },
});

const off: DomainFigures = { ...plain('backup', 0), id: null, state: 'shut off' };

function readingAt(n: 0 | 1): Reading {
  const paused: DomainFigures = { ...plain('a database with a very long name', 51), state: 'paused' };
  return { atMs: 1000 + n * 3000, time: new Date(2026, 10, 29, 17, 4, 5 + n * 3), domains: [paused, web(BigInt(n)), off] };
}

const deviceName = (number: string): string => (number === '8:0' ? 'sda' : number);

export const firstSlice = (): Slice => sliceBetween(undefined, readingAt(0), HOST, deviceName);
export const secondSlice = (): Slice => sliceBetween(readingAt(0), readingAt(1), HOST, deviceName);
