import { describe, expect, it } from 'vitest';
import { LibvirtError } from '../../../../src/errors.ts';
import { categoryRange, freeLevel } from '../../../../src/security/selinux/categories.ts';

const internal = (message: string) => new LibvirtError('INTERNAL_ERROR', `internal error: ${message}`);

describe('categoryRange()', () => {
  it.each([
    [undefined, { sensitivity: 's0', first: 0, last: 1023 }],
    ['s0', { sensitivity: 's0', first: 0, last: 1023 }],
    ['s0-s0', { sensitivity: 's0', first: 0, last: 1023 }],
    ['s0-s0:c0.c1023', { sensitivity: 's0', first: 0, last: 1023 }],
    ['s0:c20.c29', { sensitivity: 's0', first: 20, last: 29 }],
    ['s1:c1,c2-s3:c4.c99', { sensitivity: 's1', first: 4, last: 99 }],
  ])('of %s', (range, expected) => {
    expect(categoryRange(range)).toEqual(expected);
  });
  it.each([
    ['s0:x1.c2', 'Cannot parse category in x1.c2'],
    ['s0:c1.2', 'Cannot parse category in c1.2'],
    ['s0:c1,c2', 'Cannot parse category in c1,c2'],
    ['s0-s0:c5', 'No category range available'],
  ])('rejects %s', (range, message) => {
    expect(() => categoryRange(range)).toThrow(internal(message));
  });
});

describe('freeLevel()', () => {
  const eight = { sensitivity: 's0', first: 100, last: 107 };
  it('gives every pair of two different categories once, and then says that there is none', () => {
    const taken = new Set<string>();
    for (let i = 0; i < 28; i++) taken.add(freeLevel(eight, taken, (below) => (i * 11) % below));
    const pairs = new Set<string>();
    for (let low = 100; low < 108; low++) for (let high = low + 1; high < 108; high++) pairs.add(`s0:c${low},c${high}`);
    expect(taken).toEqual(pairs);
    expect(() => freeLevel(eight, taken, () => 0)).toThrow(internal('All pairs of categories c100-c107 are taken'));
  });
  it('chooses among all of a whole range', () => {
    const whole = categoryRange('s0-s0:c0.c1023');
    const pairs = (1024 * 1023) / 2;
    const chosen = (place: number) =>
      freeLevel(whole, new Set(), (below) => {
        expect(below).toBe(pairs);
        return place;
      });
    expect([0, 1, 2, pairs - 1].map(chosen)).toEqual(['s0:c0,c1', 's0:c0,c2', 's0:c1,c2', 's0:c1022,c1023']);
  });
  it('wants eight at least', () => {
    expect(() => freeLevel({ ...eight, last: 106 }, new Set(), () => 0)).toThrow(internal('Category range c100-c106 too small'));
  });
});
