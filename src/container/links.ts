// A container's network devices in the kernel: made while its init waits, one end at once in the container's network
// namespace; removed after its end.
//
// Every link made carries the domain's uuid as its alias. Names are used again as soon as they are free, so this is
// how a clean-up knows that a link is still the one it means.
import { EEXIST, O_RDONLY } from '../../lib-native/constants.ts';
import { linux } from '../../lib-native/linux.ts';
import type { DomainDefinition, HostDevice, InterfaceDevice, IpAddress, IpRoute } from '../domain/definition.ts';
import { LibvirtError, systemError } from '../errors.ts';
import { addAddress, addRoute } from '../host/netlink/address.ts';
import {
  addBridgePort,
  checkLinkName,
  createMacvlan,
  createVethPair,
  deleteLink,
  findLink,
  linkIndex,
  listLinks,
  moveLink,
  requireLinkUp,
  setBridgePortIsolated,
  setLinkAlias,
} from '../host/netlink/link.ts';
import { inNetworkNamespace, openRouteSocket, type RouteSocket } from '../host/netlink/rtnetlink.ts';
import { setBandwidth } from '../host/netlink/tc.ts';
import { startupFailure } from './launch.ts';
import { freeVethNames, hostEndMac } from './plan/interface-names.ts';

export type DirectMode = NonNullable<InterfaceDevice['sourceMode']>;

/**
 * How an interface is connected: by a veth pair, whose host end is in a bridge or free and has the name that the user
 * wants (with `%d` for a number) or `vnetN`; or by a macvlan device on a device of the host.
 */
export type Connection =
  | { kind: 'veth'; wantedName?: string; bridge?: string; portIsolated?: boolean; mtu?: number }
  | { kind: 'direct'; lower: string; mode: DirectMode; mtu?: number };

/** An interface to be made, or a device of the host to be moved. */
export type PreparedLink =
  | {
      /** The domain's uuid, which becomes the alias of the link. */
      owner: string;
      /** As the live definition shows it. Its target name is free now; moveInterfaces() puts in another if it is not any longer. */
      device: InterfaceDevice;
      connection: Connection;
    }
  | { hostdev: HostDevice };

export interface PreparedNetwork {
  /** The devices of `links`, for the live definition. */
  interfaces: InterfaceDevice[];
  links: PreparedLink[];
}

/** Two starts may look for a free name at the same time; the slower one looks again. */
const NAME_ATTEMPTS = 100;

/** The two sides on which a link is configured. */
interface Sides {
  host: RouteSocket;
  inside: RouteSocket;
  nsFd: number;
  starting: boolean;
}

/**
 * Makes the prepared interfaces, one end at once in init's network namespace, moves host devices there, and configures
 * all of them. At a start init waits meanwhile; then `lo` is set up, too (`loopback`), and what fails inside is worded as
 * a failure of the start. To be called from the main thread.
 *
 * After a failure nothing is left on the host; the caller ends the container.
 */
export function moveInterfaces(links: readonly PreparedLink[], initPid: number, { loopback }: { loopback: boolean }): void {
  withNamespaceOf(initPid, (nsFd, inside) => {
    using host = openRouteSocket();
    const sides: Sides = { host, inside, nsFd, starting: loopback };
    const made: string[] = [];
    try {
      for (const link of links) {
        if ('hostdev' in link) {
          moveHostDevice(sides, link.hostdev);
          continue;
        }
        makeInterface(sides, link);
        if (link.device.targetDev !== undefined) made.push(link.device.targetDev);
      }
      if (loopback) requireLinkUp(inside, 'lo');
    } catch (error) {
      for (const name of made) deleteLink(host, name);
      throw error;
    }
  });
}

/** Runs `use` with the container's network namespace, and a socket in it. */
export function withNamespaceOf<T>(initPid: number, use: (nsFd: number, inside: RouteSocket) => T): T {
  const path = `/proc/${initPid}/ns/net`;
  const nsFd = linux.open(path, O_RDONLY);
  if (nsFd < 0) throw systemError(`Unable to open ${path}`, -nsFd);
  try {
    using inside = inNetworkNamespace(nsFd, () => openRouteSocket());
    return use(nsFd, inside);
  } finally {
    linux.close(nsFd);
  }
}

/** Differs from libvirt: addresses and routes of a host device are applied. */
function moveHostDevice(sides: Sides, { source, ips, routes }: HostDevice): void {
  moveLink(sides.host, source!, sides.nsFd);
  configureInside(sides, { name: source!, ips, routes, up: ips.length > 0 });
}

function makeInterface(sides: Sides, { owner, device, connection }: Exclude<PreparedLink, { hostdev: HostDevice }>): void {
  checkGuestName(device.guestDev!, sides);
  if (connection.kind === 'direct') {
    const { lower, mode, mtu } = connection;
    createMacvlan(sides.host, { name: device.guestDev!, namespace: sides.nsFd, lower, mode, mac: device.mac, mtu });
    setLinkAlias(sides.inside, device.guestDev!, owner);
    configureInside(sides, guestSettings(device));
    return;
  }
  const host = createPair(sides, device, connection);
  device.targetDev = host;
  try {
    setLinkAlias(sides.host, host, owner);
    configureHostEnd(sides.host, host, device, connection);
    configureInside(sides, guestSettings(device));
    configureHostAddresses(sides.host, host, device);
  } catch (error) {
    deleteLink(sides.host, host);
    throw error;
  }
}

function checkGuestName(name: string, { starting }: Sides): void {
  try {
    checkLinkName(name);
  } catch (error) {
    throw guestError(error, starting);
  }
}

