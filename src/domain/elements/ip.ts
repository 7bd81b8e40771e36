// <ip> and <route> of interfaces and network host devices, and the addresses in them.

import { libvirtError } from '../../errors.ts';
import { parseUint32 } from '../../values/numbers.ts';
import { unsignedAttribute } from '../../xml/attributes.ts';
import { attributeOf, childrenOf, type XmlElement } from '../../xml/element.ts';
import type { XmlWriter } from '../../xml/writer.ts';
import type { IpAddress, IpRoute } from '../definition.ts';

export type Family = 'ipv4' | 'ipv6';

/** The bytes of a literal address: 4, 16, or undefined for what is none. */
export function parseIp(text: string): number[] | undefined {
  return parseIpv4(text) ?? parseIpv6(text);
}

/** Also the short forms that inet_aton(3) takes: `10.1` is 10.0.0.1. */
function parseIpv4(text: string): number[] | undefined {
  if (!/^[0-9a-fA-Fx.]+$/.test(text)) return undefined;
  const parts = text.split('.').map((part) => parseUint32(part, 0));
  if (parts.length > 4 || parts.some((part) => part === undefined)) return undefined;
  const last = parts.pop() as number;
  if (parts.some((part) => (part as number) > 255) || last >= 256 ** (4 - parts.length)) return undefined;
  const bytes = parts as number[];
  for (let shift = 3 - bytes.length; shift >= 0; shift--) bytes.push(Math.floor(last / 256 ** shift) % 256);
  return bytes;
}

function parseIpv6(text: string): number[] | undefined {
  const halves = text.split('::');
  if (halves.length > 2 || !/^[0-9a-fA-F:.]*$/.test(text) || !text.includes(':')) return undefined;
  const [head, tail] = halves.map((half) => (half === '' ? [] : groupsOf(half)));
  if (head === undefined || (halves.length === 2 && tail === undefined)) return undefined;
  const missing = 16 - head.length - (tail?.length ?? 0);
  if (halves.length === 1) return head.length === 16 ? head : undefined;
  return missing < 2 ? undefined : [...head, ...Array.from({ length: missing }, () => 0), ...(tail ?? [])];
}

function groupsOf(text: string): number[] | undefined {
  const bytes: number[] = [];
  const groups = text.split(':');
  for (const [index, group] of groups.entries()) {
    if (index === groups.length - 1 && group.includes('.')) {
      const ipv4 = /^\d+\.\d+\.\d+\.\d+$/.test(group) ? parseIpv4(group) : undefined;
      if (ipv4 === undefined) return undefined;
      bytes.push(...ipv4);
    } else if (/^[0-9a-fA-F]{1,4}$/.test(group)) {
      const value = Number.parseInt(group, 16);
      bytes.push(value >> 8, value & 0xff);
    } else return undefined;
  }
  return bytes;
}

/** The canonical form: dotted, or RFC 5952. */
export function formatIp(bytes: readonly number[]): string {
  if (bytes.length === 4) return bytes.join('.');
  const groups = Array.from({ length: 8 }, (_none, i) => ((bytes[2 * i] as number) << 8) | (bytes[2 * i + 1] as number));
  let [best, length] = [-1, 1];
  for (let start = 0; start < 8; start++) {
    let end = start;
    while (end < 8 && groups[end] === 0) end++;
    if (end - start > length) [best, length] = [start, end - start];
  }
  const mapped = best === 0 && ((length === 5 && groups[5] === 0xffff) || (length === 6 && groups[6] !== 0));
  const shown = groups.map((group) => group.toString(16));
  if (mapped) {
    const prefix = length === 5 ? '::ffff:' : '::';
    return prefix + bytes.slice(12).join('.');
  }
  if (best < 0) return shown.join(':');
  return `${shown.slice(0, best).join(':')}::${shown.slice(best + length).join(':')}`;
}

export function parseIps(parent: XmlElement): IpAddress[] {
  return childrenOf(parent, 'ip').map((element) => {
    const text = attributeOf(element, 'address');
    if (text === undefined) throw libvirtError('XML_ERROR', 'Missing required address in <ip>');
    const wanted = attributeOf(element, 'family');
    const bytes = wanted === 'ipv6' ? parseIpv6(text) : wanted === 'ipv4' ? parseIpv4(text) : parseIp(text);
    if (bytes === undefined) throw libvirtError('XML_ERROR', `Invalid address '${text}' in <ip>`);
    const family = familyOf(bytes);
    const ip: IpAddress = { address: formatIp(bytes), family };
    const prefixText = attributeOf(element, 'prefix');
    if (prefixText !== undefined) {
      const prefix = parseUint32(prefixText);
      if (prefix === undefined || prefix > bytes.length * 8)
        throw libvirtError('XML_ERROR', `Invalid prefix value '${prefixText}' in <ip>`);
      if (prefix > 0) ip.prefix = prefix;
    }
    const peerText = attributeOf(element, 'peer');
    if (peerText !== undefined) {
      const peer = parseIp(peerText);
      if (peer === undefined || peer.length !== bytes.length) throw libvirtError('INVALID_ARG', `Invalid peer '${peerText}' in <ip>`);
      ip.peer = formatIp(peer);
    }
    return ip;
  });
}

