import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { containerRoot, hostId, idMapText } from '../../../../src/container/plan/idmap.ts';
import { minimalDefinition } from '../../../helpers/definition.ts';

const RANGES = [
  { start: 0, target: 100000, count: 1000 },
  { start: 65534, target: 200000, count: 1 },
];

describe('hostId()', () => {
  it.each([
    [0, 100000],
    [999, 100999],
    [1000, 1000],
    [65533, 65533],
    [65534, 200000],
    [65535, 65535],
  ])('maps %i to %i', (inside, outside) => {
    expect(hostId(RANGES, inside)).toBe(outside);
  });

  it('leaves every id alone without ranges', () => {
    fc.assert(fc.property(fc.nat(), (id) => hostId([], id) === id));
  });
});

describe('containerRoot()', () => {
  it('is root where nothing is mapped', () => {
    expect(containerRoot(minimalDefinition())).toEqual({ uid: 0, gid: 0 });
  });

  it('is what uid 0 and gid 0 are mapped to', () => {
    const definition = minimalDefinition(({ idmap }) => {
      idmap.uid = [{ start: 10, target: 5, count: 2 }, ...RANGES];
      idmap.gid = [{ start: 0, target: 300, count: 1 }];
    });
    expect(containerRoot(definition)).toEqual({ uid: 100000, gid: 300 });
  });
});

describe('idMapText()', () => {
  it('has a line for each range', () => {
    expect(idMapText(RANGES)).toBe('0 100000 1000\n65534 200000 1\n');
  });
});
