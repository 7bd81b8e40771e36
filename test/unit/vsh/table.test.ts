import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { formatTable } from '../../../src/vsh/table.ts';

describe('formatTable()', () => {
  beforeEach(() => void vi.stubEnv('LC_ALL', 'C.UTF-8'));
  afterEach(() => void vi.unstubAllEnvs());

  it('pads every cell but the last', () => {
    expect(
      formatTable(
        ['Id', 'Name', 'State'],
        [
          ['13508', 's-a', 'running'],
          ['-', 'long-name', ''],
        ],
      ),
    ).toBe(
      [
        ' Id      Name        State', //
        '------------------------------',
        ' 13508   s-a         running',
        ' -       long-name   ',
        '',
      ].join('\n'),
    );
  });
  it('prints header and rule without rows', () => {
    expect(formatTable(['Name', 'State'], [])).toBe(' Name   State\n---------------\n');
  });
  it('is as narrow as the rows without a header', () => {
    expect(formatTable(undefined, [['-', 'a', 'shut off']])).toBe(' -   a   shut off\n');
  });
  it('counts the columns of a terminal', () => {
    expect(
      formatTable(
        ['T', 'x'],
        [
          ['日本', '1'],
          ['e\u0301', '2'],
          ['\u{1f600}', '3'],
        ],
      ),
    ).toBe(' T      x\n-----------\n 日本   1\n e\u0301      2\n \u{1f600}     3\n');
  });
  it('shows bytes that cannot be printed', () => {
    expect(formatTable(undefined, [['a\tb\u007f']])).toBe(' a\\x09b\\x7f\n');
    expect(formatTable(undefined, [['\u0085']])).toBe(' \\xff\\xff\n');
  });
  it('shows only ASCII in the C locale', () => {
    vi.stubEnv('LC_ALL', 'C');
    expect(formatTable(undefined, [['é日']])).toBe(' \\xff\\xff\\xff\\xff\\xff\n');
  });
});
