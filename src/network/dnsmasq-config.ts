// What a network's dnsmasq is told, in libvirt's own layout (dnsmasq(8)).

import { libvirtError } from '../errors.ts';
import { bytesOf, netmaskOf, prefixOf, rangeSize } from './addresses.ts';
import {
  type DhcpHost,
  type DnsForwarder,
  type DnsService,
  type LeaseTime,
  type NetworkDefinition,
  type NetworkIp,
  servesDhcp,
} from './definition.ts';

export interface DnsmasqFiles {
  pidFile: string;
  /** Read again at SIGHUP. */
  hostsFile: string;
  addnHosts: string;
}

export interface DnsmasqTexts {
  config: string;
  hostsFile: string;
  addnHosts: string;
}

/** Does the network have anything for dnsmasq to do? */
export function needsDnsmasq({ ips, dns }: NetworkDefinition): boolean {
  return ips.length > 0 && (ips.some(servesDhcp) || dns.enable !== 'no');
}

/**
 * The bridge has its name by now. Throws CONFIG_UNSUPPORTED for a subnet that no reverse zone fits, and for a name that dnsmasq
 * would take for something else. Differs from libvirt: that writes whatever stands in the XML.
 */
export function dnsmasqTexts(network: NetworkDefinition, files: DnsmasqFiles): DnsmasqTexts {
  const dhcp = dhcpAddresses(network);
  return {
    config: joined(network, [...heading(network), ...configLines(network, files)]),
    hostsFile: joined(
      network,
      dhcp.flatMap((ip) => ip.hosts.map((host) => hostLine(host, ip))),
    ),
    addnHosts: joined(
      network,
      network.dns.hosts.map(({ ip, names }) => `${ip}\t${names.map((name) => `${word('DNS host name', name)}\t`).join('')}`),
    ),
  };
}

/** The addresses that serve DHCP: at most one of each family, IPv4 first. */
function dhcpAddresses({ ips }: NetworkDefinition): NetworkIp[] {
  return (['ipv4', 'ipv6'] as const).flatMap((family) => ips.find((ip) => ip.family === family && servesDhcp(ip)) ?? []);
}

/** What dnsmasq reads of a line at most (MAXDNAME); the rest would count as the next line. */
const LONGEST_LINE = 1023;
const CONTROL = /[\x00-\x08\x0a-\x1f\x7f]/;

/** The lines of one file. Whatever was put into one of them has to stay in it. */
function joined({ name }: NetworkDefinition, lines: readonly string[]): string {
  for (const line of lines) {
    if (CONTROL.test(line))
      throw libvirtError('CONFIG_UNSUPPORTED', `control character in what network '${name}' tells dnsmasq: ${JSON.stringify(line)}`);
    if (Buffer.byteLength(line) > LONGEST_LINE && !line.startsWith('#') && !/^[0-9a-f.:]+\t/.test(line))
      throw libvirtError('CONFIG_UNSUPPORTED', `too long for dnsmasq in network '${name}': '${line.slice(0, 40)}...'`);
  }
  return lines.map((line) => `${line}\n`).join('');
}

