// <ip> of a network: the host's address there, with DHCP, TFTP and what booting machines are told.

import { formatIp, parseIp } from '../../domain/elements/ip.ts';
import { libvirtError } from '../../errors.ts';
import { parseMac } from '../../values/mac.ts';
import { enumAttribute, unsigned64Attribute, unsignedAttribute, yesNo } from '../../xml/attributes.ts';
import { attributeOf, childOf, childrenOf, elementsOf, type XmlElement } from '../../xml/element.ts';
import type { XmlWriter } from '../../xml/writer.ts';
import { canonicalIp, rangeSize, socketAddress } from '../addresses.ts';
import type { DhcpHost, DhcpRange, LeaseTime, NetworkIp } from '../definition.ts';

/** `network` is the name, for messages. */
export function parseIps(root: XmlElement, network: string): NetworkIp[] {
  return childrenOf(root, 'ip').map((element) => parseIpElement(element, network));
}

function parseIpElement(element: XmlElement, network: string): NetworkIp {
  const ip = parseAddress(element, network);
  const dhcp = childOf(element, 'dhcp');
  if (dhcp) parseDhcp(dhcp, ip, network);
  const tftp = childOf(element, 'tftp');
  if (tftp) {
    if (ip.family === 'ipv6')
      throw libvirtError('CONFIG_UNSUPPORTED', `Unsupported <tftp> element in an IPv6 element in network '${network}'`);
    const root = attributeOf(tftp, 'root');
    if (root) ip.tftpRoot = root;
  }
  return ip;
}

function parseAddress(element: XmlElement, network: string): NetworkIp {
  const family = attributeOf(element, 'family') || undefined;
  const text = attributeOf(element, 'address');
  if (!text) throw libvirtError('XML_ERROR', `Missing required address attribute in network '${network}'`);
  const address = parseIp(text);
  if (address === undefined) throw libvirtError('XML_ERROR', `Invalid address '${text}' in network '${network}'`);
  const maskText = attributeOf(element, 'netmask') || undefined;
  const netmask = maskText === undefined ? undefined : parseIp(maskText);
  if (maskText !== undefined && netmask === undefined)
    throw libvirtError('XML_ERROR', `Invalid netmask '${maskText}' in network '${network}'`);
  const prefix = unsignedAttribute(element, 'prefix') ?? 0;
  const localPtr = yesNo(element, 'localPtr');
  const bad = (what: string) => libvirtError('CONFIG_UNSUPPORTED', what);
  const of = `'${text}' in network '${network}'`;
  if (family === undefined || family === 'ipv4') {
    if (address.length !== 4) throw bad(`${family ?? 'no'} family specified for non-IPv4 address ${of}`);
    if (netmask !== undefined && netmask.length !== 4) throw bad(`Invalid netmask '${maskText}' for address ${of} (both must be IPv4)`);
    if (netmask !== undefined && prefix > 0) throw bad(`Network '${network}' IP address cannot have both a prefix and a netmask`);
    if (netmask === undefined && prefix > 32) throw bad(`Invalid IPv4 prefix '${prefix}' in network '${network}'`);
  } else if (family === 'ipv6') {
    if (address.length !== 16) throw bad(`Family 'ipv6' specified for non-IPv6 address ${of}`);
    if (netmask !== undefined) throw bad(`netmask not allowed for IPv6 address ${of}`);
    if (prefix > 128) throw bad(`Invalid IPv6 prefix '${prefix}' in network '${network}'`);
  } else throw libvirtError('XML_ERROR', `Unrecognized family '${family}' in network '${network}'`);
  return {
    family: address.length === 4 ? 'ipv4' : 'ipv6',
    ...(family !== undefined && { printsFamily: true }),
    address: formatIp(address),
    ...(netmask && { netmask: formatIp(netmask) }),
    prefix,
    ...(localPtr && { localPtr }),
    ranges: [],
    hosts: [],
  };
}

function parseDhcp(dhcp: XmlElement, ip: NetworkIp, network: string): void {
  for (const element of elementsOf(dhcp)) {
    if (element.local === 'range') ip.ranges.push(parseDhcpRange(element, ip, network));
    else if (element.local === 'host') ip.hosts.push(parseDhcpHost(element, ip, network));
    else if (element.local === 'bootp' && ip.family === 'ipv4') {
      const file = attributeOf(element, 'file');
      if (file === undefined) continue;
      const server = attributeOf(element, 'server');
      ip.bootp = { file, ...(server !== undefined && { server: formatIp(socketAddress(server)) }) };
    }
  }
}

/** Throws XML_ERROR for what is missing, INTERNAL_ERROR for a range that does not fit `ip`. */
export function parseDhcpRange(element: XmlElement, ip: NetworkIp, network: string): DhcpRange {
  const end = (name: 'start' | 'end') => {
    const text = attributeOf(element, name);
    if (text === undefined) throw libvirtError('XML_ERROR', `Missing '${name}' attribute in dhcp range for network '${network}'`);
    return socketAddress(text);
  };
  const [first, last] = [end('start'), end('end')];
  rangeSize(first, last, ip);
  return { start: formatIp(first), end: formatIp(last), ...parseLease(element) };
}

