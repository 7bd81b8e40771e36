// net-update: one entry added to, taken from or replaced in a section of a definition.

import { type LibvirtError, libvirtError } from '../errors.ts';
import { parseMac } from '../values/mac.ts';
import { attributeOf, type XmlElement } from '../xml/element.ts';
import { parseXml } from '../xml/reader.ts';
import { type DhcpHost, type NetworkDefinition, type NetworkIp, servesDhcp } from './definition.ts';
import { parseDnsHost, parseDnsService, parseDnsText } from './elements/dns.ts';
import { parseDhcpHost, parseDhcpRange } from './elements/ip.ts';
import { parsePortGroup } from './elements/port-group.ts';

/** The sections in libvirt's order. */
export const UPDATE_SECTIONS = [
  'bridge',
  'domain',
  'ip',
  'ip-dhcp-host',
  'ip-dhcp-range',
  'forward',
  'forward-interface',
  'forward-pf',
  'portgroup',
  'dns-host',
  'dns-txt',
  'dns-srv',
] as const;
export type UpdateSection = (typeof UPDATE_SECTIONS)[number];

export type UpdateCommand = 'modify' | 'delete' | 'add-last' | 'add-first';

export interface NetworkUpdate {
  command: UpdateCommand;
  section: UpdateSection;
  /** Which <ip>; -1: the one with DHCP, or the first. */
  parentIndex: number;
  /** The entry. */
  xml: string;
}

const invalid = (what: string): LibvirtError => libvirtError('OPERATION_INVALID', what);
const unsupported = (what: string): LibvirtError => libvirtError('OPERATION_UNSUPPORTED', what);

/**
 * A copy of `definition` with the change. Throws OPERATION_UNSUPPORTED for what cannot be changed, OPERATION_INVALID
 * where nothing matches or something does already, and whatever the entry's own reader throws.
 */
export function updateNetwork(definition: NetworkDefinition, { command, section, parentIndex, xml }: NetworkUpdate): NetworkDefinition {
  const element = parseXml(xml, 'network_update_xml');
  const changed = structuredClone(definition);
  const change: Change = { network: changed, element, command, parentIndex };
  switch (section) {
    case 'ip-dhcp-host':
      updateDhcpHosts(change);
      break;
    case 'ip-dhcp-range':
      updateDhcpRanges(change);
      break;
    case 'forward-interface':
      updateForwardInterfaces(change);
      break;
    case 'portgroup':
      updatePortGroups(change);
      break;
    case 'dns-host':
      updateDnsHosts(change);
      break;
    case 'dns-txt':
      updateDnsTexts(change);
      break;
    case 'dns-srv':
      updateDnsServices(change);
      break;
    default:
      throw unsupported(`can't update '${section.replace('-', ' ')}' section of network '${definition.name}'`);
  }
  return changed;
}

interface Change {
  network: NetworkDefinition;
  element: XmlElement;
  command: UpdateCommand;
  parentIndex: number;
}

const isAdd = ({ command }: Change): boolean => command === 'add-first' || command === 'add-last';

function checkElement({ network, element }: Change, name: string): void {
  if (element.local === name) return;
  throw libvirtError('XML_ERROR', `unexpected element <${element.name}>, expecting <${name}>, while updating network '${network.name}'`);
}

function add<T>({ command }: Change, list: T[], entry: T): void {
  if (command === 'add-first') list.unshift(entry);
  else list.push(entry);
}

function ipOf({ network, parentIndex }: Change): NetworkIp {
  const { ips, name } = network;
  const problem = "couldn't update dhcp host entry - no <ip> element found";
  if (parentIndex >= 0) {
    const ip = ips[parentIndex];
    if (!ip) throw invalid(`${problem} at index ${parentIndex} in network '${name}'`);
    return ip;
  }
  const ip = ips.find(servesDhcp) ?? ips.find(({ family }) => family === 'ipv4') ?? ips[0];
  if (!ip) throw invalid(`${problem} in network '${name}'`);
  return ip;
}

