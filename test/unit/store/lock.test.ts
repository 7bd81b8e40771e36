// How long a lock is waited for is nothing that a change of the wall clock has a say in.
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { monotonicMs } from '../../../lib-native/monotonic.ts';
import { type TempStore, tempStore } from '../../helpers/temp-store.ts';

let store: TempStore;
let lock: typeof import('../../../src/store/lock.ts');
beforeEach(async () => {
  store = tempStore();
  lock = await import('../../../src/store/lock.ts');
});
afterEach(() => {
  vi.restoreAllMocks();
  store.remove();
});

const HOUR_MS = 3_600_000;

it.each([
  ['forward', HOUR_MS],
  ['back', -HOUR_MS],
])('lockDomain() waits for its holder while the clock is set %s', async (_direction, step) => {
  const file = store.at('run/libvirt/lxc/vm1.lock');
  fs.mkdirSync(store.at('run/libvirt/lxc'), { recursive: true });
  const holder = spawn('flock', [file, 'sh', '-c', 'echo held; sleep 0.3'], { stdio: ['ignore', 'pipe', 'inherit'] });
  await new Promise((resolve) => holder.stdout.once('data', resolve));
  const ended = new Promise((resolve) => holder.once('close', resolve));
  let now = Date.now();
  vi.spyOn(Date, 'now').mockImplementation(() => {
    now += step;
    return now;
  });
  const begin = process.hrtime.bigint();
  using _lock = lock.lockDomain('vm1');
  expect(Number(process.hrtime.bigint() - begin) / 1e6).toBeGreaterThan(100);
  await ended;
});

it('monotonicMs() goes on as it did when the clock is set', () => {
  const begin = monotonicMs();
  vi.useFakeTimers({ toFake: ['Date'], now: 0 });
  try {
    expect(Date.now()).toBeLessThan(1000);
    expect(monotonicMs() - begin).toBeGreaterThanOrEqual(0);
    expect(monotonicMs() - begin).toBeLessThan(HOUR_MS);
  } finally {
    vi.useRealTimers();
  }
});
