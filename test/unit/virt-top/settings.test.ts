import { describe, expect, it } from 'vitest';
import { endTimeMs } from '../../../src/virt-top/end-time.ts';
import { formatInitFile, parseInitFile } from '../../../src/virt-top/init-file.ts';
import { readCommandLine } from '../../../src/virt-top/options.ts';
import { DEFAULT_SETTINGS, delayMs, WrongSetting } from '../../../src/virt-top/settings.ts';
import { Ticks } from '../../../src/virt-top/ticks.ts';

const NOW = new Date(2026, 10, 29, 12, 0, 0);

describe('endTimeMs()', () => {
  it.each<[string, number]>([
    ['+180', NOW.getTime() + 180_000],
    ['+00:03:00', NOW.getTime() + 180_000],
    ['13:00:01', new Date(2026, 10, 29, 13, 0, 1).getTime()],
    ['2027-01-02 03:04:05', new Date(2027, 0, 2, 3, 4, 5).getTime()],
  ])('%s', (text, time) => {
    expect(endTimeMs(text, NOW)).toBe(time);
  });

  it.each(['', 'soon', '24:00:00', '+1:60:00', '2026-13-01 00:00:00', '2026-02-30 00:00:00', '+-1', '1:2:3'])('is none: %j', (text) => {
    expect(endTimeMs(text, NOW)).toBe(undefined);
  });
});

describe('delayMs()', () => {
  it.each([
    ['3', 3000],
    ['0.5', 500],
    ['.25', 250],
    ['2.', 2000],
  ])('%s', (text, ms) => {
    expect(delayMs(text)).toBe(ms);
  });

  it.each(['0', '-1', '', 'x', '1e3', '0x10', '9999999'])('is none: %j', (text) => {
    expect(() => delayMs(text)).toThrow(WrongSetting);
  });
});

describe('readCommandLine()', () => {
  const read = (...argv: string[]) => readCommandLine(argv, NOW);

  it('takes every option of virt-top', async () => {
    const line = await read(
      ...['-3', '-b', '-c', 'lxc:///', '-d', '1.5', '-n', '5', '-o', 'netrx', '-s', '--hist-cpu', '10', '--csv', 'f.csv', '--no-csv-cpu'],
      ...['--no-csv-net', '--block-in-bytes', '--debug', 'd', '--init-file', 'i', '--script', '--end-time', '+60'],
    );
    expect(line).toEqual({
      settings: {
        display: 'block',
        batch: true,
        uri: 'lxc:///',
        delayMs: 1500,
        iterations: 5,
        sort: 'netrx',
        secure: true,
        historyDelayMs: 10_000,
        csvFile: 'f.csv',
        csv: { cpu: false, mem: true, block: true, net: false },
        blockInBytes: true,
        debugFile: 'd',
        script: true,
        endTimeMs: NOW.getTime() + 60_000,
      },
      initFile: 'i',
      help: undefined,
      version: false,
    });
  });

  it('sets nothing that is not given', async () => {
    expect(await read()).toEqual({ settings: {}, initFile: undefined, help: undefined, version: false });
    expect((await read('--no-init-file', '--init-file', 'x')).initFile).toBe(false);
    expect((await read('-1', '-2')).settings.display).toBe('net');
    expect((await read('-o', 'memory')).settings.sort).toBe('mem');
    expect((await read('--connect', 'lxc:///', '--stream', '--json')).settings).toEqual({ uri: 'lxc:///', stream: true, json: true });
  });

  it('helps, and tells its version', async () => {
    expect((await read('--help')).help).toMatch(/^virt-top \[OPTION \.\.\.\]\n(?:.*\n)*.*--end-time/);
    expect((await read('--version')).version).toBe(true);
  });

  it.each([
    [['--bogus'], 'Unknown argument: bogus'],
    [['word'], 'Unknown argument: word'],
    [['-d'], 'Not enough arguments following: d'],
    [['-d', '0'], "'0' is no delay in seconds above 0"],
    [['-n', 'many'], "'many' is no whole number for -n"],
    [['-o', 'size'], "'size' is no order: id, name, cpu, mem, time, netrx, nettx, blockrdrq, blockwrrq"],
    [['--end-time', 'soon'], "'soon' is no time to end"],
  ])('refuses %j', async (argv, message) => {
    await expect(read(...argv)).rejects.toThrow(new WrongSetting(message));
  });
});

describe('the init file', () => {
  it('is read back as it was written', () => {
    const settings = {
      ...DEFAULT_SETTINGS,
      display: 'net',
      sort: 'id',
      delayMs: 1500,
      iterations: 7,
      uri: 'lxc:///',
      batch: true,
    } as const;
    const { settings: read, ignored } = parseInitFile(formatInitFile({ ...settings, blockInBytes: true }, NOW), 'f', NOW);
    expect(read).toEqual({
      ...{ display: 'net', delayMs: 1500, historyDelayMs: 20_000, iterations: 7, sort: 'id', uri: 'lxc:///', batch: true },
      blockInBytes: true,
    });
    expect(ignored).toEqual([]);
  });

  it('knows every word, and tells those that it does not', () => {
    const text =
      '# c\n\n  display pcpu\ncsv-cpu false\noverwrite-init-file false\niterations -1\nend-time +1\nconstructor x\nstream true\n';
    expect(parseInitFile(text, 'f', NOW)).toEqual({
      settings: {
        display: 'pcpu',
        csv: { cpu: false, mem: true, block: true, net: true },
        keepsInitFile: true,
        iterations: undefined,
        endTimeMs: NOW.getTime() + 1000,
        stream: true,
      },
      ignored: [{ line: 8, word: 'constructor' }],
    });
  });

  it.each([
    ['display x', "f:1: 'x' is no one of task, pcpu, net, block, limits for display"],
    ['\nbatch yes', "f:2: 'yes' is no true or false for batch"],
    ['hist-cpu 1.5', "f:1: '1.5' is no whole number for hist-cpu"],
    ['sort', "f:1: '' is no one of id, name, cpu, mem, time, netrx, nettx, blockrdrq, blockwrrq for sort"],
  ])('refuses %j', (text, message) => {
    expect(() => parseInitFile(text, 'f', NOW)).toThrow(new WrongSetting(message));
  });
});

describe('Ticks', () => {
  const at = (ms: number) => ({ time: new Date(NOW.getTime() + ms) });

  it('end after as many looks as were asked for, without a pause', () => {
    const ticks = new Ticks({ iterations: 2, endTimeMs: undefined, delayMs: 3000 });
    expect([ticks.pauseMs(at(0)), ticks.pauseMs(at(3000))]).toEqual([3000, undefined]);
  });

  it('end at a time, before which the last pause is shorter', () => {
    const ticks = new Ticks({ iterations: undefined, endTimeMs: NOW.getTime() + 4000, delayMs: 3000 });
    expect([ticks.pauseMs(at(0)), ticks.isOver, ticks.pauseMs(at(3000)), ticks.isOver]).toEqual([3000, false, 1000, true]);
  });

  it('go on without end', () => {
    const ticks = new Ticks({ iterations: undefined, endTimeMs: undefined, delayMs: 10 });
    expect([1, 2, 3].map((n) => ticks.pauseMs(at(n)))).toEqual([10, 10, 10]);
  });
});
