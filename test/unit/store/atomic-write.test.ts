import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { LibvirtError } from '../../../src/errors.ts';
import { readIfThere, removeDurably, writeAtomically } from '../../../src/store/atomic-write.ts';
import { tree } from '../../helpers/temp-store.ts';

let folder: string;
beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'atomic-write-'));
});
afterEach(() => {
  vi.restoreAllMocks();
  fs.rmSync(folder, { recursive: true, force: true });
});

const noSpace = (): never => {
  throw Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC', errno: -28 });
};

describe.each([true, false])('writeAtomically(), durable: %s', (durable) => {
  const file = () => path.join(folder, 'deep/er/file');

  it('makes the folders and the file, for its owner only', () => {
    writeAtomically(file(), 'text\n', { durable });
    expect(tree(folder)).toEqual({ 'deep/': '', 'deep/er/': '', 'deep/er/file': 'text\n' });
    expect(fs.statSync(file()).mode & 0o777).toBe(0o600);
  });

  it('replaces a file by another one: who has the old one open reads the old text', () => {
    writeAtomically(file(), 'old', { durable });
    const old = fs.openSync(file(), 'r');
    writeAtomically(file(), 'new', { durable });
    expect([fs.readFileSync(old, 'utf8'), fs.readFileSync(file(), 'utf8')]).toEqual(['old', 'new']);
    fs.closeSync(old);
  });

  it('replaces a link, not what it points to', () => {
    const target = path.join(folder, 'target');
    fs.writeFileSync(target, 'untouched');
    const link = path.join(folder, 'link');
    fs.symlinkSync(target, link);
    writeAtomically(link, 'new', { durable });
    expect([fs.lstatSync(link).isFile(), fs.readFileSync(target, 'utf8')]).toEqual([true, 'untouched']);
  });

  it('writes text of any size and alphabet', () => {
    const text = 'ä€😀\n'.repeat(100_000);
    writeAtomically(file(), text, { durable });
    expect(fs.readFileSync(file(), 'utf8')).toBe(text);
  });

  it.each(['openSync', 'writeFileSync', 'renameSync'] as const)('on a full disk (%s) keeps the old file and leaves no other', (call) => {
    writeAtomically(file(), 'old', { durable });
    vi.spyOn(fs, call).mockImplementation(noSpace);
    let thrown: unknown;
    try {
      writeAtomically(file(), 'new', { durable });
    } catch (error) {
      thrown = error;
    }
    vi.restoreAllMocks();
    expect(thrown).toEqual(new LibvirtError('SYSTEM_ERROR', `cannot write file '${file()}': No space left on device`));
    expect(tree(folder)).toEqual({ 'deep/': '', 'deep/er/': '', 'deep/er/file': 'old' });
  });

  it('refuses to write below a file, in the words of the kernel', () => {
    fs.writeFileSync(path.join(folder, 'deep'), '');
    expect(() => writeAtomically(file(), '', { durable })).toThrow(
      new LibvirtError('SYSTEM_ERROR', `cannot write file '${file()}': Not a directory`),
    );
  });

  it('refuses to replace a folder, and leaves no temporary file', () => {
    fs.mkdirSync(file(), { recursive: true });
    expect(() => writeAtomically(file(), '', { durable })).toThrow(`cannot write file '${file()}': Is a directory`);
    expect(Object.keys(tree(folder))).toEqual(['deep/', 'deep/er/', 'deep/er/file/']);
  });
});

describe('removeDurably()', () => {
  it('removes a file, and does nothing where there is none', () => {
    const file = path.join(folder, 'file');
    fs.writeFileSync(file, '');
    removeDurably(file);
    removeDurably(file);
    removeDurably(path.join(folder, 'no/such/folder'));
    expect(tree(folder)).toEqual({});
  });

  it('tells of what it cannot remove', () => {
    expect(() => removeDurably(folder)).toThrow(new LibvirtError('SYSTEM_ERROR', `cannot remove file '${folder}': Is a directory`));
  });
});

describe('readIfThere()', () => {
  it('reads a file, gives undefined for none or a folder, tells of others', () => {
    fs.writeFileSync(path.join(folder, 'file'), 'text');
    const file = path.join(folder, 'file');
    expect([readIfThere(file), readIfThere(path.join(folder, 'none')), readIfThere(folder)]).toEqual(['text', undefined, undefined]);
    expect(() => readIfThere(`${file}/x`)).toThrow(new LibvirtError('SYSTEM_ERROR', `Failed to open file '${file}/x': Not a directory`));
  });
});
