// Events for a client that does not read.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { expect, it, onTestFinished } from 'vitest';
import type { PoolEvent } from '../../../src/driver/events.ts';
import type { ClientConnection } from '../../../src/rpc/connection.ts';

const EVENTS = 50;

it('are told as it reads, each once, in their order', async () => {
  const prefix = fs.mkdtempSync(path.join(os.tmpdir(), 'events-'));
  const before = process.env['VIRSH_LXC_PREFIX'];
  process.env['VIRSH_LXC_PREFIX'] = prefix;
  onTestFinished(() => {
    if (before === undefined) delete process.env['VIRSH_LXC_PREFIX'];
    else process.env['VIRSH_LXC_PREFIX'] = before;
    fs.rmSync(prefix, { recursive: true });
  });
  const { ClientEvents } = await import('../../../src/rpc/client-events.ts');
  const { EventQueue } = await import('../../../src/driver/events.ts');
  const { recordPoolEvent } = await import('../../../src/store/events.ts');
  let onReady = () => {};
  const drained: (() => void)[] = [];
  const told: string[] = [];
  let most = 10;
  const client = {
    get isFull() {
      return told.length >= most;
    },
    whenDrained: (action: () => void) => drained.push(action),
    atEnd: [] as (() => void)[],
    loop: {
      watch: (_fd: number, _events: number, action: () => void) => {
        onReady = action;
        return { [Symbol.dispose]: () => {} };
      },
    },
  };
  const events = new ClientEvents<PoolEvent>(
    client as unknown as ClientConnection,
    () => new EventQueue('pool'),
    (_client, _registration, { pool }) => {
      told.push(pool);
    },
  );
  events.register({ eventId: 1, uuid: undefined, isOld: false });
  const names = Array.from({ length: EVENTS }, (_, i) => `pool${i}`);
  for (const pool of names) recordPoolEvent({ pool, uuid: '', event: 'refresh' });
  onReady();
  expect(told).toEqual(names.slice(0, 10));
  while (told.length < EVENTS) {
    expect(told).toEqual(names.slice(0, most));
    most += 10;
    for (const action of drained.splice(0)) action();
  }
  expect(told).toEqual(names);
  for (const end of client.atEnd) end();
});