/** A name in a list of names. Throws CONFIG_UNSUPPORTED for what would be more than one word there, or a comment. */
function word(what: string, value: string): string {
  if (value === '' || /[\s,/#"\\]/.test(value)) throw libvirtError('CONFIG_UNSUPPORTED', `dnsmasq cannot serve ${what} '${value}'`);
  return value;
}

/** A value that may hold anything, in quotes where dnsmasq would read something into it. */
function quoted(value: string): string {
  return /^[\w./:@%+=~-]+$/.test(value) ? value : `"${value.replace(/["\\]/g, '\\$&')}"`;
}

/** The name of one interface: with a star at its end it would stand for many. */
function interfaceName(name: string): string {
  if (name.endsWith('*')) throw libvirtError('CONFIG_UNSUPPORTED', `dnsmasq cannot serve bridge '${name}'`);
  return quoted(name);
}

/** dnsmasq's own form, quotes and commas included, as libvirt's users have it; what follows a # would be a comment. */
function textValue(value: string): string {
  return value.includes('"') ? value : value.replace(/(?<=[\s,]|^)#/g, '"#"');
}

const heading = ({ name }: NetworkDefinition): string[] => [
  '##WARNING:  THIS IS AN AUTO-GENERATED FILE. CHANGES TO IT ARE LIKELY TO BE',
  '##OVERWRITTEN AND LOST.  Changes to this configuration should be made using:',
  `##    virsh net-edit ${name.replace(/\s/g, ' ').slice(0, 200)}`,
  '## or other application using the libvirt API.',
  '##',
  '## dnsmasq conf file created by libvirt',
];

function configLines(network: NetworkDefinition, files: DnsmasqFiles): string[] {
  const { dns, ips, bridge, mtu, forward, dnsmasqOptions } = network;
  const wantsDns = dns.enable !== 'no';
  const dhcp = dhcpAddresses(network);
  const leases = dhcp.reduce((sum, ip) => sum + leaseCount(ip), 0);
  return [
    'strict-order',
    ...(wantsDns ? forwarderLines(dns.forwarders) : ['port=0']),
    ...domainLines(network, wantsDns),
    ...ips.filter(({ localPtr }) => localPtr === 'yes').map((ip) => `local=/${reverseZone(ip)}/`),
    `pid-file=${quoted(files.pidFile)}`,
    // With bind-dynamic it listens on its bridge alone, and answers nobody who reaches that address by another way.
    'except-interface=lo',
    'bind-dynamic',
    `interface=${interfaceName(bridge.name!)}`,
    // No router to offer, nothing asked for outside, and a router advertisement that is no default route.
    ...(forward.mode === 'none' ? ['dhcp-option=3', 'no-resolv', 'ra-param=*,0,0'] : []),
    ...(wantsDns ? dns.texts.map(({ name, value }) => `txt-record=${word('TXT record', name)},${textValue(value ?? '')}`) : []),
    ...(wantsDns ? dns.services.map(serviceLine) : []),
    ...dhcp.flatMap(dhcpLines),
    ...(leases > 0 ? [`dhcp-lease-max=${leases}`] : []),
    ...(dhcp.length > 0 ? [`dhcp-hostsfile=${quoted(files.hostsFile)}`] : []),
    ...(wantsDns ? [`addn-hosts=${quoted(files.addnHosts)}`] : []),
    ...(mtu ? [`dhcp-option=option:mtu,${mtu}`] : []),
    ...advertisementLines(ips),
    ...dnsmasqOptions,
  ];
}

function forwarderLines(forwarders: readonly DnsForwarder[]): string[] {
  const lines = forwarders.map(
    ({ domain, address, port }) =>
      `server=${domain === undefined ? '' : `/${word('forwarder domain', domain)}/`}${address ?? '#'}${port === undefined ? '' : `#${port}`}`,
  );
  return forwarders.some(({ domain }) => domain === undefined) ? [...lines, 'no-resolv'] : lines;
}

function domainLines({ domain, dns }: NetworkDefinition, wantsDns: boolean): string[] {
  const lines: string[] = [];
  const name = domain && word('domain', domain.name);
  if (domain?.localOnly === 'yes') lines.push(`local=/${name}/`);
  if (domain) lines.push(`domain=${name}`, 'expand-hosts');
  if (wantsDns && dns.forwardPlainNames === 'no') lines.push('domain-needed', 'local=//');
  return lines;
}

function serviceLine({ service, protocol, domain, target, port, priority, weight }: DnsService): string {
  let line = `srv-host=_${service}._${protocol}`;
  if (domain !== undefined) line += `.${word('SRV domain', domain)}`;
  // RFC 2782: without a target, or with ".", there is no such service.
  if (target === undefined || target === '.') return line;
  line += `,${word('SRV target', target)}`;
  if (port || priority || weight) line += `,${port || 1}`;
  if (priority || weight) line += `,${priority}`;
  if (weight) line += `,${weight}`;
  return line;
}

function dhcpLines(ip: NetworkIp): string[] {
  const prefix = prefixOf(ip);
  const size = ip.family === 'ipv6' ? `${prefix}` : netmaskOf(prefix);
  const lines = ip.ranges.map(({ start, end, lease }) => `dhcp-range=${start},${end},${size}${leaseSuffix(lease)}`);
  if (ip.ranges.length === 0) lines.push(`dhcp-range=${ip.address},static${ip.family === 'ipv6' ? `,${prefix}` : ''}`);
  if (ip.family === 'ipv6') return lines;
  lines.push('dhcp-no-override', 'dhcp-authoritative');
  if (ip.tftpRoot !== undefined) lines.push('enable-tftp', `tftp-root=${quoted(ip.tftpRoot)}`);
  if (ip.bootp) lines.push(`dhcp-boot=${quoted(ip.bootp.file)}${ip.bootp.server === undefined ? '' : `,,${ip.bootp.server}`}`);
  return lines;
}

function leaseCount(ip: NetworkIp): number {
  return ip.ranges.reduce((sum, { start, end }) => sum + rangeSize(bytesOf(start), bytesOf(end)), 0);
}

function leaseSuffix(lease: LeaseTime | undefined): string {
  if (!lease) return '';
  return lease.expiry === '0' ? ',infinite' : `,${lease.expiry}${lease.unit[0]}`;
}

function hostLine({ mac, id, name: given, ip: address, lease }: DhcpHost, { family }: NetworkIp): string {
  const name = given && word('host name', given);
  const words =
    family === 'ipv6'
      ? [id === undefined ? undefined : `id:${id}`, name, `[${address}]`]
      : mac === undefined
        ? [name, address]
        : [mac, address, name];
  return words.filter((word) => word !== undefined).join(',') + leaseSuffix(lease);
}

/** Router advertisements: with DHCPv6 it says so, else each prefix is for addresses that guests make up themselves. */
function advertisementLines(ips: readonly NetworkIp[]): string[] {
  const ipv6 = ips.filter(({ family }) => family === 'ipv6');
  if (ipv6.some(servesDhcp)) return ['enable-ra'];
  return ipv6.map(({ address }) => `dhcp-range=${address},ra-only`);
}

/** `122.168.192.in-addr.arpa`. */
function reverseZone(ip: NetworkIp): string {
  const prefix = prefixOf(ip);
  const unit = ip.family === 'ipv4' ? 8 : 4;
  if (prefix % unit !== 0) {
    const what = `PTR domain for ${ip.family === 'ipv4' ? 'IPv4' : 'IPv6'} network with prefix ${prefix} cannot be automatically created`;
    throw libvirtError('CONFIG_UNSUPPORTED', what);
  }
  const bytes = bytesOf(ip.address);
  const labels = ip.family === 'ipv4' ? bytes.map(String) : bytes.flatMap((byte) => [(byte >> 4).toString(16), (byte & 15).toString(16)]);
  return [...labels.slice(0, prefix / unit).reverse(), ip.family === 'ipv4' ? 'in-addr.arpa' : 'ip6.arpa'].join('.');
}
