// Ports of networks: taken by the interfaces of a domain, changed, plugged in. They are given back by release.ts.

import type { Bandwidth, DomainDefinition, InterfaceDevice } from '../domain/definition.ts';
import { type LibvirtError, libvirtError } from '../errors.ts';
import { LAST_CLASS } from '../host/netlink/tc-guarantee.ts';
import { parseHost } from '../host/parse-host.ts';
import { freeClassId, type PortClass } from '../network/classes.ts';
import { findPortGroup, hasOwnBridge, type NetworkDefinition } from '../network/definition.ts';
import { writeNetwork } from '../network/format.ts';
import {
  actualInterface,
  formatNetworkPort,
  type NetworkPort,
  type PluggedPort,
  type PortPlug,
  parseNetworkPort,
  writeNetworkPort,
} from '../network/port.ts';
import { lockNetwork } from '../store/lock.ts';
import { loadLiveNetwork, networkUse, portClasses } from '../store/network-documents.ts';
import { noNetwork } from '../store/network-lookup.ts';
import { isNetworkDefined, networkPorts, networkStatusNames, networksAreSetUp, readPort, writePort } from '../store/networks.ts';
import type { EchoedElement } from '../xml/echoed.ts';
import type { NetworkAttachment, PrepareOptions } from './attachment.ts';
import { defineDefaultNetwork } from './default-network.ts';
import { plugFloor, unplugFloor } from './floor.ts';
import { runNetworkHooks } from './hooks.ts';
import { noteMac } from './macs.ts';
import { releasePort } from './release.ts';
import { repairNetwork } from './start.ts';

type Owner = Pick<DomainDefinition, 'name' | 'uuid'>;

/**
 * Gives back what a killed command may have taken for the domain: all its ports but those that `interfaces` have. The caller holds
 * the domain's lock.
 */
export function releaseOldPorts({ uuid }: Pick<Owner, 'uuid'>, interfaces: readonly InterfaceDevice[] = []): void {
  const kept = new Set(interfaces.map(({ portid }) => portid));
  for (const network of networkStatusNames()) {
    for (const id of networkPorts(network)) {
      if (kept.has(id)) continue;
      const document = readPort(network, id);
      if (!document?.includes(uuid)) continue; // so much is quickly seen
      if (parseNetworkPort(document).owner.uuid === uuid) releasePort(network, id);
    }
  }
}

/** What prepareInterfaces() asks for ports of networks. They are given back with this, unless they are kept. */
export class TakenPorts implements PrepareOptions, Disposable {
  readonly #owner: Owner;
  #taken: [network: string, uuid: string][] = [];

  constructor(owner: Owner) {
    this.#owner = owner;
  }

