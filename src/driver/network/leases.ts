// net-dhcp-leases, and the leases of a domain's interfaces.

import { libvirtError } from '../../errors.ts';
import { prefixOf } from '../../network/addresses.ts';
import type { NetworkDefinition } from '../../network/definition.ts';
import { isExpired, parseLeases } from '../../network/leases.ts';
import { readIfThere } from '../../store/atomic-write.ts';
import { loadLiveNetwork, loadNetwork } from '../../store/network-documents.ts';
import { isNetworkDefined, leasesFile } from '../../store/networks.ts';
import { parseMac } from '../../values/mac.ts';
import type { Connection } from '../connection.ts';
import type { NetworkRef } from './lookup.ts';

export interface Lease {
  /** Seconds since the epoch; 0: never. */
  expiryS: number;
  mac: string;
  family: 'ipv4' | 'ipv6';
  address: string;
  prefix: number;
  hostname: string | undefined;
  clientId: string | undefined;
  iaid: string | undefined;
}

/** The leases that are good now, all or those of one MAC address. Throws INVALID_MAC for what is none. */
export function networkLeases(_connection: Connection, ref: NetworkRef, mac: string | undefined): Lease[] {
  const wanted = mac === undefined ? undefined : parseMac(mac);
  if (mac !== undefined && wanted === undefined) throw libvirtError('INVALID_MAC', mac);
  return leasesOf(ref.name).filter((lease) => wanted === undefined || parseMac(lease.mac) === wanted);
}

/** All good leases of a network; none where it is not known. */
export function leasesOf(network: string): Lease[] {
  const definition = loadLiveNetwork(network) ?? (isNetworkDefined(network) ? loadNetwork(network) : undefined);
  if (definition?.bridge.name === undefined) return [];
  const file = leasesFile(definition.bridge.name);
  const nowS = Date.now() / 1000;
  return parseLeases(readIfThere(file) ?? '', file)
    .filter((lease) => !isExpired(lease, nowS))
    .map((lease) => {
      const family = lease['ip-address'].includes(':') ? 'ipv6' : 'ipv4';
      return {
        expiryS: lease['expiry-time'],
        mac: lease['mac-address'],
        family,
        address: lease['ip-address'],
        prefix: prefixFor(definition, family),
        hostname: lease.hostname,
        clientId: lease['client-id'],
        iaid: lease.iaid,
      };
    });
}

/** Of the network's first address of that family. */
function prefixFor({ ips }: NetworkDefinition, family: 'ipv4' | 'ipv6'): number {
  const ip = ips.find((candidate) => candidate.family === family);
  return ip ? prefixOf(ip) : 0;
}
