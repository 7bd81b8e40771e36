// How soon something comes, where nobody else wants the processors.
import { afterEach, expect, it, vi } from 'vitest';
import { XdrReader } from '../../src/rpc/xdr.ts';
import { SLOWNESS } from '../helpers/eventually.ts';
import { suite } from '../helpers/requires.ts';
import { useVirsh } from '../helpers/virsh.ts';
import { WireServer } from '../helpers/wire.ts';

suite('events over the wire', ['root', 'built', 'busybox', 'fuse'], () => {
  const virsh = useVirsh();
  afterEach(() => vi.unstubAllEnvs());

  const UUID = '0c1d2e3f-4a5b-4c6d-8e9f-a0b1c2d3e4f5';
  /** The domain's, behind the number of the callback. */
  const nameIn = (payload: Buffer): string => {
    const reader = new XdrReader(payload);
    reader.opaque(4);
    return reader.opaque(reader.uint()).toString();
  };

  it('come within 20 ms', async () => {
    using server = await WireServer.listen(virsh);
    using client = await server.connect();
    await client.open();
    await client.call(316, (to) => {
      to.int(0);
      to.uint(0);
    });
    vi.stubEnv('VIRSH_LXC_PREFIX', virsh.prefix);
    const { recordEvent } = await import('../../src/store/events.ts');
    const delays: number[] = [];
    for (let i = 0; i < 15; i++) {
      const before = performance.now();
      recordEvent({ domain: `d${i}`, uuid: UUID, event: 'lifecycle', kind: 'Defined', detail: 'Added' });
      while (client.messages(318).length <= i) await new Promise((resolve) => setImmediate(resolve));
      delays.push(performance.now() - before);
    }
    expect(client.messages(318).map(nameIn)).toEqual(Array.from({ length: 15 }, (_, i) => `d${i}`));
    expect(delays.sort((a, b) => a - b)[7]).toBeLessThan(20 * SLOWNESS);
  });
});
