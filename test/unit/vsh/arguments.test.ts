import { describe, expect, it } from 'vitest';
import { LibvirtError } from '../../../src/errors.ts';
import { argumentsOf } from '../../../src/vsh/arguments.ts';
import { defineCommand, type OptionDefinition } from '../../../src/vsh/command.ts';
import { parseScaled } from '../../../src/vsh/scaled.ts';

function value(option: OptionDefinition, ...words: string[]): unknown {
  const definition = defineCommand({ name: 'x', group: 'virsh', summary: '-', description: '-', options: [option], run() {} });
  return argumentsOf({ definition, values: new Map(words.length > 0 ? [[option.name, words]] : []) })[option.name];
}

const count: OptionDefinition = { name: 'count', type: 'int', help: '-' };
const size: OptionDefinition = { name: 'size', type: 'scaled', help: '-' };
const text: OptionDefinition = { name: 'text', type: 'string', help: '-' };

describe('argumentsOf()', () => {
  it('gives undefined, false or an empty list for what is absent', () => {
    expect(value(count)).toBeUndefined();
    expect(value(text)).toBeUndefined();
    expect(value({ name: 'flag', type: 'bool', help: '-' })).toBe(false);
    expect(value({ name: 'rest', type: 'argv', help: '-' })).toEqual([]);
  });
  it.each(['x', '', '1x', '1.5', '99999999999'])('refuses the number %j when it is read', (word) => {
    expect(() => value(count, word)).toThrow(`Numeric value '${word}' for <count> option is malformed or out of range`);
  });
  it('keeps to the least value', () => {
    expect(value(count, '-3')).toBe(-3);
    expect(() => value({ ...count, min: 1 }, '0')).toThrow("Numeric value '0' for <count> option is malformed or out of range");
  });
  it('refuses an empty word unless it may be empty', () => {
    expect(() => value(text, '')).toThrow("Failed to get option 'text': Option argument is empty");
    expect(value({ ...text, emptyAllowed: true }, '')).toBe('');
  });
  it('says which size is malformed, and what its suffix has to do with it', () => {
    expect(value(size, '2')).toBe(2048n);
    expect(() => value(size, '-5')).toThrow("Scaled numeric value '-5' for <size> option is malformed or out of range");
    let error: unknown;
    try {
      value(size, '10q');
    } catch (caught) {
      error = caught;
    }
    expect(error).toBeInstanceOf(LibvirtError);
    expect(error).toMatchObject({
      context: "Scaled numeric value '10q' for <size> option is malformed or out of range",
      message: "invalid argument: unknown suffix 'q'",
    });
  });
});

describe('parseScaled()', () => {
  it.each([
    ['0', 0n],
    ['3', 3072n],
    ['100000B', 100000n],
    ['7bytes', 7n],
    ['1k', 1024n],
    ['1KB', 1000n],
    ['1KiB', 1024n],
    ['2mib', 2n << 20n],
    ['1G', 1n << 30n],
    ['1T', 1n << 40n],
    ['1GB', 10n ** 9n],
    ['15E', 15n << 60n],
  ])('reads %s', (given, bytes) => {
    expect(parseScaled(given, 1024n)).toBe(bytes);
  });
  it.each(['', 'x', '-1', '99999999999999999999'])('finds no number in %j', (given) => {
    expect(parseScaled(given, 1024n)).toBeUndefined();
  });
  it('refuses what 64 bits do not hold', () => {
    expect(() => parseScaled('16E', 1024n)).toThrow('numerical overflow: value too large: 16E');
  });
  it('refuses what is more than the most', () => {
    expect(parseScaled('2', 1024n, 2048n)).toBe(2048n);
    expect(() => parseScaled('3', 1024n, 2048n)).toThrow('numerical overflow: value too large: 3');
  });
});
