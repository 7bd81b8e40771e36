// Network links: making, changing, finding and removing them (RTM_*LINK of rtnetlink(7), linux/if_link.h).
import { AF_BRIDGE, AF_UNSPEC, ENODEV, ERANGE } from '../../../lib-native/constants.ts';
import { systemError } from '../../errors.ts';
import {
  attribute,
  decodeAttributes,
  decodeString,
  NLM_F_CREATE,
  NLM_F_EXCL,
  nestedAttribute,
  plainNest,
  stringAttribute,
  u8Attribute,
  u32Attribute,
} from './message.ts';
import { explainedError, type RouteSocket } from './rtnetlink.ts';

const RTM_NEWLINK = 16;
const RTM_DELLINK = 17;
const RTM_GETLINK = 18;
const RTM_SETLINK = 19;

const IFF_UP = 1;
/** IFNAMSIZ without the NUL. */
const LONGEST_NAME_BYTES = 15;

const IFLA_ADDRESS = 1;
const IFLA_IFNAME = 3;
const IFLA_MTU = 4;
const IFLA_LINK = 5;
const IFLA_MASTER = 10;
const IFLA_PROTINFO = 12;
const IFLA_LINKINFO = 18;
const IFLA_IFALIAS = 20;
const IFLA_STATS64 = 23;
const IFLA_NET_NS_FD = 28;
const IFLA_EXT_MASK = 29;
const IFLA_CARRIER = 33;

const IFLA_INFO_KIND = 1;
const IFLA_INFO_DATA = 2;
const VETH_INFO_PEER = 1;
const IFLA_MACVLAN_MODE = 1;
const IFLA_BR_FORWARD_DELAY = 1;
const IFLA_BR_STP_STATE = 5;
const IFLA_BRPORT_ISOLATED = 33;

/** Statistics are asked for only where they are read. */
const RTEXT_FILTER_SKIP_STATS = 8;

/** The bridge's times are in units of 1/USER_HZ second. */
const MS_PER_USER_TICK = 10;

const MACVLAN_MODES = { private: 1, vepa: 2, bridge: 4, passthrough: 8 } as const;
export type MacvlanMode = keyof typeof MACVLAN_MODES;

export interface Link {
  index: number;
  name: string;
  /** veth, bridge, macvlan …; absent for real devices. */
  kind?: string;
  /** Lower case, colons; empty for links without one. */
  mac: string;
  mtu: number;
  /** Administratively up; whether something is plugged in is `carrier`. */
  up: boolean;
  carrier: boolean;
  /** Index of the bridge (or other upper link) it belongs to. */
  master?: number;
  /** Text of the administrator's choice (`ip link set alias`). */
  alias?: string;
  statistics?: LinkStatistics;
}

export interface TrafficCounters {
  bytes: bigint;
  packets: bigint;
  errors: bigint;
  dropped: bigint;
}

/** As the host sees them: `received` came in by this link. */
export interface LinkStatistics {
  received: TrafficCounters;
  sent: TrafficCounters;
}

/** The link of that name with statistics, or undefined. */
export function findLink(route: RouteSocket, name: string): Link | undefined {
  if (isTooLong(name)) return undefined;
  const answer = route.get(RTM_GETLINK, [linkHeader(), stringAttribute(IFLA_IFNAME, name)]);
  if (Buffer.isBuffer(answer)) return decodeLink(answer);
  if (answer.errno === ENODEV) return undefined;
  throw systemError(`Unable to get index for interface ${name}`, answer.errno);
}

/** All links of the socket's namespace, without statistics. */
export function listLinks(route: RouteSocket): Link[] {
  return route.dump(RTM_GETLINK, [linkHeader(), u32Attribute(IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS)]).map(decodeLink);
}

/** SYSTEM_ERROR `Unable to get index for interface X: No such device` when there is none. */
export function linkIndex(route: RouteSocket, name: string): number {
  checkLinkName(name);
  const link = findLink(route, name);
  if (!link) throw systemError(`Unable to get index for interface ${name}`, ENODEV);
  return link.index;
}

export interface VethPair {
  name: string;
  mac: string;
  peer: string;
  peerMac: string;
  /** Where the other end is made; absent: here. Moving it there later would take the kernel some 15 ms more. */
  peerNamespace?: number;
  /** Of both ends. */
  mtu?: number | undefined;
}

/** Makes both ends in one step. Returns 0, or the errno: EEXIST when either name is taken where it is to be. */
export function createVethPair(route: RouteSocket, { name, mac, peer, peerMac, peerNamespace, mtu }: VethPair): number {
  const size = mtu === undefined ? [] : [u32Attribute(IFLA_MTU, mtu)];
  const peerAttributes = [stringAttribute(IFLA_IFNAME, peer), attribute(IFLA_ADDRESS, macBytes(peerMac)), ...size];
  if (peerNamespace !== undefined) peerAttributes.push(u32Attribute(IFLA_NET_NS_FD, peerNamespace));
  const peerLink = plainNest(VETH_INFO_PEER, [linkHeader(), ...peerAttributes]);
  return create(route, name, 'veth', [peerLink], [attribute(IFLA_ADDRESS, macBytes(mac)), ...size]).errno;
}

