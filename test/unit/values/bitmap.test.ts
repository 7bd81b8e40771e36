import { describe, expect, it } from 'vitest';
import { numberMask } from '../../../src/values/bitmap.ts';

describe('numberMask()', () => {
  it.each([
    ['0', '01000000'],
    ['0-3', '0f000000'],
    ['0-3,^2', '0b000000'],
    ['8,31', '00010080'],
    ['30-40', '000000c0'],
    ['', '00000000'],
  ])('makes %j %s', (list, mask) => {
    expect(numberMask(list, 32).toString('hex')).toBe(mask);
  });
});
