// net-dumpxml: what is stored is normalised already, so the inactive form of a defined network is a read.

import { activeStatus } from '../../store/network-lookup.ts';
import { isNetworkDefined, readNetworkDefinition } from '../../store/networks.ts';
import type { Connection } from '../connection.ts';
import { type NetworkRef, noNetwork } from './lookup.ts';

/** The network's XML, ending in `</network>` and a newline. */
export async function networkXml(_connection: Connection, ref: NetworkRef, { inactive }: { inactive: boolean }): Promise<string> {
  const active = activeStatus(ref.name) !== undefined;
  const stored = active && !(inactive && isNetworkDefined(ref.name)) ? undefined : readNetworkDefinition(ref.name);
  if (stored !== undefined) return stored;
  if (!active) throw noNetwork(ref.name, 'name');
  const [{ loadLiveNetwork, networkUse }, { formatNetwork }] = await Promise.all([
    import('../../store/network-documents.ts'),
    import('../../network/format.ts'),
  ]);
  const live = loadLiveNetwork(ref.name);
  if (!live) throw noNetwork(ref.name, 'name');
  return formatNetwork(live, inactive ? undefined : networkUse(ref.name));
}
