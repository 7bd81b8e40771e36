// Where a procedure is looked for is where it is.
import { expect, it } from 'vitest';
import { programs } from '../../../src/rpc/procedures/index.ts';
import { REMOTE } from '../../../src/rpc/procedures/remote.ts';
import { groups, rest } from '../../../src/rpc/procedures/rest.ts';

it('names of each group the procedures that it has', async () => {
  for (const { numbers, load } of groups) expect([...numbers]).toEqual(Object.keys(await load()).map(Number));
});

it('has each procedure once', () => {
  const atHand = programs.find(({ number }) => number === REMOTE)!.procedures;
  const all = [...atHand.keys(), ...groups.flatMap(({ numbers }) => numbers)];
  expect(all.filter((number, i) => all.indexOf(number) !== i)).toEqual([]);
});

it('finds one by its number, and has a name for what it has not', async () => {
  expect(await rest.procedure(14)).toBeDefined();
  expect(await rest.procedure(66)).toBeUndefined();
  expect(await rest.apiName(182)).toBe('virDomainManagedSave');
  expect(await rest.apiName(100_000)).toBeUndefined();
});