export interface BridgeOptions {
  /** Its alias. A link cannot be made with one, so the bridge is made under another name (bridgesOf() knows it) and gets its own last. */
  owner?: string;
  mac?: string;
  mtu?: number;
  stp?: boolean;
  forwardDelayMs?: number;
}

/** SYSTEM_ERROR when the name is taken. */
export function createBridge(route: RouteSocket, name: string, { owner, mac, mtu, stp, forwardDelayMs }: BridgeOptions = {}): void {
  checkLinkName(name);
  const data: Buffer[] = [];
  if (forwardDelayMs !== undefined) data.push(u32Attribute(IFLA_BR_FORWARD_DELAY, Math.round(forwardDelayMs / MS_PER_USER_TICK)));
  if (stp !== undefined) data.push(u32Attribute(IFLA_BR_STP_STATE, stp ? 1 : 0));
  const link: Buffer[] = [];
  if (mac !== undefined) link.push(attribute(IFLA_ADDRESS, macBytes(mac)));
  if (mtu !== undefined) link.push(u32Attribute(IFLA_MTU, mtu));
  const firstName = owner === undefined ? name : unfinishedBridge(owner);
  let result = create(route, firstName, 'bridge', data, link);
  if (result.errno === 0 && owner !== undefined) {
    setLinkAlias(route, firstName, owner);
    result = renameLink(route, firstName, name);
    if (result.errno !== 0) deleteLink(route, firstName);
  }
  if (result.errno !== 0) throw explainedError(`error creating bridge interface ${name}`, result);
}

/** The name of an owner's bridge that is being made. An owner is a uuid, of which the first digits will do. */
const unfinishedBridge = (owner: string): string => `new-${owner.replaceAll('-', '').slice(0, LONGEST_NAME_BYTES - 4)}`;

/** The names of an owner's bridges, with one whose maker died before it had its alias. */
export function bridgesOf(route: RouteSocket, owner: string): string[] {
  const links = listLinks(route).filter(
    ({ kind, alias, name }) => kind === 'bridge' && (alias === owner || name === unfinishedBridge(owner)),
  );
  return links.map(({ name }) => name);
}

export interface MacvlanOptions {
  name: string;
  /** The namespace in which it is made. */
  namespace: number;
  /** The device of the own namespace on which it sits. */
  lower: string;
  mode: MacvlanMode;
  mac: string;
  mtu?: number | undefined;
}

/** Throws SYSTEM_ERROR, `Unable to get index for interface X: …` for a lower device that is not there. */
export function createMacvlan(route: RouteSocket, { name, namespace, lower, mode, mac, mtu }: MacvlanOptions): void {
  const link = [u32Attribute(IFLA_LINK, linkIndex(route, lower)), attribute(IFLA_ADDRESS, macBytes(mac))];
  link.push(u32Attribute(IFLA_NET_NS_FD, namespace));
  if (mtu !== undefined) link.push(u32Attribute(IFLA_MTU, mtu));
  const result = create(route, name, 'macvlan', [u32Attribute(IFLA_MACVLAN_MODE, MACVLAN_MODES[mode])], link);
  if (result.errno !== 0) throw explainedError(`error creating macvlan interface ${name}@${lower} (${mac})`, result);
}

function create(route: RouteSocket, name: string, kind: string, data: readonly Buffer[], link: readonly Buffer[]) {
  const info = [stringAttribute(IFLA_INFO_KIND, kind)];
  if (data.length > 0) info.push(nestedAttribute(IFLA_INFO_DATA, data));
  const parts = [linkHeader(), stringAttribute(IFLA_IFNAME, name), ...link, nestedAttribute(IFLA_LINKINFO, info)];
  return route.request(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, parts);
}

/** Removes a link (and the other end of a veth pair). False: there was none. */
export function deleteLink(route: RouteSocket, name: string): boolean {
  const { errno } = route.request(RTM_DELLINK, 0, [linkHeader(), stringAttribute(IFLA_IFNAME, name)]);
  if (errno !== 0 && errno !== ENODEV) throw systemError(`error destroying network device ${name}`, errno);
  return errno === 0;
}

/** Plugs a link into a bridge. */
export function addBridgePort(route: RouteSocket, bridge: string, port: string): void {
  const master = requireBridge(route, bridge, port);
  const { errno } = setLink(route, port, [u32Attribute(IFLA_MASTER, master.index)]);
  if (errno !== 0) throw bridgePortError(bridge, port, errno);
}

/** The bridge, or the error that plugging `port` into it would give. */
export function requireBridge(route: RouteSocket, bridge: string, port: string): Link {
  checkLinkName(bridge);
  const link = findLink(route, bridge);
  if (!link) throw bridgePortError(bridge, port, ENODEV);
  return link;
}

function bridgePortError(bridge: string, port: string, errno: number): Error {
  return systemError(`Unable to add bridge ${bridge} port ${port}`, errno);
}

