// The network interfaces of a running domain: their traffic, their addresses.

import type { InterfaceDevice } from '../../domain/definition.ts';
import { findInterfaceNamed } from '../../domain/device-list.ts';
import type { DomainRef } from '../../domain/ref.ts';
import { libvirtError, notRunning } from '../../errors.ts';
import { linkCounters } from '../../host/link-counters.ts';
import type { TrafficCounters } from '../../host/netlink/link.ts';
import { listNeighbours } from '../../host/netlink/neighbour.ts';
import { openRouteSocket } from '../../host/netlink/rtnetlink.ts';
import { type Connection, requireWritable } from '../connection.ts';
import { leasesOf } from '../network/leases.ts';
import { readDomain } from './change.ts';

export interface InterfaceTraffic {
  received: TrafficCounters;
  sent: TrafficCounters;
}

/**
 * What the container received and sent through the interface with this MAC address or device on the host.
 * Throws INVALID_ARG for one that it has not.
 */
export function interfaceTraffic(connection: Connection, ref: DomainRef, name: string): InterfaceTraffic {
  const { live, initPid } = readDomain(connection, ref);
  if (!live) throw notRunning();
  const device = live.devices.interfaces[findInterfaceNamed(live.devices, name)]!;
  const traffic = device.targetDev === undefined ? insideTraffic(device, initPid) : outsideTraffic(device.targetDev);
  if (!traffic) throw libvirtError('INTERNAL_ERROR', 'Interface not found');
  return traffic;
}

/** What one end of a pair received the other has sent. */
function outsideTraffic(targetDev: string): InterfaceTraffic | undefined {
  const counters = linkCounters(targetDev);
  return counters && { received: counters.sent, sent: counters.received };
}

/** A direct interface has no end on the host. */
function insideTraffic({ guestDev }: InterfaceDevice, initPid: number): InterfaceTraffic | undefined {
  return guestDev === undefined ? undefined : linkCounters(guestDev, initPid);
}

export type AddressSource = 'lease' | 'agent' | 'arp';

/** Addresses of one interface. */
export interface InterfaceAddresses {
  /** Its device on the host. */
  name: string;
  mac: string;
  addresses: { family: 'ipv4' | 'ipv6'; address: string; prefix: number }[];
}

/** As the DHCP server of its network, or the host's neighbour tables, know them. Throws ARGUMENT_UNSUPPORTED for an agent. */
export async function interfaceAddresses(connection: Connection, ref: DomainRef, source: AddressSource): Promise<InterfaceAddresses[]> {
  if (source === 'agent') requireWritable(connection, 'virDomainInterfaceAddresses');
  const { live } = readDomain(connection, ref);
  if (!live) throw notRunning();
  switch (source) {
    case 'agent':
      throw libvirtError('ARGUMENT_UNSUPPORTED', 'Unknown IP address data source 1');
    case 'lease':
      return leasedAddresses(live.devices.interfaces);
    case 'arp':
      return neighbourAddresses(live.devices.interfaces);
    default:
      return source satisfies never;
  }
}

/** Interfaces without a lease are left out, as libvirt does. */
async function leasedAddresses(interfaces: readonly InterfaceDevice[]): Promise<InterfaceAddresses[]> {
  const inNetworks = interfaces.filter(({ type }) => type === 'network');
  if (inNetworks.length === 0) return [];
  return inNetworks.flatMap(({ source, targetDev, mac }) => {
    const addresses = leasesOf(source!).filter((lease) => lease.mac.toLowerCase() === mac);
    return addresses.length === 0 ? [] : [{ name: targetDev ?? '-', mac, addresses }];
  });
}

function neighbourAddresses(interfaces: readonly InterfaceDevice[]): InterfaceAddresses[] {
  using route = openRouteSocket();
  const neighbours = listNeighbours(route);
  return interfaces.flatMap(({ targetDev, mac }) =>
    neighbours
      .filter((neighbour) => neighbour.mac === mac)
      .map(({ address, family }) => ({ name: targetDev ?? '-', mac, addresses: [{ family, address, prefix: 0 }] })),
  );
}
