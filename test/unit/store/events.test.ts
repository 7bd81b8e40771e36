import fs from 'node:fs';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type TempStore, tempStore } from '../../helpers/temp-store.ts';

let store: TempStore;
let events: typeof import('../../../src/store/events.ts');
beforeEach(async () => {
  store = tempStore();
  events = await import('../../../src/store/events.ts');
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
  store.remove();
});

const spool = () => store.at('run/libvirt/lxc/events.log');
const lines = () =>
  fs
    .readFileSync(spool(), 'utf8')
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as unknown);

describe('recordEvent()', () => {
  it('makes the spool and appends a line for each event', () => {
    vi.useFakeTimers({ now: 1_700_000_000_123 });
    events.recordEvent({ domain: 'vm1', uuid: 'u', event: 'reboot' });
    events.recordEvent({ domain: 'vm "2"', uuid: 'v', event: 'lifecycle', kind: 'Started', detail: 'Booted' });
    events.recordEvent({ domain: 'vm1', uuid: 'u', event: 'metadata-change', type: 'element', uri: 'http://x/' });
    expect(lines()).toEqual([
      { time: 1_700_000_000_123, domain: 'vm1', uuid: 'u', event: 'reboot' },
      { time: 1_700_000_000_123, domain: 'vm "2"', uuid: 'v', event: 'lifecycle', kind: 'Started', detail: 'Booted' },
      { time: 1_700_000_000_123, domain: 'vm1', uuid: 'u', event: 'metadata-change', type: 'element', uri: 'http://x/' },
    ]);
  });

  it('begins the spool anew beyond 256 KiB', () => {
    fs.mkdirSync(store.at('run/libvirt/lxc'), { recursive: true });
    fs.writeFileSync(spool(), 'x'.repeat(256 * 1024));
    events.recordEvent({ domain: 'vm1', uuid: 'u', event: 'reboot' });
    expect(fs.statSync(spool()).size).toBeGreaterThan(256 * 1024);
    events.recordEvent({ domain: 'vm2', uuid: 'u', event: 'reboot' });
    expect(lines()).toMatchObject([{ domain: 'vm2' }]);
  });

  it('never fails: not on a full disk, not where the spool cannot be made', () => {
    vi.spyOn(fs, 'openSync').mockImplementation(() => {
      throw Object.assign(new Error('no space'), { code: 'ENOSPC', errno: -28 });
    });
    events.recordEvent({ domain: 'vm1', uuid: 'u', event: 'reboot' });
    vi.restoreAllMocks();
    fs.writeFileSync(store.at('run'), '');
    events.recordEvent({ domain: 'vm1', uuid: 'u', event: 'reboot' });
    expect(fs.readFileSync(store.at('run'), 'utf8')).toBe('');
  });
});