/** Of each family one address serves DHCP. */
function checkOnlyDhcp({ network }: Change, ip: NetworkIp): void {
  const other = network.ips.some((candidate) => candidate !== ip && candidate.family === ip.family && servesDhcp(candidate));
  if (other) throw invalid(`dhcp is supported only for a single ${ip.family === 'ipv4' ? 'IPv4' : 'IPv6'} address on each network`);
}

function familyOf(address: string): NetworkIp['family'] {
  return address.includes(':') ? 'ipv6' : 'ipv4';
}

function updateDhcpHosts(change: Change): void {
  checkElement(change, 'host');
  const { network, element, command } = change;
  const ip = ipOf(change);
  const host = parseDhcpHost(element, ip, network.name, { partial: command === 'delete' });
  if (command !== 'delete' && familyOf(host.ip!) !== ip.family)
    throw invalid("the address family of a host entry IP must match the address family of the dhcp element's parent");
  const overlaps = (other: DhcpHost): boolean =>
    sameMac(host, other) || (host.name !== undefined && host.name === other.name) || (host.ip !== undefined && host.ip === other.ip);
  if (command === 'delete') {
    // Everything that is said must fit.
    const index = ip.hosts.findIndex(
      (other) =>
        (host.mac === undefined || other.mac === undefined || sameMac(host, other)) &&
        (host.name === undefined || host.name === other.name) &&
        (host.ip === undefined || host.ip === other.ip),
    );
    if (index < 0) throw invalid(`couldn't locate a matching dhcp host entry in network '${network.name}'`);
    ip.hosts.splice(index, 1);
    return;
  }
  const index = ip.hosts.findIndex(overlaps);
  const { mac = 'unknown', name = '(null)', ip: address = 'unknown' } = host;
  if (command === 'modify') {
    const wanted = `"mac='${mac}'" "name='${name}'" "ip='${address}'"`;
    if (index < 0) throw invalid(`couldn't locate an existing dhcp host entry with ${wanted} in network '${network.name}'`);
    ip.hosts[index] = host;
    return;
  }
  checkOnlyDhcp(change, ip);
  if (index >= 0) {
    const given = `"<host mac='${mac}' name='${name}' ip='${address}'/>"`;
    throw invalid(`there is an existing dhcp host entry in network '${network.name}' that matches ${given}`);
  }
  add(change, ip.hosts, host);
}

function sameMac(one: DhcpHost, other: DhcpHost): boolean {
  return one.mac !== undefined && other.mac !== undefined && parseMac(one.mac) === parseMac(other.mac);
}

function updateDhcpRanges(change: Change): void {
  checkElement(change, 'range');
  const { network, element, command } = change;
  const ip = ipOf(change);
  if (command === 'modify') throw unsupported('dhcp ranges cannot be modified, only added or deleted');
  const range = parseDhcpRange(element, ip, network.name);
  if (familyOf(range.start) !== ip.family)
    throw invalid("the address family of a dhcp range must match the address family of the dhcp element's parent");
  const index = ip.ranges.findIndex(({ start, end }) => start === range.start && end === range.end);
  if (isAdd(change)) {
    checkOnlyDhcp(change, ip);
    if (index >= 0) {
      const given = `"<range start='${range.start}' end='${range.end}'/>"`;
      throw invalid(`there is an existing dhcp range entry in network '${network.name}' that matches ${given}`);
    }
    add(change, ip.ranges, range);
  } else {
    if (index < 0) throw invalid(`couldn't locate a matching dhcp range entry in network '${network.name}'`);
    ip.ranges.splice(index, 1);
  }
}

function updateForwardInterfaces(change: Change): void {
  checkElement(change, 'interface');
  const { network, element, command } = change;
  const { interfaces } = network.forward;
  if (command === 'modify') throw unsupported('forward interface entries cannot be modified, only added or deleted');
  const dev = attributeOf(element, 'dev');
  if (dev === undefined) throw libvirtError('XML_ERROR', 'missing dev attribute in <interface> element');
  const index = interfaces.indexOf(dev);
  if (isAdd(change)) {
    if (index >= 0)
      throw invalid(`there is an existing interface entry in network '${network.name}' that matches "<interface dev='${dev}'>"`);
    add(change, interfaces, dev);
  } else {
    if (index < 0) throw invalid(`couldn't find an interface entry in network '${network.name}' matching <interface dev='${dev}'>`);
    interfaces.splice(index, 1);
  }
}