/** The name of the host's end. */
function createPair(
  { host, inside, nsFd, starting }: Sides,
  device: InterfaceDevice,
  { wantedName, mtu }: Connection & { kind: 'veth' },
): string {
  const peer = device.guestDev!;
  let name = device.targetDev!;
  for (let attempt = 1; ; attempt++) {
    const errno = createVethPair(host, { name, mac: hostEndMac(device.mac), peer, peerMac: device.mac, peerNamespace: nsFd, mtu });
    if (errno === 0) return name;
    const next = freeVethNames(wantedName, linkNames(host));
    if (errno === EEXIST && findLink(inside, peer)) {
      throw guestError(systemError(`Unable to rename '${next.guest}' to '${peer}'`, errno), starting);
    }
    if (errno !== EEXIST || next.host === name || attempt === NAME_ATTEMPTS) {
      throw systemError(`unable to create ${name} <-> ${next.guest} veth pair`, errno);
    }
    name = next.host;
  }
}

function configureHostEnd(host: RouteSocket, name: string, device: InterfaceDevice, connection: Connection & { kind: 'veth' }): void {
  if (connection.bridge !== undefined) addBridgePort(host, connection.bridge, name);
  if (connection.portIsolated) setBridgePortIsolated(host, name, true);
  // What the host sends into the pair is what the container receives.
  const { inbound: send, outbound: receive } = (device.actual ?? device).bandwidth ?? {};
  if (send || receive) setBandwidth(host, { index: linkIndex(host, name), name }, { send, receive });
  // A link that is down is one whose cable is pulled: inside it may be configured but has no carrier.
  if (device.linkState !== 'down') requireLinkUp(host, name);
}

/** After the other end is up: the kernel refuses routes of a link that is not. */
function configureHostAddresses(host: RouteSocket, name: string, { hostIps, hostRoutes, linkState }: InterfaceDevice): void {
  if (hostIps.length === 0 && hostRoutes.length === 0) return;
  const link = { index: linkIndex(host, name), name };
  for (const ip of hostIps) addAddress(host, link, ip);
  if (linkState !== 'down') for (const route of hostRoutes) addRoute(host, link, route);
}

interface GuestSettings {
  name: string;
  ips: readonly IpAddress[];
  routes: readonly IpRoute[];
  up: boolean;
}

/** Differs from libvirt: a link whose state the definition leaves open is set up, as libvirt's documentation says. */
function guestSettings({ guestDev, ips, routes, linkState }: InterfaceDevice): GuestSettings {
  return { name: guestDev!, ips, routes, up: ips.length > 0 || linkState !== 'down' };
}

function configureInside({ inside, starting }: Sides, { name, ips, routes, up }: GuestSettings): void {
  try {
    const link = { index: linkIndex(inside, name), name };
    for (const ip of ips) addAddress(inside, link, ip);
    if (up) requireLinkUp(inside, name);
    for (const route of routes) addRoute(inside, link, route);
  } catch (error) {
    throw guestError(error, starting);
  }
}

/** libvirt does this part inside the container, so its messages come by way of the container's log. */
function guestError(error: unknown, starting: boolean): unknown {
  return starting && error instanceof LibvirtError ? startupFailure(error.message, error.cause) : error;
}

/**
 * Removes the host's ends that are still there and still `owner`'s (the domain's uuid); their other ends go with them.
 * The kernel removes the rest by itself soon after the container's last process; each removal takes it 15 ms or more,
 * so this is best done when nobody waits any longer.
 */
export function releaseInterfaces(owner: string, interfaces: readonly InterfaceDevice[]): void {
  if (interfaces.length === 0) return;
  const names = interfaces.flatMap(({ targetDev }) => targetDev ?? []);
  using route = openRouteSocket();
  // A direct one is only here if the container shares the host's network.
  if (names.length < interfaces.length) removeLinksOf(route, owner);
  for (const name of names) if (findLink(route, name)?.alias === owner) deleteLink(route, name);
}

/** The names that devices of a running container's network have. */
export function guestLinkNames(initPid: number): Set<string> {
  return withNamespaceOf(initPid, (_, inside) => linkNames(inside));
}

/** Takes one interface from a running container. */
export function detachInterface(owner: string, device: InterfaceDevice, initPid: number): void {
  if (device.targetDev !== undefined) {
    releaseInterfaces(owner, [device]);
    return;
  }
  withNamespaceOf(initPid, (_, inside) => {
    // The container may have given it another name, but keeps the alias.
    const link = listLinks(inside).find(({ alias, mac }) => alias === owner && mac === device.mac);
    if (link) deleteLink(inside, link.name);
  });
}

/** Removes all links of this owner from the host. */
export function removeLinksOf(route: RouteSocket, owner: string): void {
  // Removing one end of a pair removes the other, so a name may be gone when its turn comes.
  for (const { alias, name } of listLinks(route)) if (alias === owner) deleteLink(route, name);
}

/** Removes those on the host that none of a running domain's interfaces has: a killed command made them. */
export function removeStrayLinks(route: RouteSocket, { uuid: owner, devices: { interfaces } }: DomainDefinition): void {
  const known = new Set(interfaces.map(({ targetDev }) => targetDev));
  if (known.has(undefined)) return; // a direct one is here if the container shares the host's network, by what name ever
  for (const { alias, name } of listLinks(route)) if (alias === owner && !known.has(name)) deleteLink(route, name);
}

export function linkNames(route: RouteSocket): Set<string> {
  return new Set(listLinks(route).map(({ name }) => name));
}
