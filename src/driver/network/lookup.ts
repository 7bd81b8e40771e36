// Networks, looked up.

import { findNetwork, type NetworkRef, type NetworkSummary, noNetwork } from '../../store/network-lookup.ts';
import type { Connection } from '../connection.ts';

export { findNetwork, findNetworkByUuid, type NetworkRef, type NetworkSummary, noNetwork } from '../../store/network-lookup.ts';

/** The network as it is now. Throws NO_NETWORK where it has gone meanwhile. */
export function networkInfo(_connection: Connection, ref: NetworkRef): NetworkSummary {
  const network = findNetwork(ref.name);
  if (!network) throw noNetwork(ref.name, 'name');
  return network;
}
