import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Json, jsonLine } from '../../../src/vsh/json.ts';

describe('jsonLine()', () => {
  it('is read back as what it was, on one line', () => {
    fc.assert(
      fc.property(fc.jsonValue({ noUnicodeString: false }), (value) => {
        const line = jsonLine(value as Json);
        expect(line.indexOf('\n')).toBe(line.length - 1);
        expect(JSON.parse(line)).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });

  it('loses no digit of a number', () => {
    expect(jsonLine({ a: 2n ** 64n - 1n, b: [-(2n ** 63n)], c: 0.25 })).toBe(
      '{"a":18446744073709551615,"b":[-9223372036854775808],"c":0.25}\n',
    );
  });

  it('has null for what is not there, under its key', () => {
    expect(jsonLine({ a: undefined, b: [undefined, null], c: Number.NaN })).toBe('{"a":null,"b":[null,null],"c":null}\n');
  });

  it('gives a terminal no orders', () => {
    const text = 'a\x1b[2J\x07\x7f\x9b2J"\\é';
    const line = jsonLine({ [text]: text });
    expect(line).toMatch(/^[ -~é]+\n$/);
    expect(JSON.parse(line)).toEqual({ [text]: text });
  });
});
