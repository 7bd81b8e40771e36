// A running domain of which everything is known.
import type { DomainFigures } from '../../src/driver/domain/stats/figures.ts';

export const RUNNING: DomainFigures = {
  name: 'web',
  uuid: '0c1d2e3f-4a5b-4c6d-8e9f-a0b1c2d3e4f5',
  id: 4711,
  state: 'running',
  reason: 'unpaused',
  memoryKiB: 131072,
  currentMemoryKiB: 65536,
  vcpus: { current: 2, maximum: 4 },
  cpu: { totalNs: 5000000001n, userNs: 3000000000n, systemNs: 2000000000n },
  memory: {
    usageKiB: 40000,
    limitKiB: 65536,
    swapKiB: 100,
    rssKiB: 15000,
    cacheKiB: 20000,
    inactiveCacheKiB: 2000,
    minorFaults: 70,
    majorFaults: 3,
  },
  interfaces: [
    {
      name: 'vnet0',
      traffic: {
        received: { bytes: 1000n, packets: 10n, errors: 1n, dropped: 2n },
        sent: { bytes: 2000n, packets: 20n, errors: 3n, dropped: 4n },
      },
    },
    { name: 'vnet1', traffic: undefined },
  ],
  disks: [
    {
      name: 'sda',
      path: '/var/a.img',
      number: '7:0',
      io: { readRequests: 5n, readBytes: 6n, writeRequests: 7n, writeBytes: 8n },
      times: { readNs: 9n, writeNs: 10n, flushRequests: 11n, flushNs: 12n },
      sizes: { allocation: 4096n, capacity: 1048576n, physical: 1048576n },
    },
    { name: 'sdb', path: undefined, number: undefined, io: undefined, times: undefined, sizes: undefined },
  ],
  io: { readRequests: 50n, readBytes: 51200n, writeRequests: 60n, writeBytes: 61440n },
  pids: { current: 17, limit: 64 },
  throttling: { periods: 100, throttled: 25, throttledNs: 1000000000n },
  oomKills: 1,
  pressure: {
    cpu: { some: { avg10: 1.25, totalUs: 99n } },
    io: { some: { avg10: 0, totalUs: 1n }, full: { avg10: 0, totalUs: 0n } },
  },
  uptimeMs: 61999,
};
