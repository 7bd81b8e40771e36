// Addresses and routes of a link (RTM_NEWADDR and RTM_NEWROUTE of rtnetlink(7)).
import { AF_INET, AF_INET6 } from '../../../lib-native/constants.ts';
import type { IpAddress, IpRoute } from '../../domain/definition.ts';
import { systemError } from '../../errors.ts';
import { broadcastAddress, defaultPrefix, ipBytes, ipText, netmaskPrefix } from './ip-bytes.ts';
import { attribute, decodeAttributes, NLM_F_CREATE, NLM_F_EXCL, u32Attribute } from './message.ts';
import type { RouteSocket } from './rtnetlink.ts';

const RTM_NEWADDR = 20;
const RTM_GETADDR = 22;
const RTM_NEWROUTE = 24;

const IFA_ADDRESS = 1;
const IFA_LOCAL = 2;
const IFA_BROADCAST = 4;

const RTA_DST = 1;
const RTA_OIF = 4;
const RTA_GATEWAY = 5;
const RTA_PRIORITY = 6;
const RT_TABLE_MAIN = 254;
const RTPROT_BOOT = 3;
const RTN_UNICAST = 1;

/** Longer IPv4 prefixes leave no room for a broadcast address. */
const LAST_PREFIX_WITH_BROADCAST = 30;

export interface NamedLink {
  index: number;
  name: string;
}

/** An address without prefix gets that of its class (IPv6: 64). */
export function addAddress(route: RouteSocket, link: NamedLink, { address, prefix, peer }: IpAddress): void {
  const local = ipBytes(address);
  const length = prefix ?? defaultPrefix(local);
  const header = Buffer.alloc(8); // struct ifaddrmsg: family, prefix length, flags, scope, index
  header.writeUInt8(family(local), 0);
  header.writeUInt8(length, 1);
  header.writeUInt32LE(link.index, 4);
  const parts = [header, attribute(IFA_LOCAL, local), attribute(IFA_ADDRESS, peer === undefined ? local : ipBytes(peer))];
  let extra = peer === undefined ? '' : ` peer ${peer}`;
  if (local.length === 4 && peer === undefined && length <= LAST_PREFIX_WITH_BROADCAST) {
    const broadcast = broadcastAddress(local, length);
    parts.push(attribute(IFA_BROADCAST, broadcast));
    extra = ` bcast ${ipText(broadcast)}`;
  }
  const { errno } = route.request(RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, parts);
  if (errno !== 0) throw systemError(`Failed to add IP address ${address}/${length}${extra} to ${link.name}`, errno);
}

export interface LinkAddress {
  /** Of the link. */
  index: number;
  address: string;
  prefix: number;
}

/** Of all links of the socket's namespace. */
export function listAddresses(route: RouteSocket): LinkAddress[] {
  return route.dump(RTM_GETADDR, [Buffer.alloc(8)]).flatMap((payload) => {
    const attributes = decodeAttributes(payload.subarray(8));
    // Of a link between two points IFA_ADDRESS is the other one's.
    const bytes = attributes.get(IFA_LOCAL) ?? attributes.get(IFA_ADDRESS);
    return bytes ? [{ index: payload.readUInt32LE(4), address: ipText(bytes), prefix: payload.readUInt8(1) }] : [];
  });
}

/** What a route without a metric gets, as libvirt gives it. */
const DEFAULT_METRIC = 1;

/** A route by way of a gateway; the link must be up. */
export function addRoute(route: RouteSocket, link: NamedLink, { address, prefix, netmask, gateway, metric }: IpRoute): void {
  const destination = ipBytes(address);
  const length = prefix || (netmask === undefined ? defaultPrefix(destination) : netmaskPrefix(netmask));
  const header = Buffer.alloc(12); // struct rtmsg: family, dst_len, src_len, tos, table, protocol, scope, type, flags
  header.writeUInt8(family(destination), 0);
  header.writeUInt8(length, 1);
  header.writeUInt8(RT_TABLE_MAIN, 4);
  header.writeUInt8(RTPROT_BOOT, 5);
  header.writeUInt8(RTN_UNICAST, 7);
  const parts = [
    header,
    attribute(RTA_GATEWAY, ipBytes(gateway)),
    u32Attribute(RTA_OIF, link.index),
    u32Attribute(RTA_PRIORITY, metric || DEFAULT_METRIC),
  ];
  if (length > 0) parts.push(attribute(RTA_DST, destination));
  const { errno } = route.request(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, parts);
  if (errno !== 0) throw systemError(`Error adding route to ${link.name}`, errno);
}

function family(bytes: Buffer): number {
  return bytes.length === 4 ? AF_INET : AF_INET6;
}