/** `partial`: what net-update is to look for, which need not say everything. */
export function parseDhcpHost(element: XmlElement, ip: NetworkIp, network: string, { partial = false } = {}): DhcpHost {
  const bad = (what: string) => libvirtError('XML_ERROR', what);
  const mac = attributeOf(element, 'mac');
  if (mac !== undefined) checkHostMac(mac, ip, network);
  const id = attributeOf(element, 'id');
  const stray = id === undefined ? undefined : /[^0-9a-fA-F:]/.exec(id)?.[0];
  if (stray !== undefined) throw bad(`Invalid character '${stray}' in id '${id}' of network '${network}'`);
  const name = attributeOf(element, 'name');
  if (name !== undefined && !/^[a-z0-9]/i.test(name)) throw bad(`Cannot use host name '${name}' in network '${network}'`);
  const text = attributeOf(element, 'ip');
  const address = text === undefined ? undefined : canonicalIp(text);
  if (text !== undefined && address === undefined) throw bad(`Invalid IP address in static host definition for network '${network}'`);
  if (partial) {
    if (mac === undefined && name === undefined && text === undefined)
      throw bad(`At least one of name, mac, or ip attribute must be specified for static host definition in network '${network}' `);
  } else {
    const [family, key] = ip.family === 'ipv6' ? ['IPv6', 'id'] : ['IPv4', 'mac'];
    if ((ip.family === 'ipv6' ? id : mac) === undefined && name === undefined)
      throw bad(`Static host definition in ${family} network '${network}' must have ${key} or name attribute`);
    if (address === undefined) throw bad(`Missing IP address in static host definition for network '${network}'`);
  }
  return {
    ...(mac !== undefined && { mac }),
    ...(id !== undefined && { id }),
    ...(name !== undefined && { name }),
    ...(address !== undefined && { ip: address }),
    ...parseLease(element),
  };
}

function checkHostMac(mac: string, ip: NetworkIp, network: string): void {
  if (ip.family === 'ipv6')
    throw libvirtError('XML_ERROR', `Invalid to specify MAC address '${mac}' in network '${network}' IPv6 static host definition`);
  const parsed = parseMac(mac);
  if (parsed === undefined) throw libvirtError('XML_ERROR', `Cannot parse MAC address '${mac}' in network '${network}'`);
  if (isMulticast(parsed))
    throw libvirtError('XML_ERROR', `expected unicast mac address, found multicast '${mac}' in network '${network}'`);
}

export function isMulticast(mac: string): boolean {
  return (Number.parseInt(mac.slice(0, 2), 16) & 1) === 1;
}

/** dnsmasq(8): the least lease time is two minutes. */
const LEAST = { seconds: 120n, minutes: 2n, hours: 0n } as const;

function parseLease(parent: XmlElement): { lease?: LeaseTime } {
  const element = childOf(parent, 'lease');
  const expiry = element && unsigned64Attribute(element, 'expiry');
  if (element === undefined || expiry === undefined) return {};
  const unit = enumAttribute(element, 'unit', ['seconds', 'minutes', 'hours']) ?? 'minutes';
  if (expiry > 0n && expiry < LEAST[unit])
    throw libvirtError('CONFIG_UNSUPPORTED', 'The minimum lease time should be greater than 2 minutes');
  return { lease: { expiry: String(expiry), unit } };
}

export function writeIps(writer: XmlWriter, ips: readonly NetworkIp[]): void {
  for (const ip of ips) {
    writer.openBlock(
      'ip',
      [
        ['family', ip.printsFamily ? ip.family : undefined],
        ['address', ip.address],
        ['netmask', ip.netmask],
        ['prefix', ip.prefix || undefined],
        ['localPtr', ip.localPtr],
      ],
      () => {
        if (ip.tftpRoot !== undefined) writer.empty('tftp', [['root', ip.tftpRoot]]);
        if (ip.ranges.length > 0 || ip.hosts.length > 0) writer.block('dhcp', [], () => writeDhcp(writer, ip));
      },
    );
  }
}

function writeDhcp(writer: XmlWriter, { ranges, hosts, bootp }: NetworkIp): void {
  for (const { start, end, lease } of ranges) {
    writer.block(
      'range',
      [
        ['start', start],
        ['end', end],
      ],
      () => writeLease(writer, lease),
    );
  }
  for (const { mac, id, name, ip, lease } of hosts) {
    writer.block(
      'host',
      [
        ['mac', mac],
        ['id', id],
        ['name', name],
        ['ip', ip],
      ],
      () => writeLease(writer, lease),
    );
  }
  if (bootp)
    writer.empty('bootp', [
      ['file', bootp.file],
      ['server', bootp.server],
    ]);
}

function writeLease(writer: XmlWriter, lease: LeaseTime | undefined): void {
  if (!lease) return;
  writer.empty('lease', [
    ['expiry', lease.expiry],
    ['unit', lease.expiry === '0' ? undefined : lease.unit],
  ]);
}
