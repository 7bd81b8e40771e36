// Starting and ending networks, and clearing up after what died in between. The caller of everything that is not a command
// of its own holds the network's lock.
//
// A start first writes a status that says "starting": whatever dies from here on, the next command knows what may be there. The
// bridge is known by the network's uuid, which is its alias, the rules by tables named for the bridge, dnsmasq by its
// configuration. A status without that word is written last; it is removed last when the network ends.
import { failureInSync, libvirtError } from '../errors.ts';
import { requireDnsmasq, servesLeases, startDnsmasq, stopDnsmasq } from '../host/dnsmasq.ts';
import { addAddress, addRoute } from '../host/netlink/address.ts';
import { bridgesOf, createBridge, deleteLink, findLink, linkIndex, requireLinkUp } from '../host/netlink/link.ts';
import { openRouteSocket, type RouteSocket } from '../host/netlink/rtnetlink.ts';
import { clearBandwidth, setBandwidth } from '../host/netlink/tc.ts';
import { parseHost } from '../host/parse-host.ts';
import { ipv4Routes } from '../host/routes.ts';
import { enableForwarding, setBridgeIpv6 } from '../host/sysctl.ts';
import { bytesOf, masked, netmaskOf, prefixOf, sameBytes, subnetOf } from '../network/addresses.ts';
import { emptyNetwork, hasOwnBridge, type NetworkDefinition } from '../network/definition.ts';
import { needsDnsmasq } from '../network/dnsmasq-config.ts';
import { networkFacts } from '../network/facts.ts';
import { writeNetwork } from '../network/format.ts';
import { parseNetworkStatus } from '../network/stored.ts';
import { recordNetworkEvent } from '../store/events.ts';
import { tryLockNetwork } from '../store/lock.ts';
import { loadLiveNetwork, saveLiveNetwork } from '../store/network-documents.ts';
import { networkLockNames } from '../store/network-locks.ts';
import {
  dnsmasqFiles,
  forgetNetworkFiles,
  isNetworkDefined,
  macsFile,
  makeNetworkDirectories,
  readNetworkStatus,
  removeAllPorts,
  removeFiles,
  removeNetworkStatus,
  setNetworkAutostart,
  sweepNetworkDirectories,
} from '../store/networks.ts';
import { leaseScript, writeDnsmasqFiles } from './dnsmasq.ts';
import { applyFirewall, checkFirewall, removeFirewall, repairFirewall } from './firewall.ts';
import { runNetworkHooks } from './hooks.ts';

/** Sets everything up; nothing is left of a start that fails. */
export function run(definition: NetworkDefinition): void {
  const live = structuredClone(definition);
  if (live.forward.mode === 'nat' && !hasPorts(live)) live.forward.nat = { ...live.forward.nat, ports: { start: 1024, end: 65535 } };
  const hook = (operation: 'start' | 'started') => runNetworkHooks(live.name, [operation, 'begin'], (writer) => writeNetwork(writer, live));
  if (hasOwnBridge(live)) requirePrograms(live);
  hook('start');
  try {
    makeNetworkDirectories();
    saveLiveNetwork(live, { starting: true });
    if (hasOwnBridge(live)) setUp(live);
    else if (live.bridge.name !== undefined) limitTraffic(live);
    saveLiveNetwork(live);
    hook('started');
  } catch (error) {
    tearDownQuietly(live);
    runHooksQuietly(live);
    throw error;
  }
  recordNetworkEvent({ network: live.name, uuid: live.uuid, event: 'lifecycle', kind: 'Started' });
}

function hasPorts({ forward }: NetworkDefinition): boolean {
  return forward.nat?.ports !== undefined && (forward.nat.ports.start > 0 || forward.nat.ports.end > 0);
}

/** What is not installed is said before anything is changed. */
function requirePrograms(network: NetworkDefinition): void {
  checkFirewall(network);
  if (needsDnsmasq(network)) requireDnsmasq();
  if (network.bridge.zone !== undefined)
    throw libvirtError(
      'CONFIG_UNSUPPORTED',
      `zone ${network.bridge.zone} requested for network ${network.name} but firewalld is not active`,
    );
}

function setUp(network: NetworkDefinition): void {
  const { bridge, mac, mtu, ips, routes, uuid } = network;
  const name = bridge.name!;
  checkRoutes(network);
  using route = openRouteSocket();
  createBridge(route, name, {
    owner: uuid,
    ...(mac !== undefined && { mac }),
    ...(mtu !== undefined && { mtu }),
    forwardDelayMs: bridge.delaySeconds * 1000,
    stp: bridge.stp,
  });
  setBridgeIpv6(name, { hasAddress: ips.some(({ family }) => family === 'ipv6') });
  applyFirewall(network);
  const link = { index: linkIndex(route, name), name };
  for (const ip of ips) addAddress(route, link, { address: ip.address, family: ip.family, prefix: prefixOf(ip) });
  requireLinkUp(route, name);
  for (const one of routes) addRoute(route, link, one);
  if (network.forward.mode !== 'none') enableForwarding({ ipv6: ips.some(({ family }) => family === 'ipv6') });
  startNetworkDnsmasq(network);
  limitTraffic(network, route);
}

function startNetworkDnsmasq(network: NetworkDefinition): void {
  if (!needsDnsmasq(network)) return;
  writeDnsmasqFiles(network);
  startDnsmasq(dnsmasqFiles(network.name), leaseScript(network.bridge.name!));
}

