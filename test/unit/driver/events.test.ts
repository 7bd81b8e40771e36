import fs from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { readable } from '../../../lib-native/readable.ts';
import type { DomainEvent } from '../../../src/driver/events.ts';
import { type TempStore, tempStore } from '../../helpers/temp-store.ts';

let store: TempStore;
let events: typeof import('../../../src/store/events.ts');
let driver: typeof import('../../../src/driver/events.ts');
beforeEach(async () => {
  store = tempStore();
  events = await import('../../../src/store/events.ts');
  driver = await import('../../../src/driver/events.ts');
});
afterEach(() => {
  vi.restoreAllMocks();
  store.remove();
});

const spool = () => store.at('run/libvirt/lxc/events.log');
const record = (domain: string) => events.recordEvent({ domain, uuid: 'u', event: 'reboot' });
const reader = () => new driver.SpoolReader<{ domain: string }>(spool());
const namesIn = (from: { read(): Iterable<{ domain: string }> }) => [...from.read()].map(({ domain }) => domain);
/** Events whose number is in their names, until the spool has been begun anew `times` times. */
function fill(times: number, first = 0): string[] {
  const names: string[] = [];
  for (let done = 0; done < times; ) {
    const before = fs.statSync(spool(), { throwIfNoEntry: false })?.ino;
    const name = `${first + names.length}${'x'.repeat(8000)}`;
    record(name);
    names.push(name);
    if (before !== undefined && fs.statSync(spool()).ino !== before) done++;
  }
  return names;
}

describe('SpoolReader', () => {
  it('reads what is recorded from its making on, each event once', () => {
    record('before');
    const from = reader();
    expect(namesIn(from)).toEqual([]);
    record('a');
    record('b');
    expect(namesIn(from)).toEqual(['a', 'b']);
    expect(namesIn(from)).toEqual([]);
    from.close();
  });

  it('reads a spool that is not there yet, from its beginning', () => {
    const from = reader();
    expect(namesIn(from)).toEqual([]);
    record('a');
    expect(namesIn(from)).toEqual(['a']);
    from.close();
  });

  it('reads what was recorded before the spool was begun anew, and what was after', () => {
    record('before');
    const from = reader();
    const names = fill(1);
    record('after');
    expect(namesIn(from)).toEqual([...names, 'after']);
    expect(from.hasMissed).toBe(false);
    record('later');
    expect(namesIn(from)).toEqual(['later']);
    from.close();
  });

  it('knows that it missed something, and goes on with what is still there', () => {
    record('before');
    const from = reader();
    const names = [...fill(1), ...fill(1, 1000), ...fill(1, 2000)];
    const read = namesIn(from);
    expect(from.hasMissed).toBe(true);
    // Those of its own spool, then those of the last two.
    const gap = read.findIndex((name, i) => name !== names[i]);
    expect(gap).toBeGreaterThan(0);
    expect(read.slice(gap)).toEqual(names.slice(gap - read.length));
    from.close();
  });

  it('takes half a line for none until the rest is there, in the middle of a character, too', () => {
    const from = reader();
    const line = Buffer.from('{"domain":"ü"}\n');
    fs.mkdirSync(path.dirname(spool()), { recursive: true });
    fs.writeFileSync(spool(), line.subarray(0, 12));
    expect(namesIn(from)).toEqual([]);
    fs.appendFileSync(spool(), line.subarray(12));
    expect(namesIn(from)).toEqual(['ü']);
    from.close();
  });
});

describe('EventQueue', () => {
  it.each([['a store that nobody has used'], ['one with events']])('tells by its descriptor that something happened, in %s', (which) => {
    if (which === 'one with events') record('before');
    using queue = new driver.EventQueue<DomainEvent>('domain');
    expect(queue.fd).toBeDefined();
    expect(readable(queue.fd!, 0)).toBe(false);
    record('a');
    expect(readable(queue.fd!, 0)).toBe(true);
    expect(namesIn(queue)).toEqual(['a']);
    expect(readable(queue.fd!, 0)).toBe(false);
    const names = fill(1);
    expect(readable(queue.fd!, 0)).toBe(true);
    expect(namesIn(queue)).toEqual(names);
    record('b');
    expect(readable(queue.fd!, 0)).toBe(true);
    expect(namesIn(queue)).toEqual(['b']);
  });

  it('is to be asked where the file system tells nothing', async () => {
    const { linux } = await import('../../../lib-native/linux.ts');
    vi.spyOn(linux, 'inotifyInit').mockReturnValue(-24);
    using queue = new driver.EventQueue<DomainEvent>('domain');
    expect([queue.fd, queue.askMs]).toEqual([undefined, 20]);
    record('a');
    expect(namesIn(queue)).toEqual(['a']);
  });
});
