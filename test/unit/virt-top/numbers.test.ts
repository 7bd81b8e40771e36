import { describe, expect, it } from 'vitest';
import { countText, floatText, percentText, timeText } from '../../../src/virt-top/numbers.ts';

describe('percentText()', () => {
  it.each([
    [-1, ' 0.0'],
    [0, ' 0.0'],
    [0.04, ' 0.0'],
    [9.9, ' 9.9'],
    [9.95, '9.9'],
    [12.34, '12.3'],
    [99.9, '99.9'],
    [99.95, '100 '],
    [250, '100 '],
  ])('%d', (percent, text) => {
    expect(percentText(percent)).toBe(text);
  });
});

describe('countText()', () => {
  it.each<[bigint | number | undefined, string]>([
    [undefined, '    '],
    [-1n, '-!!!'],
    [0n, '   0'],
    [9999n, '9999'],
    [10_000n, '  9K'],
    [1023n * 1024n, '  0M'],
    [999n * 1024n + 1023n, '999K'],
    [1024n ** 2n, '  1M'],
    [999n * 1024n ** 3n, '999G'],
    [1000n * 1024n ** 3n, '>!!!'],
    [65536 * 1024, ' 64M'],
  ])('%s', (count, text) => {
    expect(countText(count)).toBe(text);
  });
});

describe('timeText()', () => {
  const second = 1_000_000_000n;
  it.each<[bigint, string]>([
    [0n, '  0:00.00'],
    [61n * second + 250_000_000n, '  1:01.25'],
    [12n * 3600n * second - 1n, '719:59.99'],
    [12n * 3600n * second, ' 12:00:00'],
    [999n * 3600n * second + 59n * second, '999:00:59'],
    [1000n * 3600n * second, ' 41d16:00'],
  ])('%s', (ns, text) => {
    expect(timeText(ns)).toBe(text);
  });
});

describe('floatText()', () => {
  it.each([
    [0, '0.'],
    [1, '1.'],
    [0.5, '0.5'],
    [100, '100.'],
    [123456789, '123456789.'],
    [0.1 + 0.2, '0.3'],
    [1 / 3, '0.333333333333'],
    [123456789012, '123456789012.'],
    [1234567890123, '1.23456789012e+12'],
    [1e15, '1e+15'],
    [0.00001, '1e-05'],
    [-2.5, '-2.5'],
  ])('%d', (value, text) => {
    expect(floatText(value)).toBe(text);
  });
});
