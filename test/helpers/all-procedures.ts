// Every procedure of libvirt's API that the server has, by its number.
import type { Procedure } from '../../src/rpc/procedure.ts';
import { programs } from '../../src/rpc/procedures/index.ts';
import { REMOTE } from '../../src/rpc/procedures/remote.ts';
import { groups } from '../../src/rpc/procedures/rest.ts';
import { tableOf } from '../../src/rpc/procedures/table.ts';

export async function allProcedures(): Promise<ReadonlyMap<number, Procedure>> {
  const atHand = programs.find(({ number }) => number === REMOTE)!.procedures;
  const rest = await Promise.all(groups.map(({ load }) => load()));
  return new Map([...atHand, ...tableOf(...rest)]);
}
