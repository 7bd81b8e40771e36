// What a screen shows, held against files of test/fixtures/virt-top; UPDATE_GOLDEN=1 writes them.
import fs from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { describe, expect, it } from 'vitest';
import { helpPage, orderPage } from '../../../src/virt-top/pages.ts';
import { type ScreenLine, screenLines } from '../../../src/virt-top/screen.ts';
import { DEFAULT_SETTINGS, DISPLAYS, SORT_WORDS } from '../../../src/virt-top/settings.ts';
import { tableOf } from '../../../src/virt-top/tables.ts';
import { fitted } from '../../../src/vsh/table.ts';
import { firstSlice, HOST, secondSlice } from '../../helpers/virt-top.ts';

const GOLDEN = path.resolve(import.meta.dirname, '../../fixtures/virt-top');

function expectGolden(name: string, text: string): void {
  const file = path.join(GOLDEN, name);
  if (process.env['UPDATE_GOLDEN']) fs.writeFileSync(file, text);
  expect(text).toBe(fs.readFileSync(file, 'utf8'));
}

/** Headings are marked, ends are where they are. */
const picture = (lines: readonly ScreenLine[]): string =>
  lines.map(({ text, style }) => `${style === 'heading' ? '#' : '|'}${text}|\n`).join('');

describe('screenLines()', () => {
  const screen = (display: (typeof DISPLAYS)[number], size = { lines: 12, columns: 80 }, message = '') =>
    screenLines(
      { slice: secondSlice(), host: HOST, settings: { ...DEFAULT_SETTINGS, display }, history: [25, 3.25, 0], message },
      size,
      fitted,
    );

  it.each(DISPLAYS)('shows the table %s', (display) => {
    expectGolden(`${display}.txt`, picture(screen(display)));
  });

  it('is as small as the window', () => {
    const lines = screen('task', { lines: 7, columns: 30 }, 'a message that is longer than the window');
    expectGolden('small.txt', picture(lines));
    for (const columns of [1, 5, 79]) for (const { text } of screen('limits', { lines: 3, columns })) expect(text).toHaveLength(columns);
    expect(screen('task', { lines: 1, columns: 80 })).toHaveLength(1);
  });

  it('has nothing to compare with at first', () => {
    const { lines } = tableOf(firstSlice(), { ...DEFAULT_SETTINGS }, fitted);
    expect(lines[1]).toBe(' 4711 R                      0.0  0.0   0:05.00 web');
    expect(tableOf(firstSlice(), { ...DEFAULT_SETTINGS, display: 'net' }, fitted).lines).toEqual([]);
  });

  it('shows bytes of block devices', () => {
    const { heading, lines } = tableOf(secondSlice(), { ...DEFAULT_SETTINGS, blockInBytes: true }, fitted);
    expect(heading).toBe('   ID S RDBY WRBY RXBY TXBY %CPU %MEM    TIME   NAME');
    expect(lines[0]).toBe(' 4711 R  12K  28K  20K  500 25.0  0.0   0:06.50 web');
  });

  it.each(SORT_WORDS)('is ordered by %s, what is off comes last', (sort) => {
    const names = tableOf(secondSlice(), { ...DEFAULT_SETTINGS, sort }, fitted).lines.map((line) => line.slice(48, 51));
    const expected: Partial<Record<typeof sort, string[]>> = {
      name: ['a d', '(ba', 'web'],
      mem: ['a d', 'web', '(ba'],
      id: ['a d', 'web', '(ba'],
      time: ['a d', 'web', '(ba'],
    };
    expect(names).toEqual(expected[sort] ?? ['web', 'a d', '(ba']);
  });
});

describe('pages', () => {
  it('are help and a list of orders', () => {
    const size = { lines: 24, columns: 80 };
    const settings = { delayMs: 3000, batch: false, secure: false, sort: 'cpu', uri: undefined } as const;
    expectGolden('help.txt', picture(helpPage({ settings, hostname: 'host1', version: '0.1.0' }, size, fitted)));
    expectGolden('order.txt', picture(orderPage('cpu', { lines: 16, columns: 80 }, fitted)));
    expect(helpPage({ settings, hostname: 'h', version: '1' }, { lines: 5, columns: 10 }, fitted)).toHaveLength(5);
  });
});