  readonly resolveNetwork = (network: string, device: InterfaceDevice): NetworkAttachment => {
    const attachment = takePort(this.#owner, network, device);
    this.#taken.push([network, attachment.portid]);
    return attachment;
  };

  /** The domain has them now: its end gives them back. */
  keep(): void {
    this.#taken = [];
  }

  [Symbol.dispose](): void {
    for (const [network, uuid] of this.#taken.splice(0)) releasePort(network, uuid);
  }
}

/**
 * Takes a port of `network` for an interface of the domain. Throws NO_NETWORK, OPERATION_INVALID for a network that is
 * not active, CONFIG_UNSUPPORTED or INTERNAL_ERROR for one that cannot have such an interface; nothing is taken then.
 */
export function takePort(owner: Owner, network: string, device: InterfaceDevice): NetworkAttachment {
  if (!networksAreSetUp()) defineDefaultNetwork();
  using _lock = lockNetwork(network);
  repairNetwork(network);
  const live = loadLiveNetwork(network);
  if (!live && !isNetworkDefined(network)) throw noNetwork(network, 'name');
  if (!live) throw libvirtError('OPERATION_INVALID', `network '${network}' is not active`);
  const port = plugIn(live, wantedPort(parseHost.randomUuid(), owner, device));
  storePort(live, port);
  return attachment(live, port);
}

/** Changes a port to what its interface asks for now. Throws OPERATION_INVALID, NO_NETWORK_PORT and as takePort() does; nothing is changed then. */
export function changePort(owner: Owner, network: string, uuid: string, device: InterfaceDevice): NetworkAttachment {
  using _lock = lockNetwork(network);
  repairNetwork(network);
  const live = loadLiveNetwork(network);
  if (!live) throw libvirtError('OPERATION_INVALID', `network '${network}' is not active`);
  const document = readPort(network, uuid);
  if (document === undefined) throw noPort(uuid);
  return attachment(
    live,
    replacePort(live, document, () => wantedPort(uuid, owner, device)),
  );
}

/** The same of its rates alone, for whoever has made the port. */
export function changePortBandwidth(network: string, uuid: string, change: (before: Bandwidth | undefined) => Bandwidth | undefined): void {
  using _lock = lockNetwork(network);
  repairNetwork(network);
  const live = loadLiveNetwork(network);
  const document = readPort(network, uuid);
  if (!live || document === undefined) throw noPort(uuid);
  replacePort(live, document, ({ bandwidth: before, ...port }) => {
    const bandwidth = change(before);
    return { ...port, ...(bandwidth && { bandwidth }) };
  });
}

/** Throws as takePort(); `document`, the port as it was, is what it is then. */
function replacePort(network: NetworkDefinition, document: string, change: (old: NetworkPort) => NetworkPort): PluggedPort {
  const old = parseNetworkPort(document);
  const classId = old.bandwidth?.classId;
  const port = plugIn(network, change(old), { plug: old.plug, classId });
  writePort(network.name, port.uuid, formatNetworkPort(port));
  try {
    plugFloorOf(network.name, port);
  } catch (error) {
    writePort(network.name, port.uuid, document);
    throw error;
  }
  if (classId !== undefined && port.bandwidth?.classId === undefined && port.plug.type === 'network')
    unplugFloor(network.name, port.plug.bridge, classId);
  return port;
}

function wantedPort(uuid: string, owner: Owner, device: InterfaceDevice): NetworkPort {
  return {
    uuid,
    owner: { name: owner.name, uuid: owner.uuid },
    mac: device.mac,
    ...(device.portgroup !== undefined && { group: device.portgroup }),
    ...(device.bandwidth && { bandwidth: device.bandwidth }),
    ...(device.vlan && { vlan: device.vlan }),
    ...(device.virtualport && { virtualport: device.virtualport }),
    ...(device.portIsolated && { isolated: 'yes' as const }),
  };
}

function attachment(network: NetworkDefinition, port: PluggedPort): NetworkAttachment {
  return { portid: port.uuid, actual: actualInterface(port), ...(network.mtu !== undefined && { mtu: network.mtu }) };
}

/** Stores a port that is plugged in, and makes what it needs; nothing is left of it where that fails. */
export function storePort(network: NetworkDefinition, port: PluggedPort): void {
  writePort(network.name, port.uuid, formatNetworkPort(port));
  try {
    plugFloorOf(network.name, port);
    if (port.plug.type === 'network') noteMac(port.plug.bridge, port.owner.name, port.mac, true);
    runNetworkHooks(network.name, ['port-created', 'begin'], (writer) => {
      writeNetwork(writer, network, networkUse(network.name));
      writeNetworkPort(writer, port);
    });
  } catch (error) {
    releasePort(network.name, port.uuid, { locked: true });
    throw error;
  }
}

function plugFloorOf(network: string, { plug, mac, bandwidth }: PluggedPort): void {
  if (bandwidth?.classId === undefined || plug.type !== 'network') return;
  plugFloor(network, plug.bridge, { classId: bandwidth.classId, mac, rate: bandwidth.inbound!.floor! });
}

/** Completes a port by what its group and the network say. `had`: what one that is changed has already. */
export function plugIn(
  network: NetworkDefinition,
  wanted: NetworkPort,
  had: { plug?: PortPlug | undefined; classId?: number | undefined } = {},
): PluggedPort {
  const group = findPortGroup(network, wanted.group);
  const port: NetworkPort = { ...wanted };
  const { classId: _, ...bandwidth } = wanted.bandwidth ?? group?.bandwidth ?? {};
  const vlan = wanted.vlan ?? group?.vlan ?? network.vlan;
  const isolated = wanted.isolated ?? network.portIsolated;
  const trust = wanted.trustGuestRxFilters ?? group?.trustGuestRxFilters ?? network.trustGuestRxFilters;
  const virtualport = wanted.virtualport ?? group?.virtualport ?? network.virtualport;
  if (bandwidth.inbound || bandwidth.outbound) port.bandwidth = bandwidth;
  if (vlan) port.vlan = vlan;
  if (isolated) port.isolated = isolated;
  if (trust) port.trustGuestRxFilters = trust;
  if (virtualport) port.virtualport = virtualport;
  if (port.bandwidth?.inbound?.floor) {
    const others = portClasses(network.name).filter(({ id }) => id !== had.classId);
    checkFloor(network, port, others);
    port.bandwidth.classId = had.classId ?? classBeside(others);
  }
  return { ...port, plug: had.plug ?? plugOf(network, virtualport) };
}

function plugOf(network: NetworkDefinition, virtualport: EchoedElement | undefined): PortPlug {
  const { name, bridge, forward } = network;
  const refused = (use: string): LibvirtError => {
    const type = virtualport?.attributes.find(([attribute]) => attribute === 'type')?.[1] ?? 'none';
    return libvirtError('CONFIG_UNSUPPORTED', `<virtualport type='${type}'> not supported for network '${name}' which uses ${use}`);
  };
  const manager = bridge.macTableManager && { macTableManager: bridge.macTableManager };
  if (hasOwnBridge(network)) {
    if (virtualport) throw refused('IP forwarding');
    return { type: 'network', bridge: bridge.name!, ...manager };
  }
  if (bridge.name !== undefined) {
    if (virtualport) throw refused('a bridge device');
    return { type: 'bridge', bridge: bridge.name, ...manager };
  }
  if (forward.mode === 'hostdev')
    throw libvirtError('CONFIG_UNSUPPORTED', `network '${name}' hands out PCI devices, which containers cannot have`);
  if (virtualport) throw refused('a macvtap device');
  return { type: 'direct', dev: freeDevice(network), mode: forward.mode as Extract<PortPlug, { type: 'direct' }>['mode'] };
}

/** The least used device of the pool; for passthrough one that nobody uses. */
function freeDevice({ name, forward }: NetworkDefinition): string {
  const { mode, interfaces } = forward;
  if (interfaces.length === 0)
    throw libvirtError('INTERNAL_ERROR', `network '${name}' uses a direct mode, but has no forward dev and no interface pool`);
  const { devices } = networkUse(name);
  const uses = (dev: string): number => devices.get(dev) ?? 0;
  const best = interfaces.reduce((least, dev) => (uses(dev) < uses(least) ? dev : least));
  if (mode === 'passthrough' && uses(best) > 0)
    throw libvirtError('INTERNAL_ERROR', `network '${name}' requires exclusive access to interfaces, but none are available`);
  return best;
}

/** Guaranteed rates need a network that has a rate to share out. */
function checkFloor(network: NetworkDefinition, { mac, bandwidth }: NetworkPort, others: readonly PortClass[]): void {
  const misuse = `Invalid use of 'floor' on interface with MAC address ${mac} - `;
  const unsupported = (why: string): LibvirtError => libvirtError('OPERATION_UNSUPPORTED', misuse + why);
  if (!hasOwnBridge(network))
    throw unsupported("'floor' is only supported for interface type 'network' with forward type 'nat', 'route', 'open' or none");
  const inbound = network.bandwidth?.inbound;
  if (!inbound?.average) throw unsupported(`network '${network.name}' has no inbound QoS set`);
  const sum = others.reduce((total, { floor }) => total + floor, bandwidth?.inbound?.floor ?? 0);
  const [word, most] = inbound.peak ? ['peak', inbound.peak] : ['average', inbound.average];
  if (sum > Number(most)) {
    const over = `new combined inbound floor=${sum} would overcommit ${word}=${most} on network '${network.name}'`;
    throw libvirtError('OPERATION_INVALID', `Cannot plug '${mac}' interface into '${network.bridge.name}' because ${over}`);
  }
}

function classBeside(others: readonly PortClass[]): number {
  const id = freeClassId(others);
  if (id > LAST_CLASS) throw libvirtError('INTERNAL_ERROR', 'Could not generate next class ID');
  return id;
}

/** The error for a port that is not there. */
export const noPort = (uuid: string): LibvirtError => libvirtError('NO_NETWORK_PORT', `no network port with matching UUID '${uuid}'`);
