import { expect, it } from 'vitest';
import { freeClassId } from '../../../src/network/classes.ts';

it('freeClassId() begins after those of the network itself and fills gaps', () => {
  const taken = (...ids: number[]) => ids.map((id) => ({ id, floor: 1 }));
  expect([taken(), taken(3), taken(3, 5), taken(4)].map(freeClassId)).toEqual([3, 4, 4, 3]);
});
