// Finding networks: by uuid or name, and all of them. A store that never had networks gets `default` by it.

import { defineDefaultNetwork } from '../../bridge/default-network.ts';
import { failureInSync } from '../../errors.ts';
import { definedNetworks, networkStatusNames, networksAreSetUp } from '../../store/networks.ts';
import type { Connection } from '../connection.ts';
import { findNetwork, findNetworkByUuid, type NetworkRef, type NetworkSummary, noNetwork } from './lookup.ts';

/** Every network, in no order. The first time, `default` comes to be (unless the connection is read-only). */
export async function listNetworks(connection: Connection): Promise<NetworkSummary[]> {
  await setUpNetworks(connection);
  const names = new Set([...networkStatusNames(), ...definedNetworks()]);
  return [...names].flatMap((name) => findNetwork(name) ?? []);
}

/** The network that `text` means, tried as each of `by` in that order. Throws NO_NETWORK. */
export async function lookupNetwork(connection: Connection, text: string, by: readonly ('uuid' | 'name')[]): Promise<NetworkRef> {
  await setUpNetworks(connection);
  for (const kind of by) {
    const found = kind === 'uuid' ? findNetworkByUuid(text) : findNetwork(text);
    if (found) return found;
  }
  throw noNetwork(text, by.includes('name') ? 'name' : 'uuid');
}

async function setUpNetworks(connection: Connection): Promise<void> {
  if (networksAreSetUp() || connection.readonly) return;
  failureInSync(defineDefaultNetwork); // a store that is not ours to write to has none: whoever reads is told what is there
}
