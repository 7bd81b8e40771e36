import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { linkCounters } from '../../../src/host/link-counters.ts';
import { listDirectory, parseNumberList, readNumber, readText } from '../../../src/host/system-files.ts';
import { formatBitmap } from '../../../src/values/bitmap.ts';

describe('number lists', () => {
  it.each([
    ['0-1', [0, 1]],
    ['0', [0]],
    ['0-2,5,7-8', [0, 1, 2, 5, 7, 8]],
    ['', []],
  ])('%s', (text, numbers) => {
    expect(parseNumberList(text)).toEqual(numbers);
    expect(formatBitmap(numbers)).toBe(text);
  });
});

describe('small files', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'system-files-'));
    writeFileSync(`${folder}/number`, '42\n');
    writeFileSync(`${folder}/word`, 'always\n');
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it('are read without white space, or not at all', () => {
    expect(readText(`${folder}/word`)).toBe('always');
    expect(readText(`${folder}/none`)).toBeUndefined();
    expect([readNumber(`${folder}/number`), readNumber(`${folder}/word`), readNumber(`${folder}/none`)]).toEqual([
      42,
      undefined,
      undefined,
    ]);
    expect(listDirectory(folder).sort()).toEqual(['number', 'word']);
    expect(listDirectory(`${folder}/none`)).toEqual([]);
    expect(() => listDirectory(`${folder}/word`)).toThrow(`cannot read directory '${folder}/word': Not a directory`);
  });
});

describe('linkCounters()', () => {
  it('finds the loopback link and no other than asked for', () => {
    expect(linkCounters('lo')?.received.bytes).toBeTypeOf('bigint');
    expect(linkCounters('l')).toBeUndefined();
  });
});
