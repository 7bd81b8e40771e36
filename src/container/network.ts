// What network devices a container is to have: refusals, virtual networks, names. Making them is links.ts.

import type { PrepareOptions } from '../bridge/attachment.ts';
import type { ActualInterface, DomainDefinition, HostDevice, InterfaceDevice } from '../domain/definition.ts';
import { libvirtError } from '../errors.ts';
import { checkLinkName, linkIndex, requireBridge } from '../host/netlink/link.ts';
import { openRouteSocket, type RouteSocket } from '../host/netlink/rtnetlink.ts';
import { type Connection, linkNames, type PreparedNetwork, removeLinksOf, removeStrayLinks } from './links.ts';
import { freeVethNames, withGuestNames } from './plan/interface-names.ts';

export {
  detachInterface,
  guestLinkNames,
  moveInterfaces,
  type PreparedNetwork,
  releaseInterfaces,
} from './links.ts';

function isNetworkHostdev({ mode, type }: HostDevice): boolean {
  return mode === 'capabilities' && type === 'net';
}

/**
 * Checks and completes all interfaces and takes ports of virtual networks. Nothing is made yet; what an interrupted
 * start of the same domain left is removed (the caller holds the domain's lock).
 */
export function prepareInterfaces(definition: DomainDefinition, options: PrepareOptions = {}): PreparedNetwork {
  const hostdevs = definition.devices.hostdevs.filter(isNetworkHostdev);
  const prepared: PreparedNetwork = { interfaces: [], links: [] };
  if (definition.devices.interfaces.length === 0 && hostdevs.length === 0) return prepared;
  using route = openRouteSocket();
  removeLinksOf(route, definition.uuid);
  const taken = linkNames(route);
  for (const given of withGuestNames(definition)) {
    const { device, connection } = prepareInterface(route, given, taken, options);
    prepared.interfaces.push(device);
    prepared.links.push({ owner: definition.uuid, device, connection });
  }
  for (const hostdev of hostdevs) {
    linkIndex(route, hostdev.source!);
    prepared.links.push({ hostdev });
  }
  return prepared;
}

/** The same for one interface that is added to a running container. */
export function prepareAddedInterface(definition: DomainDefinition, added: InterfaceDevice, options: PrepareOptions = {}): PreparedNetwork {
  const devices = { ...definition.devices, interfaces: [...definition.devices.interfaces, added] };
  const named = withGuestNames({ devices }).at(-1)!;
  using route = openRouteSocket();
  removeStrayLinks(route, definition);
  const { device, connection } = prepareInterface(route, named, linkNames(route), options);
  return { interfaces: [device], links: [{ owner: definition.uuid, device, connection }] };
}

interface ConnectedInterface {
  device: InterfaceDevice;
  connection: Connection;
}

function prepareInterface(route: RouteSocket, given: InterfaceDevice, taken: Set<string>, options: PrepareOptions): ConnectedInterface {
  refuseUnsupported(given);
  const { device, connection } = connect(given, options);
  if (connection.kind === 'direct') {
    refuseUnsupportedDirect(device);
    linkIndex(route, connection.lower);
    const { targetDev: _, ...live } = device;
    return { device: live, connection };
  }
  const { host } = freeVethNames(device.targetDev, taken);
  // Differs from libvirt, which says this of bridges and names inside, but not of this one.
  checkLinkName(host);
  taken.add(host);
  if (connection.bridge !== undefined) requireBridge(route, connection.bridge, host);
  const wanted = device.targetDev === undefined ? {} : { wantedName: device.targetDev };
  return { device: { ...device, targetDev: host }, connection: { ...connection, ...wanted } };
}

function connect(device: InterfaceDevice, options: PrepareOptions): ConnectedInterface {
  const { source, portIsolated, mtu, sourceMode = 'vepa' } = device;
  const size = sizeOf(mtu);
  switch (device.type) {
    case 'bridge':
      return { device, connection: { ...bridged(source!, portIsolated), ...size } };
    case 'ethernet':
      return { device, connection: { kind: 'veth', ...size } };
    case 'direct':
      return { device, connection: { kind: 'direct', lower: source!, mode: sourceMode, ...size } };
    case 'network': {
      if (!options.resolveNetwork) throw libvirtError('NO_NETWORK', `no network with matching name '${source}'`);
      const { portid, actual, mtu: usual } = options.resolveNetwork(source!, device);
      const live = { ...device, portid, actual };
      refuseUnsupported(live);
      return { device: live, connection: { ...connectionOf(actual), ...sizeOf(mtu ?? usual) } };
    }
    default:
      throw libvirtError('INTERNAL_ERROR', `Unsupported network type ${device.type}`);
  }
}

function connectionOf(actual: ActualInterface): Connection {
  if (actual.type === 'direct') return { kind: 'direct', lower: actual.source, mode: actual.sourceMode };
  return bridged(actual.source, actual.portIsolated);
}

function bridged(bridge: string, portIsolated: boolean | undefined): Connection {
  return { kind: 'veth', bridge, ...(portIsolated ? { portIsolated } : {}) };
}

function sizeOf(mtu: number | undefined): { mtu?: number } {
  return mtu === undefined ? {} : { mtu };
}

/** Refuses what would silently not be done. */
function refuseUnsupported(device: InterfaceDevice): void {
  const { type, vlan, virtualport } = device.actual ?? device;
  if (device.script !== undefined) throw libvirtError('CONFIG_UNSUPPORTED', 'scripts are not supported on LXC network interfaces');
  if (device.filterref) throw libvirtError('CONFIG_UNSUPPORTED', 'network filters are not supported on LXC network interfaces');
  if (vlan) {
    throw libvirtError('CONFIG_UNSUPPORTED', `interface ${device.mac} - vlan tag not supported for this connection type`);
  }
  if (virtualport && type !== 'direct') {
    throw libvirtError('CONFIG_UNSUPPORTED', 'port profiles are not supported on LXC network interfaces');
  }
}

function refuseUnsupportedDirect(device: InterfaceDevice): void {
  const { virtualport, bandwidth } = device.actual ?? device;
  if (virtualport) throw libvirtError('CONFIG_UNSUPPORTED', 'Unable to set port profile on direct interfaces');
  if (bandwidth) throw libvirtError('CONFIG_UNSUPPORTED', 'Unable to set network bandwidth on direct interfaces');
}
