// Guaranteed bandwidth of ports: a class of the bridge's traffic control for each, and what the network's status says of them.

import { findLink } from '../host/netlink/link.ts';
import { openRouteSocket } from '../host/netlink/rtnetlink.ts';
import { type Guarantee, guarantee, withdrawGuarantee } from '../host/netlink/tc-guarantee.ts';
import { withClasses } from '../network/facts.ts';
import { portClasses } from '../store/network-documents.ts';
import { readNetworkStatus, writeNetworkStatus } from '../store/networks.ts';

/** Makes the class of a port that is stored, or changes its rate. */
export function plugFloor(network: string, bridge: string, wanted: Guarantee): void {
  using route = openRouteSocket();
  const link = findLink(route, bridge);
  if (link) guarantee(route, link, wanted);
  noteClasses(network);
}

/** Removes the class of a port that was removed; the bridge may be gone. */
export function unplugFloor(network: string, bridge: string, classId: number): void {
  using route = openRouteSocket();
  const link = findLink(route, bridge);
  if (link) withdrawGuarantee(route, link, classId);
  noteClasses(network);
}

function noteClasses(network: string): void {
  const status = readNetworkStatus(network);
  if (status !== undefined) writeNetworkStatus(network, withClasses(status, portClasses(network)));
}
