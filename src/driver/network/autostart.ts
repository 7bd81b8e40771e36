// Starting networks with the host, before the domains that need them.

import { isFirstOfBoot } from '../../store/autostart.ts';
import { autostartedNetworks } from '../../store/networks.ts';
import { paths } from '../../store/paths.ts';
import { type AutostartResult, startMarked } from '../autostart.ts';
import { type Connection, requireWritable } from '../connection.ts';
import { findNetwork } from './lookup.ts';
import { startNetwork } from './start.ts';

/** Starts every marked network that is not active; once for each boot of the host, unless `again`. */
export function autostartNetworks(connection: Connection, { again }: { again: boolean }): AutostartResult[] {
  requireWritable(connection, 'virNetworkCreate');
  if (!isFirstOfBoot(paths.networkAutostarted) && !again) return [];
  return startMarked(autostartedNetworks(), { find: findNetwork, start: (network) => startNetwork(connection, network) });
}
