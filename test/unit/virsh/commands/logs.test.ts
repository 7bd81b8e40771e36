import { describe, expect, it } from 'vitest';
import { pastTime } from '../../../../src/virsh/commands/domain/logs.ts';
import { withoutControl } from '../../../../src/virsh/control-characters.ts';

const NOW = 1_000_000_000_000;

describe('pastTime()', () => {
  it.each([
    ['90', NOW - 90_000],
    ['90s', NOW - 90_000],
    ['10m', NOW - 600_000],
    ['2h', NOW - 7_200_000],
    ['3d', NOW - 259_200_000],
    ['@1764425641.5', 1764425641500],
    ['2026-01-31 12:00:00.250+0000', Date.UTC(2026, 0, 31, 12, 0, 0, 250)],
    ['2026-01-31T12:00Z', Date.UTC(2026, 0, 31, 12)],
    ['2026-01-31', new Date(2026, 0, 31).getTime()],
  ])('reads %j', (text, time) => {
    expect(pastTime(text, NOW)).toBe(time);
  });

  it.each(['', 'yesterday', '10x', '-5', '2026-13-01', '12:00'])('knows no %j', (text) => {
    expect(() => pastTime(text, NOW)).toThrow(`'${text}' is no time`);
  });
});

describe('withoutControl()', () => {
  const shown = (text: string | Buffer) => withoutControl(Buffer.from(text as string)).toString('utf8');

  it('leaves text, lines and colours', () => {
    expect(shown('a\tb\r\n\x1b[1;31mred\x1b[0m é £ 日本\n')).toBe('a\tb\r\n\x1b[1;31mred\x1b[0m é £ 日本\n');
  });

  it('shows what would control the terminal', () => {
    expect(shown('\x1b]0;title\x07\x1b[2J\x1b[6n\x9b\x7f\b\x00')).toBe('^[]0;title^G^[[2J^[[6n?^?^H^@');
    expect(shown(Buffer.from([0x61, 0xc2]))).toBe('a?');
    expect(shown('\x1b')).toBe('^[');
  });
});