function updatePortGroups(change: Change): void {
  checkElement(change, 'portgroup');
  const { network, element, command } = change;
  const { portGroups, name } = network;
  const group = parsePortGroup(element);
  const index = portGroups.findIndex((other) => other.name === group.name);
  if (index < 0 && !isAdd(change))
    throw invalid(`couldn't find a portgroup entry in network '${name}' matching <portgroup name='${group.name}'>`);
  if (index >= 0 && isAdd(change))
    throw invalid(`there is an existing portgroup entry in network '${name}' that matches "<portgroup name='${group.name}'>"`);
  const otherDefault = portGroups.some((other, i) => other.isDefault && i !== index);
  if (command !== 'delete' && group.isDefault && otherDefault)
    throw invalid(`a different portgroup entry in network '${name}' is already set as the default. Only one default is allowed.`);
  if (command === 'modify') portGroups[index] = group;
  else if (command === 'delete') portGroups.splice(index, 1);
  else add(change, portGroups, group);
}

function updateDnsHosts(change: Change): void {
  checkModifiable(change, 'HOST');
  checkElement(change, 'host');
  const { network, element, command } = change;
  const { hosts } = network.dns;
  const host = parseDnsHost(element, network.name, { partial: !isAdd(change) });
  const matching = hosts.filter(
    ({ ip, names }) =>
      (host.ip !== undefined && host.ip === ip) || (command === 'delete' && host.names.some((name) => names.includes(name))),
  );
  if (isAdd(change)) {
    if (matching.length > 0)
      throw invalid(`there is already at least one DNS HOST record with a matching field in network ${network.name}`);
    add(change, hosts, host);
    return;
  }
  if (matching.length === 0) throw invalid(`couldn't locate a matching DNS HOST record in network ${network.name}`);
  if (matching.length > 1) throw invalid(`multiple matching DNS HOST records were found in network ${network.name}`);
  hosts.splice(hosts.indexOf(matching[0]!), 1);
}

function updateDnsTexts(change: Change): void {
  checkModifiable(change, 'TXT');
  checkElement(change, 'txt');
  const { network, element } = change;
  const { texts } = network.dns;
  const text = parseDnsText(element, network.name, { partial: !isAdd(change) });
  const index = texts.findIndex(({ name }) => name === text.name);
  if (isAdd(change)) {
    if (index >= 0) throw invalid(`there is already a DNS TXT record with name '${text.name}' in network ${network.name}`);
    add(change, texts, text);
    return;
  }
  if (index < 0) throw invalid(`couldn't locate a matching DNS TXT record in network ${network.name}`);
  texts.splice(index, 1);
}

function updateDnsServices(change: Change): void {
  checkModifiable(change, 'SRV');
  checkElement(change, 'srv');
  const { network, element } = change;
  const { services } = network.dns;
  const service = parseDnsService(element, network.name, { partial: !isAdd(change) });
  const matching = services.filter((other) =>
    (['domain', 'service', 'protocol', 'target'] as const).every((key) => service[key] === undefined || service[key] === other[key]),
  );
  if (isAdd(change)) {
    if (matching.length > 0)
      throw invalid(`there is already at least one DNS SRV record matching all specified fields in network ${network.name}`);
    add(change, services, service);
    return;
  }
  if (matching.length === 0) throw invalid(`couldn't locate a matching DNS SRV record in network ${network.name}`);
  if (matching.length > 1) throw invalid(`multiple DNS SRV records matching all specified fields were found in network ${network.name}`);
  services.splice(services.indexOf(matching[0]!), 1);
}

function checkModifiable({ command }: Change, record: string): void {
  if (command === 'modify') throw unsupported(`DNS ${record} records cannot be modified, only added or deleted`);
}
