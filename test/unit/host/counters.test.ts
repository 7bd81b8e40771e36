import { describe, expect, it } from 'vitest';
import { deviceTimesIn } from '../../../src/host/block-device.ts';
import { linkCountersIn } from '../../../src/host/link-counters.ts';

const TABLE = `Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
    lo:  100       2    0    0    0     0          0         0      100       2    0    0    0     0       0          0
 vnet1: 18446744073709551615 20 3 4 0 0 0 0 50 6 7 8 0 0 0 0
vnet10:1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16
`;

describe('linkCountersIn()', () => {
  it('finds each link by its whole name', () => {
    const counters = linkCountersIn(TABLE);
    expect(counters.of('vnet1')).toEqual({
      received: { bytes: 18446744073709551615n, packets: 20n, errors: 3n, dropped: 4n },
      sent: { bytes: 50n, packets: 6n, errors: 7n, dropped: 8n },
    });
    expect(counters.of('vnet10')?.sent).toEqual({ bytes: 9n, packets: 10n, errors: 11n, dropped: 12n });
    expect([counters.of('vnet'), counters.of('face'), counters.of('')]).toEqual([undefined, undefined, undefined]);
  });
});

describe('deviceTimesIn()', () => {
  it('turns milliseconds into nanoseconds', () => {
    expect(deviceTimesIn('  10 0 80 7  20 0 160 9 0 12 16 0 0 0 0 3 2\n')).toEqual({
      readNs: 7000000n,
      writeNs: 9000000n,
      flushRequests: 3n,
      flushNs: 2000000n,
    });
  });

  it('of a kernel that counts no flushes', () => {
    expect(deviceTimesIn('10 0 80 7 20 0 160 9 0 12 16')).toEqual({ readNs: 7000000n, writeNs: 9000000n, flushRequests: 0n, flushNs: 0n });
  });
});