/** An isolated port exchanges frames only with ports that are not. */
export function setBridgePortIsolated(route: RouteSocket, port: string, isolated: boolean): void {
  const info = nestedAttribute(IFLA_PROTINFO, [u8Attribute(IFLA_BRPORT_ISOLATED, isolated ? 1 : 0)]);
  const header = linkHeader({ family: AF_BRIDGE, index: linkIndex(route, port) });
  const result = route.request(RTM_SETLINK, 0, [header, info]);
  if (result.errno !== 0) throw explainedError(`Unable to set isolated option on port ${port}`, result);
}

/** No link has such a name. */
const isTooLong = (name: string): boolean => Buffer.byteLength(name) > LONGEST_NAME_BYTES;

/** SYSTEM_ERROR, as libvirt has it, for a name that is longer than the kernel takes. */
export function checkLinkName(name: string): void {
  if (isTooLong(name)) throw systemError(`Network interface name '${name}' is too long`, ERANGE);
}

export function setLinkAlias(route: RouteSocket, name: string, alias: string): void {
  const result = setLink(route, name, [stringAttribute(IFLA_IFALIAS, alias)]);
  if (result.errno !== 0) throw explainedError(`Cannot set interface alias on '${name}'`, result);
}

/** Sets the administrative state. Returns 0 or the errno, for callers that tolerate one; see requireLinkUp(). */
export function setLinkUp(route: RouteSocket, name: string, up: boolean): number {
  return setLink(route, name, [], up).errno;
}

export function requireLinkUp(route: RouteSocket, name: string): void {
  const errno = setLinkUp(route, name, true);
  if (errno !== 0) throw systemError(`Cannot set interface flags on '${name}'`, errno);
}

/** Moves a link into the network namespace of `nsFd`. It arrives down and without addresses. */
export function moveLink(route: RouteSocket, name: string, nsFd: number): void {
  const result = setLink(route, name, [u32Attribute(IFLA_NET_NS_FD, nsFd)]);
  if (result.errno !== 0) throw explainedError(`Unable to move interface ${name} into the container`, result);
}

/** A link that is down. */
function renameLink(route: RouteSocket, from: string, to: string) {
  return route.request(RTM_SETLINK, 0, [linkHeader({ index: linkIndex(route, from) }), stringAttribute(IFLA_IFNAME, to)]);
}

function setLink(route: RouteSocket, name: string, attributes: readonly Buffer[], up?: boolean) {
  return route.request(RTM_SETLINK, 0, [linkHeader({ up }), stringAttribute(IFLA_IFNAME, name), ...attributes]);
}

/** struct ifinfomsg. `up` undefined: the flags stay as they are. */
function linkHeader({ family = AF_UNSPEC, index = 0, up }: { family?: number; index?: number; up?: boolean | undefined } = {}): Buffer {
  const header = Buffer.alloc(16);
  header.writeUInt8(family, 0);
  header.writeInt32LE(index, 4);
  if (up !== undefined) {
    header.writeUInt32LE(up ? IFF_UP : 0, 8);
    header.writeUInt32LE(IFF_UP, 12);
  }
  return header;
}

function macBytes(mac: string): Buffer {
  return Buffer.from(mac.replaceAll(':', ''), 'hex');
}

function macText(bytes: Buffer): string {
  return bytes.toString('hex').replace(/..(?=.)/g, '$&:');
}

function decodeLink(payload: Buffer): Link {
  const attributes = decodeAttributes(payload.subarray(16));
  const info = decodeAttributes(attributes.get(IFLA_LINKINFO) ?? Buffer.alloc(0));
  const kind = info.get(IFLA_INFO_KIND);
  const master = attributes.get(IFLA_MASTER);
  const alias = attributes.get(IFLA_IFALIAS);
  const statistics = attributes.get(IFLA_STATS64);
  return {
    index: payload.readInt32LE(4),
    name: decodeString(attributes.get(IFLA_IFNAME) ?? Buffer.alloc(0)),
    ...(kind ? { kind: decodeString(kind) } : {}),
    mac: macText(attributes.get(IFLA_ADDRESS) ?? Buffer.alloc(0)),
    mtu: attributes.get(IFLA_MTU)?.readUInt32LE() ?? 0,
    up: (payload.readUInt32LE(8) & IFF_UP) !== 0,
    carrier: attributes.get(IFLA_CARRIER)?.readUInt8() === 1,
    ...(master ? { master: master.readUInt32LE() } : {}),
    ...(alias ? { alias: decodeString(alias) } : {}),
    ...(statistics ? { statistics: decodeStatistics(statistics) } : {}),
  };
}

/** struct rtnl_link_stats64: rx and tx packets, bytes, errors, dropped come first, alternating. */
function decodeStatistics(counters: Buffer): LinkStatistics {
  const direction = (first: number): TrafficCounters => ({
    packets: counters.readBigUInt64LE(first),
    bytes: counters.readBigUInt64LE(first + 16),
    errors: counters.readBigUInt64LE(first + 32),
    dropped: counters.readBigUInt64LE(first + 48),
  });
  return { received: direction(0), sent: direction(8) };
}