/** Restarts dnsmasq with what the definition says now. */
export function restartNetworkDnsmasq(network: NetworkDefinition): void {
  stopDnsmasq(dnsmasqFiles(network.name));
  startNetworkDnsmasq(network);
}

/** The network's own limits: what the host sends to the guests is what comes in to them. */
function limitTraffic({ bridge, bandwidth }: NetworkDefinition, open?: RouteSocket): void {
  if (!bandwidth) return;
  const name = bridge.name!;
  const limit = (route: RouteSocket) => {
    const link = { index: linkIndex(route, name), name };
    clearBandwidth(route, link.index);
    setBandwidth(route, link, { send: bandwidth.inbound, receive: bandwidth.outbound, shared: true });
  };
  if (open) {
    limit(open);
    return;
  }
  using route = openRouteSocket();
  limit(route);
}

/** Throws INTERNAL_ERROR if the host has a route to one of the network's subnets already. */
function checkRoutes({ ips, routes }: NetworkDefinition): void {
  const subnets = ips.filter(({ family }) => family === 'ipv4').map(subnetOf);
  for (const { dev, destination, netmask } of ipv4Routes()) {
    const taken = subnets.some(
      ({ address, prefix }) => sameBytes(bytesOf(address), destination) && sameBytes(bytesOf(netmaskOf(prefix)), netmask),
    );
    if (taken) throw libvirtError('INTERNAL_ERROR', `Network is already in use by interface ${dev}`);
    const own = routes.find(
      (route) => route.family === 'ipv4' && sameBytes(masked(bytesOf(route.address), routePrefix(route)), destination),
    );
    if (own && sameBytes(bytesOf(netmaskOf(routePrefix(own))), netmask))
      throw libvirtError('INTERNAL_ERROR', `Route address '${own.address}' conflicts with IP address for '${dev}'`);
  }
}

function routePrefix({ prefix, netmask, address }: NetworkDefinition['routes'][number]): number {
  return prefixOf({ address, prefix: prefix ?? 0, ...(netmask !== undefined && { netmask }) });
}

/**
 * Removes everything of a network from the host and its status from the store, last of all: by that whoever comes after a death
 * knows of the rest. Whatever is not there is fine.
 */
export function tearDown(network: NetworkDefinition): void {
  const { name, bridge, bandwidth } = network;
  const files = dnsmasqFiles(name);
  if (hasOwnBridge(network)) {
    stopDnsmasq(files);
    removeBridges(network.uuid);
    removeFirewall(network);
    removeFiles(files.config, ...(bridge.name === undefined ? [] : [macsFile(bridge.name)]));
  } else if (bridge.name !== undefined && bandwidth) clearLimits(bridge.name);
  sweepNetworkDirectories();
  removeAllPorts(name);
  if (!isNetworkDefined(name)) forgetNetworkFiles(name, bridge.name);
  removeNetworkStatus(name);
}

/** After a failure, whose reason is what counts; what cannot be removed now is by the next command. */
function tearDownQuietly(network: NetworkDefinition): void {
  try {
    tearDown(network);
  } catch {
    // see above
  }
}

/** Those that are known to be the network's: one of its name that somebody else made is not touched. */
function removeBridges(uuid: string): void {
  using route = openRouteSocket();
  for (const name of bridgesOf(route, uuid)) deleteLink(route, name);
}

function clearLimits(bridge: string): void {
  using route = openRouteSocket();
  const link = findLink(route, bridge);
  if (link) clearBandwidth(route, link.index);
}

export function runHooksQuietly(network: NetworkDefinition): void {
  try {
    runNetworkHooks(network.name, ['stopped', 'end'], (writer) => writeNetwork(writer, network));
  } catch {
    // a failing hook does not keep a network from being over
  }
}

/**
 * Puts right what died since: a network whose bridge is gone, or whose start was killed, is cleared up; the rules of an
 * active one are brought back, its dnsmasq is started again.
 */
export function repairNetwork(name: string): void {
  const live = loadLiveNetwork(name);
  if (!live) {
    clearStale(name);
    return;
  }
  if (!hasOwnBridge(live)) return;
  repairFirewall(live);
  if (needsDnsmasq(live) && !servesLeases(dnsmasqFiles(name))) restartNetworkDnsmasq(live);
}

/** Puts right what commands that died have left of their networks, by their locks. Waits for nobody. */
export function repairAbandoned(): void {
  for (const name of networkLockNames()) {
    // Who only looks need not be able to.
    failureInSync(() => {
      using lock = tryLockNetwork(name);
      if (!lock || name === '') return;
      repairNetwork(name);
      if (!isNetworkDefined(name)) setNetworkAutostart(name, false);
    });
  }
}

/** Clears up a network that has a status but is not active. */
export function clearStale(name: string): void {
  const status = readNetworkStatus(name);
  if (status === undefined) return;
  const definition = staleDefinition(status, name);
  tearDown(definition);
  if (!networkFacts(status).starting) recordNetworkEvent({ network: name, uuid: definition.uuid, event: 'lifecycle', kind: 'Stopped' });
}

function staleDefinition(status: string, name: string): NetworkDefinition {
  try {
    return parseNetworkStatus(status, parseHost);
  } catch {
    // Cut off by a full disk: what can be read of it will do.
    const { uuid, bridge } = networkFacts(status);
    const network = emptyNetwork(name, uuid || parseHost.randomUuid());
    if (bridge !== undefined) network.bridge.name = bridge;
    return network;
  }
}
