// What a connection holds for a client that asks for more than it reads.
import { describe, expect, it } from 'vitest';
import { POLLIN, POLLOUT } from '../../../lib-native/constants.ts';
import type { Channel } from '../../../src/rpc/channel.ts';
import { ClientConnection } from '../../../src/rpc/connection.ts';
import { answerTo } from '../../../src/rpc/dispatch.ts';
import { encodeFrame, HEADER_BYTES, KIND, STATUS } from '../../../src/rpc/frame.ts';
import { Loop } from '../../../src/rpc/loop.ts';

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
    begin: () => {},
    readFirst: () => undefined,
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

describe('a connection at its beginning', () => {
  /** What it does with what a client sent; `onCall` may do what a procedure does. */
  async function begun(sent: Buffer, onCall: (client: ClientConnection, loop: Loop) => void = () => {}, waits = true) {
    let taken = 0;
    const asked: string[] = [];
    const channel: Channel = {
      ...{ input: 5, output: 5, passesFds: true, read: () => undefined, write: ({ length }) => length },
      begin: () => asked.push('poll'),
      readFirst: (into) => {
        if (!waits) return undefined;
        const length = sent.copy(into, 0, taken, taken + into.length);
        taken += length;
        return { bytes: into.subarray(0, length), fds: [] };
      },
    };
    const loop = new Loop();
    const serials: number[] = [];
    const client: ClientConnection = new ClientConnection(loop, channel, {
      readonly: true,
      most: () => 100,
      handle: async ({ header }) => {
        serials.push(header.serial);
        onCall(client, loop);
      },
    });
    await client.begin();
    return { serials, left: sent.length - taken, polls: asked.length > 0, isStopped: loop.isStopped };
  }
  const word = Buffer.alloc(4);
  const withPayload = (serial: number, kind: number = KIND.call) =>
    encodeFrame({ program: 1, version: 1, procedure: 1, kind, serial, status: STATUS.ok }, (to) => to.raw(word));

  it('answers calls until the client is gone, and has nothing to poll then', async () => {
    expect(await begun(Buffer.concat([callOf(1), withPayload(2), callOf(3)]))).toEqual({
      ...{ serials: [1, 2, 3], left: 0, polls: false, isStopped: true },
    });
  });

  it('polls where reading does not wait', async () => {
    expect(await begun(Buffer.alloc(0), undefined, false)).toEqual({ serials: [], left: 0, polls: true, isStopped: false });
  });

  it('reads nothing that comes with descriptors', async () => {
    const rest = Buffer.concat([withPayload(2, KIND.callWithFds).subarray(HEADER_BYTES), callOf(3)]);
    const sent = Buffer.concat([callOf(1), withPayload(2, KIND.callWithFds).subarray(0, HEADER_BYTES), rest]);
    expect(await begun(sent)).toEqual({ serials: [1], left: rest.length, polls: true, isStopped: false });
  });

  it('polls as soon as there is more to wait for than the next call', async () => {
    const calls = Buffer.concat([callOf(1), callOf(2)]);
    const watching = await begun(calls, (_, loop) => loop.watch(7, POLLIN, () => {}));
    const streaming = await begun(calls, (client) => client.streams.set(1, { onData: () => {}, onFinish: () => {}, close: () => {} }));
    for (const one of [watching, streaming]) expect(one).toEqual({ serials: [1], left: HEADER_BYTES, polls: true, isStopped: false });
  });

  it('polls for who has more to ask', async () => {
    const { serials, polls } = await begun(Buffer.concat(Array.from({ length: CALLS }, (_, i) => callOf(i))));
    expect(serials.length).toBeLessThan(64);
    expect(polls).toBe(true);
  });
});
