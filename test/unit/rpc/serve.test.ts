// A server whose client does nothing.
import { expect, it } from 'vitest';
import { linux } from '../../../lib-native/linux.ts';
import { socketChannel } from '../../../src/rpc/channel.ts';
import { serve } from '../../../src/rpc/serve.ts';

it('gives up a client that does not open its connection, while that is there', { timeout: 20_000 }, async () => {
  const [client, server] = linux.socketpair() as [number, number];
  try {
    await serve(socketChannel(server), { readonly: true, openWithinMs: 100 });
    linux.close(server);
    expect(linux.recv(client, Buffer.alloc(1), 0)).toBe(0);
  } finally {
    linux.close(client);
  }
});
