// Which definition has a uuid, without reading all of them, and never another answer than reading all would give.
import fs from 'node:fs';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type TempStore, tempStore } from '../../helpers/temp-store.ts';

let store: TempStore;
let definitions: typeof import('../../../src/store/definitions.ts');
beforeEach(async () => {
  store = tempStore();
  definitions = await import('../../../src/store/definitions.ts');
});
afterEach(() => store.remove());

const uuid = (n: number): string => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;
const document = (name: string, n: number): string =>
  `<!--\nWARNING\n-->\n\n<domain type='lxc'>\n  <name>${name}</name>\n  <uuid>${uuid(n)}</uuid>\n</domain>\n`;
const write = (name: string, n: number): void => definitions.writeDefinition(name, document(name, n));
const file = (name: string): string => store.at(`etc/libvirt/lxc/${name}.xml`);
const who = (n: number) => [definitions.definedWithUuid(uuid(n)), definitions.definedWithUuid(uuid(n), { isNew: true })];

function moveIn(name: string, n: number): void {
  fs.writeFileSync(store.at('x'), document(name, n));
  fs.renameSync(store.at('x'), file(name));
}

/** How many definitions are read meanwhile. */
function readsOf(action: () => void): number {
  const spy = vi.spyOn(fs, 'readFileSync');
  try {
    action();
    return spy.mock.calls.filter(([path]) => /etc\/libvirt\/lxc\/[^/]*\.xml$/.test(String(path))).length;
  } finally {
    spy.mockRestore();
  }
}

describe('definedWithUuid()', () => {
  beforeEach(() => {
    for (let n = 0; n < 20; n++) write(`vm${n}`, n);
    definitions.definedWithUuid(uuid(99), { isNew: true });
  });

  it('reads one definition for one that is there, and none for one that nobody has, however much is written meanwhile', () => {
    expect(readsOf(() => expect(definitions.definedWithUuid(uuid(7))).toBe('vm7'))).toBe(1);
    for (const change of [
      () => {},
      () => write('new', 50),
      () => write('vm3', 3),
      () => definitions.setAutostartLink('vm4', true),
      () => definitions.removeDefinition('new'),
    ]) {
      change();
      if (fs.existsSync(store.at('etc/libvirt/lxc/autostart'))) definitions.definedWithUuid(uuid(98), { isNew: true }); // it was made, once
      expect(readsOf(() => expect(definitions.definedWithUuid(uuid(60), { isNew: true })).toBeUndefined())).toBe(0);
    }
  });

  it.each<[string, () => void, number, string | undefined]>([
    ['copied in', () => fs.writeFileSync(file('copy'), document('copy', 70)), 70, 'copy'],
    ['moved in', () => moveIn('moved', 71), 71, 'moved'],
    ['edited by a new file of that name', () => moveIn('vm5', 72), 72, 'vm5'],
    ['removed', () => fs.unlinkSync(file('vm6')), 6, undefined],
    ['renamed', () => fs.renameSync(file('vm6'), file('other')), 6, 'other'],
    ['cut off', () => fs.truncateSync(file('vm6'), 20), 6, undefined],
    ['whose index is lost', () => fs.rmSync(store.at('run'), { recursive: true }), 6, 'vm6'],
    [
      'whose links are lost',
      () =>
        fs
          .readdirSync(store.at('run/libvirt/lxc/uuids'))
          .filter((name) => name !== 'stamp')
          .forEach((name) => void fs.unlinkSync(store.at(`run/libvirt/lxc/uuids/${name}`))),
      99,
      undefined,
    ],
  ])('knows of a definition that others have %s', (_what, change, n, expected) => {
    change();
    expect(who(n)).toEqual([expected, expected]);
  });

  it('finds what was edited in place, and no longer what it was before', () => {
    fs.writeFileSync(file('vm5'), document('vm5', 80));
    expect([definitions.definedWithUuid(uuid(80)), ...who(5)]).toEqual(['vm5', undefined, undefined]);
  });

  it('is not misled by a definition that is damaged', () => {
    fs.writeFileSync(file('broken'), '<dom');
    expect([who(3), who(90)]).toEqual([
      ['vm3', 'vm3'],
      [undefined, undefined],
    ]);
  });

  it.each([0, 1, 2, 3])('nor by a writer that dies at its call %i', (dies) => {
    // Link, definition, stamp: whatever is left out by a death is as if it had not come to it.
    const calls = ['symlinkSync', 'renameSync'] as const;
    let count = 0;
    const spies = calls.map((call) => {
      const original = fs[call] as (...args: unknown[]) => unknown;
      return vi.spyOn(fs, call).mockImplementation(((...args: unknown[]) => {
        if (count++ >= dies) throw new Error('dead');
        return original(...args);
      }) as never);
    });
    try {
      write('late', 81);
    } catch {
      // dead
    }
    for (const spy of spies) spy.mockRestore();
    const expected = fs.existsSync(file('late')) ? 'late' : undefined;
    expect(who(81)).toEqual([expected, expected]);
    write('late', 81);
    expect(who(81)).toEqual(['late', 'late']);
  });

  it('leaves nothing of a writer that died before all was read again', () => {
    fs.writeFileSync(store.at('etc/libvirt/lxc/.4194305.0.new'), '');
    vi.resetModules();
    return import('../../../src/store/definitions.ts').then((next) => {
      expect(next.definedWithUuid(uuid(99), { isNew: true })).toBeUndefined();
      next.writeDefinition('late', document('late', 99));
      expect(fs.readdirSync(store.at('etc/libvirt/lxc')).filter((name) => name.startsWith('.'))).toEqual([]);
    });
  });

  it('leaves no links of definitions that were removed', () => {
    for (let n = 0; n < 20; n++) definitions.removeDefinition(`vm${n}`);
    expect(fs.readdirSync(store.at('run/libvirt/lxc/uuids'))).toEqual(['stamp']);
  });

  it('works in a store that is not there yet, or cannot have an index', () => {
    fs.rmSync(store.at('run'), { recursive: true });
    fs.writeFileSync(store.at('run'), '');
    write('more', 91);
    expect([who(91), who(92)]).toEqual([
      ['more', 'more'],
      [undefined, undefined],
    ]);
  });
});
