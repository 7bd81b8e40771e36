// What a connection holds for a client that asks for more than it reads.
import { expect, it } from 'vitest';
import { POLLIN, POLLOUT } from '../../../lib-native/constants.ts';
import type { Channel } from '../../../src/rpc/channel.ts';
import { ClientConnection } from '../../../src/rpc/connection.ts';
import { answerTo } from '../../../src/rpc/dispatch.ts';
import { encodeFrame, KIND, STATUS } from '../../../src/rpc/frame.ts';
import type { Loop } from '../../../src/rpc/loop.ts';

const REPLY_BYTES = 64 << 10;
const CALLS = 2000;

const callOf = (serial: number) =>
  encodeFrame({ program: 1, version: 1, procedure: 1, kind: KIND.call, serial, status: STATUS.ok }, () => {});

it('answers the calls that came at once as the client reads the answers, in their order', async () => {
  const calls = Buffer.concat(Array.from({ length: CALLS }, (_, i) => callOf(i)));
  let room = 0;
  let written = 0;
  const channel: Channel = {
    input: 5,
    output: 5,
    passesFds: false,
    read: (into) => ({ bytes: into.subarray(0, calls.copy(into)), fds: [] }),
    write: ({ length }) => {
      const count = Math.min(length, room);
      room -= count;
      written += count;
      return count;
    },
  };
  let onReady: ((revents: number) => void | Promise<void>) | undefined;
  const watch = { events: 0, [Symbol.dispose]: () => {} };
  const timers: (() => void | Promise<void>)[] = [];
  const loop = {
    watch: (_fd: number, events: number, then: typeof onReady) => {
      onReady = then;
      watch.events = events;
      return watch;
    },
    after: (_ms: number, action: () => void | Promise<void>) => timers.push(action),
  };
  const handled: number[] = [];
  const client: ClientConnection = new ClientConnection(loop as unknown as Loop, channel, {
    readonly: true,
    most: () => 100,
    handle: async ({ header }) => {
      handled.push(header.serial);
      client.send(answerTo(header, STATUS.ok), (to) => to.raw(Buffer.alloc(REPLY_BYTES)));
    },
  });
  await onReady!(POLLIN);
  expect(handled.length).toBeLessThan(40);
  expect(watch.events).toBe(POLLOUT);
  while (handled.length < CALLS) {
    const before = handled.length;
    room = 64 << 20;
    await onReady!(POLLOUT);
    room = 0;
    for (const action of timers.splice(0)) await action();
    expect(handled.length).toBeGreaterThan(before);
    expect(handled.length).toBeLessThan(before + 40);
  }
  room = Number.POSITIVE_INFINITY;
  await onReady!(POLLOUT);
  for (const action of timers.splice(0)) await action();
  expect(handled).toEqual(Array.from({ length: CALLS }, (_, i) => i));
  expect(written).toBeGreaterThan(CALLS * REPLY_BYTES);
  expect(watch.events).toBe(POLLIN);
});
