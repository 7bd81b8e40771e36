// Starting networks with the host, before the domains that need them.

import { failureInSync, type LibvirtError } from '../../errors.ts';
import { isFirstOfBoot } from '../../store/autostart.ts';
import { autostartedNetworks } from '../../store/networks.ts';
import { paths } from '../../store/paths.ts';
import { type Connection, requireWritable } from '../connection.ts';
import { findNetwork } from './lookup.ts';
import { startNetwork } from './start.ts';

export interface NetworkAutostartResult {
  name: string;
  /** undefined: started, or it was active already. */
  error: LibvirtError | undefined;
}

/** Starts every marked network that is not active; once for each boot of the host, unless `again`. */
export function autostartNetworks(connection: Connection, { again }: { again: boolean }): NetworkAutostartResult[] {
  requireWritable(connection, 'virNetworkCreate');
  if (!isFirstOfBoot(paths.networkAutostarted) && !again) return [];
  return autostartedNetworks()
    .sort()
    .flatMap((name): NetworkAutostartResult[] => {
      const network = findNetwork(name);
      if (!network || network.active) return [];
      return [{ name, error: failureInSync(() => startNetwork(connection, network)) }];
    });
}