function familyOf(bytes: readonly number[]): Family {
  return bytes.length === 4 ? 'ipv4' : 'ipv6';
}

/** `owner` begins the messages: `guest interface`. */
export function parseRoutes(parent: XmlElement, owner: string): IpRoute[] {
  return childrenOf(parent, 'route').map((element) => parseRoute(element, owner));
}

export function parseRoute(element: XmlElement, owner: string): IpRoute {
  const bad = (what: string) => libvirtError('XML_ERROR', `${owner}: ${what} in route definition`);
  const metric = unsignedAttribute(element, 'metric', { nonZero: true });
  const prefix = unsignedAttribute(element, 'prefix');
  const { family: familyText, address: addressText, netmask: netmaskText, gateway: gatewayText } = texts(element);
  if (addressText === undefined) throw bad('Missing required address attribute');
  if (gatewayText === undefined) throw bad('Missing required gateway attribute');
  const address = parseIp(addressText);
  if (address === undefined) throw bad(`Bad network address '${addressText}'`);
  const gateway = parseIp(gatewayText);
  if (gateway === undefined) throw bad(`Bad gateway address '${gatewayText}'`);
  const netmask = netmaskText === undefined ? undefined : parseIp(netmaskText);
  if (netmaskText !== undefined && netmask === undefined) throw bad(`Bad netmask address '${netmaskText}'`);
  if (familyText === undefined || familyText === 'ipv4') {
    const what = familyText === undefined ? 'No family' : 'IPv4 family';
    if (address.length !== 4) throw bad(`${what} specified for non-IPv4 address '${addressText}'`);
    // libvirt names the address here, not the gateway.
    if (gateway.length !== 4) throw bad(`${what} specified for non-IPv4 gateway '${addressText}'`);
    if (netmask !== undefined && netmask.length !== 4)
      throw libvirtError('XML_ERROR', `${owner}: Invalid netmask '${netmaskText}' for address '${addressText}' (both must be IPv4)`);
  } else if (familyText === 'ipv6') {
    if (address.length !== 16) throw bad(`ipv6 family specified for non-IPv6 address '${addressText}'`);
    if (netmask !== undefined)
      throw libvirtError('XML_ERROR', `${owner}: Specifying netmask invalid for IPv6 address '${addressText}' in route definition`);
    if (gateway.length !== 16) throw bad(`ipv6 specified for non-IPv6 gateway address '${gatewayText}'`);
  } else throw bad(`Unrecognized family '${familyText}'`);
  if (netmask !== undefined && prefix !== undefined)
    throw libvirtError('XML_ERROR', `${owner}: Route definition cannot have both a prefix and a netmask`);
  if (prefix !== undefined && prefix > address.length * 8)
    throw libvirtError('XML_ERROR', `${owner}: Invalid prefix ${prefix} specified in route definition, must be 0 - ${address.length * 8}`);
  const masked = netmask ? address.map((byte, i) => byte & (netmask[i] as number)) : maskedBy(address, prefix ?? 0);
  if (masked.some((byte, i) => byte !== address[i]))
    throw libvirtError('XML_ERROR', `${owner}: Address '${addressText}' in route definition is not a network address`);
  return {
    family: familyOf(address),
    address: formatIp(address),
    gateway: formatIp(gateway),
    ...(familyText !== undefined && { printsFamily: true }),
    ...(prefix !== undefined && { prefix }),
    ...(netmask && { netmask: formatIp(netmask) }),
    ...(metric !== undefined && { metric }),
  };
}

function texts(element: XmlElement): Record<'family' | 'address' | 'netmask' | 'gateway', string | undefined> {
  const of = (name: string) => attributeOf(element, name);
  return { family: of('family'), address: of('address'), netmask: of('netmask'), gateway: of('gateway') };
}

function maskedBy(address: readonly number[], prefix: number): number[] {
  return address.map((byte, i) => {
    const bits = Math.min(8, Math.max(0, prefix - i * 8));
    return byte & (0xff00 >> bits) & 0xff;
  });
}

export function writeIps(writer: XmlWriter, ips: readonly IpAddress[]): void {
  for (const { address, family, prefix, peer } of ips)
    writer.empty('ip', [
      ['address', address],
      ['family', family],
      ['prefix', prefix],
      ['peer', peer],
    ]);
}

export function writeRoutes(writer: XmlWriter, routes: readonly IpRoute[]): void {
  for (const route of routes)
    writer.empty('route', [
      ['family', route.printsFamily ? route.family : undefined],
      ['address', route.address],
      ['netmask', route.netmask],
      ['prefix', route.prefix],
      ['gateway', route.gateway],
      ['metric', route.metric],
    ]);
}
