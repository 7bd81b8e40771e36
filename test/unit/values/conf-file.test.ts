import { describe, expect, it } from 'vitest';
import { Conf, parseConf } from '../../../src/values/conf-file.ts';

const parsed = (text: string) => Object.fromEntries(parseConf(text, 'f'));

describe('parseConf()', () => {
  it('reads strings, numbers, lists and comments', () => {
    const text = `# a = 1
a = "x # no comment" # one
  b='it"s'
c = 12
d = -1
e = [ "1", # first
  '2',
]
f = []
g = """two
lines"""
h="" `;
    expect(parsed(text)).toEqual({ a: 'x # no comment', b: 'it"s', c: 12, d: -1, e: ['1', '2'], f: [], g: 'two\nlines', h: '' });
  });
  it('lets the last one count', () => expect(parsed('a = 1\na = "2"\n')).toEqual({ a: '2' }));
  it.each([
    ['= 1', 1, 'expecting a name'],
    ['a', 1, 'expecting an assignment'],
    ['\na =\n', 2, 'expecting a value'],
    ['a = b', 1, 'expecting a value'],
    ['a = "b\n"', 1, 'unterminated string'],
    ['a = 1 b = 2', 1, 'expecting a separator'],
    ['a = ["b" "c"]', 1, 'expecting a separator in list'],
    ['a = [\n"b",', 2, 'expecting a value'],
    ['a = [1]', 1, 'expecting a value'],
  ])('refuses %j', (text, line, words) => {
    expect(() => parseConf(text, 'f')).toThrow(`configuration file syntax error: f:${line}: ${words}`);
  });
  it('tells a string of digits from a number', () => expect(parsed('a = "1"\nb = 1')).toEqual({ a: '1', b: 1 }));
});

describe('Conf', () => {
  const conf = new Conf('t = "x"\nn = 3\nf = 1\nl = ["a", "b"]\nm = -1', 'f');
  it('gives settings of their kind, and none for what is not there', () => {
    expect([conf.text('t'), conf.number('n'), conf.flag('f'), conf.list('l'), conf.list('t')]).toEqual(['x', 3, true, ['a', 'b'], ['x']]);
    expect([conf.text('z'), conf.number('z'), conf.flag('z'), conf.list('z'), conf.word('z', ['x'])]).toEqual(Array(5).fill(undefined));
    expect(conf.word('t', ['x', 'y'])).toBe('x');
  });
  it.each([
    [() => conf.text('n'), "internal error: f: expected a string for 'n' parameter"],
    [() => conf.number('t'), "internal error: f: expected an unsigned integer for 't' parameter"],
    [() => conf.number('m'), "internal error: f: expected an unsigned integer for 'm' parameter"],
    [() => conf.flag('n'), "internal error: f: expected 0 or 1 for 'n' parameter"],
    [() => conf.list('n'), "internal error: f: expected a string list for 'n' parameter"],
    [() => conf.word('t', ['y']), 'configuration file syntax error: f: expecting one of "y" for t'],
  ])('refuses one of another kind', (read, message) => expect(read).toThrow(message));
});
