import fs from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseRecords } from '../../../src/store/console-record.ts';
import { type TempStore, tempStore } from '../../helpers/temp-store.ts';

const output = (timeMs: number, text: string): string => `O ${timeMs} ${Buffer.byteLength(text)}\n${text}\n`;
const shown = (text: string) => {
  const { records, taken } = parseRecords(Buffer.from(text));
  return { records: records.map(({ kind, timeMs, bytes }) => `${kind} ${timeMs} ${bytes}`), left: Buffer.from(text).length - taken };
};

describe('parseRecords()', () => {
  it('reads what is whole and leaves the rest', () => {
    expect(shown(`${output(5, 'a\nb')}E 6 3\nend\nO 7 10\nhal`)).toEqual({ records: ['O 5 a\nb', 'E 6 end'], left: 10 });
    expect(shown(`${output(5, '')}O 7 1`)).toEqual({ records: ['O 5 '], left: 5 });
  });

  it('goes on behind half a record of a command that died', () => {
    expect(shown(`O 1 100\nhalf${output(5, 'next')}`).records).toEqual([]);
    expect(shown(`O 1 3\nhalf\n${output(5, 'next')}`).records).toEqual(['O 5 next']);
    expect(shown(`rubbish\n\n${output(5, 'next')}`).records).toEqual(['O 5 next']);
  });

  it('takes no head out of what was written', () => {
    expect(shown(output(5, 'x\nE 6 3\nend\n')).records).toEqual(['O 5 x\nE 6 3\nend\n']);
  });
});

describe('RecordReader', () => {
  let store: TempStore;
  let file: (name: string) => string;
  beforeEach(() => {
    store = tempStore();
    file = (name) => path.join(store.at('var/log/libvirt/lxc/consoles/web'), name);
    fs.mkdirSync(file(''), { recursive: true });
  });
  afterEach(() => store.remove());
  const texts = (records: readonly { bytes: Buffer }[]) => records.map(({ bytes }) => bytes.toString());

  it('reads from the oldest file on, and follows through a change of files', async () => {
    const { RecordReader } = await import('../../../src/store/console-record.ts');
    fs.writeFileSync(file('0.1'), output(1, 'one'));
    fs.writeFileSync(file('0.0'), output(2, 'two'));
    fs.writeFileSync(file('0'), `${output(3, 'three')}O 4 4\nfo`);
    fs.writeFileSync(file('01'), output(9, 'of another console'));
    using reader = new RecordReader('web', 0);
    expect(texts(reader.next())).toEqual(['one', 'two', 'three']);
    expect(reader.next()).toEqual([]);
    fs.appendFileSync(file('0'), 'ur\n');
    fs.renameSync(file('0'), file('0.0'));
    fs.writeFileSync(file('0'), output(5, 'five'));
    expect(texts(reader.next())).toEqual(['four', 'five']);
    expect(reader.next()).toEqual([]);
  });

  it('is kept in the directory of the new name of a domain', async () => {
    const { hasRecords, moveRecords, openRecords, recordEnd, removeRecords, RecordReader } = await import(
      '../../../src/store/console-record.ts'
    );
    recordEnd('none', 'nothing is made for this');
    expect(hasRecords('none')).toBe(false);
    fs.writeFileSync(file('0'), output(1, 'one'));
    recordEnd('web', 'ended');
    moveRecords('web', 'new');
    expect(hasRecords('web')).toBe(false);
    using reader = new RecordReader('new', 0);
    expect(texts(reader.next())).toEqual(['one', 'ended']);
    removeRecords('new');
    expect(hasRecords('new')).toBe(false);
    fs.closeSync(openRecords('new', 2));
    expect(fs.readdirSync(store.at('var/log/libvirt/lxc/consoles/new')).sort()).toEqual(['0', '1']);
  });
});

describe('recordLimits()', () => {
  let store: TempStore;
  beforeEach(() => {
    store = tempStore();
    fs.mkdirSync(store.at('etc/libvirt'), { recursive: true });
  });
  afterEach(() => store.remove());

  it.each([
    ['', { bytes: 2048 * 1024, files: 3 }],
    ['console_log_size = 16\nconsole_log_files = 1', { bytes: 16 * 1024, files: 1 }],
    ['console_log = 0', undefined],
    ['security_level = "libvirt"', undefined],
    ['functions = "libvirt"', undefined],
    ['functions = "libvirt"\nconsole_log = 1', { bytes: 2048 * 1024, files: 3 }],
  ])('with %j is %j', async (conf, limits) => {
    fs.writeFileSync(store.at('etc/libvirt/lxc.conf'), conf);
    const { recordLimits } = await import('../../../src/store/console-record.ts');
    expect(recordLimits()).toEqual(limits);
  });

  it.each(['console_log_size = 15', 'console_log_files = 0'])('refuses %s', async (conf) => {
    fs.writeFileSync(store.at('etc/libvirt/lxc.conf'), conf);
    const { recordLimits } = await import('../../../src/store/console-record.ts');
    expect(() => recordLimits()).toThrow(conf.split(' ')[0]!);
  });
});
