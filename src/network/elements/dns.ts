// <dns>: what the network's name server knows besides its leases, and whom it asks.

import { type LibvirtError, libvirtError } from '../../errors.ts';
import { parseUint32 } from '../../values/numbers.ts';
import { yesNo } from '../../xml/attributes.ts';
import { attributeOf, childOf, childrenOf, textOf, type XmlElement } from '../../xml/element.ts';
import type { XmlWriter } from '../../xml/writer.ts';
import { canonicalIp } from '../addresses.ts';
import type { DnsForwarder, DnsHost, DnsService, DnsText, NetworkDns } from '../definition.ts';

/** libvirt gives these complaints no class. */
const bad = (what: string): LibvirtError => libvirtError('PLAIN', what);

interface Partial {
  /** What net-update is to look for, which need not say everything. */
  partial?: boolean;
}

export function parseDns(root: XmlElement, network: string, { asLibvirt }: { asLibvirt: boolean }): NetworkDns {
  const element = childOf(root, 'dns');
  if (element === undefined) return { forwarders: [], texts: [], services: [], hosts: [] };
  const enable = yesNo(element, 'enable');
  const forwardPlainNames = yesNo(element, 'forwardPlainNames');
  const forwarders = childrenOf(element, 'forwarder').map((child) => parseForwarder(child, network, asLibvirt));
  const hosts = childrenOf(element, 'host').map((child) => parseDnsHost(child, network));
  const services = childrenOf(element, 'srv').map((child) => parseDnsService(child, network));
  const texts = childrenOf(element, 'txt').map((child) => parseDnsText(child, network));
  if (enable === 'no' && forwarders.length + hosts.length + services.length + texts.length > 0)
    throw libvirtError('XML_ERROR', `Extra data in disabled network '${network}'`);
  return { ...(enable && { enable }), ...(forwardPlainNames && { forwardPlainNames }), forwarders, texts, services, hosts };
}

function parseForwarder(element: XmlElement, network: string, asLibvirt: boolean): DnsForwarder {
  const text = attributeOf(element, 'addr');
  const address = text === undefined ? undefined : canonicalIp(text);
  if (text !== undefined && address === undefined)
    throw libvirtError('XML_ERROR', `Invalid forwarder IP address '${text}' in network '${network}'`);
  const domain = attributeOf(element, 'domain');
  if (address === undefined && domain === undefined)
    throw libvirtError('XML_ERROR', 'Invalid forwarder element, must contain at least one of addr or domain');
  const port = asLibvirt ? undefined : parseForwarderPort(element, network);
  if (port !== undefined && address === undefined)
    throw libvirtError('XML_ERROR', `Invalid forwarder element in network '${network}', port needs addr`);
  return { ...(domain !== undefined && { domain }), ...(address !== undefined && { address }), ...(port !== undefined && { port }) };
}

/** libvirt 9.0 has none. */
function parseForwarderPort(element: XmlElement, network: string): number | undefined {
  const text = attributeOf(element, 'port');
  if (text === undefined) return undefined;
  const port = parseUint32(text);
  if (port === undefined || port < 1 || port > 65535)
    throw libvirtError('XML_ERROR', `Invalid forwarder port '${text}' in network '${network}'`);
  return port;
}

export function parseDnsHost(element: XmlElement, network: string, { partial = false }: Partial = {}): DnsHost {
  const record = `network '${network}' DNS HOST record`;
  const text = attributeOf(element, 'ip');
  const ip = text === undefined ? undefined : canonicalIp(text);
  if (text === undefined && !partial) throw bad(`Missing IP address in ${record}`);
  if (text !== undefined && ip === undefined) throw bad(`Invalid IP address in ${record}`);
  const names = childrenOf(element, 'hostname').map(textOf);
  if (names.includes('') || (names.length === 0 && !partial)) throw bad(`Missing hostname in ${record}`);
  if (ip === undefined && names.length === 0) throw bad(`Missing ip and hostname in ${record}`);
  return { ...(ip !== undefined && { ip }), names };
}

const LONGEST_SERVICE = 512;

export function parseDnsService(element: XmlElement, network: string, { partial = false }: Partial = {}): DnsService {
  const service = attributeOf(element, 'service');
  if (service === undefined && !partial) throw bad(`missing required service attribute in DNS SRV record of network '${network}'`);
  if (service !== undefined && service.length > LONGEST_SERVICE)
    throw bad(`service attribute '${service}' in network '${network}' is too long, limit is ${LONGEST_SERVICE} bytes`);
  if (service !== undefined && !/^[-_+/*A-Za-z0-9]*$/.test(service))
    throw bad(`invalid character in service attribute '${service}' in DNS SRV record of network '${network}'`);
  const protocol = attributeOf(element, 'protocol');
  if (protocol === undefined && !partial)
    throw bad(`missing required protocol attribute in DNS SRV record '${service}' of network '${network}'`);
  if (protocol !== undefined && !/^[-+/A-Za-z0-9]*$/.test(protocol))
    throw bad(`invalid character in protocol attribute '${protocol}' in DNS SRV record of network '${network}'`);
  const domain = attributeOf(element, 'domain');
  const target = attributeOf(element, 'target');
  rejectLineBreak('SRV', 'domain', domain);
  rejectLineBreak('SRV', 'target', target);
  const number = (name: 'port' | 'priority' | 'weight', least: number, invalid = 'invalid'): number => {
    const text = attributeOf(element, name);
    if (!text) return 0;
    const value = parseUint32(text);
    const where = `for service '${service}' in network '${network}'`;
    if (value !== undefined && target === undefined) throw bad(`DNS SRV ${name} attribute not permitted without target ${where}`);
    if (value === undefined || value < least || value > 65535) throw bad(`${invalid} DNS SRV ${name} attribute ${where}`);
    return value;
  };
  return {
    ...(service !== undefined && { service }),
    ...(protocol !== undefined && { protocol }),
    ...(domain !== undefined && { domain }),
    ...(target !== undefined && { target }),
    port: number('port', 1),
    priority: number('priority', 0, 'Invalid'),
    weight: number('weight', 0),
  };
}

export function parseDnsText(element: XmlElement, network: string, { partial = false }: Partial = {}): DnsText {
  const name = attributeOf(element, 'name');
  if (name === undefined) throw bad(`missing required name attribute in DNS TXT record of network ${network}`);
  if (/[ ,]/.test(name)) throw bad(`prohibited character in DNS TXT record name '${name}' of network ${network}`);
  const value = attributeOf(element, 'value');
  if (value === undefined && !partial)
    throw bad(`missing required value attribute in DNS TXT record named '${name}' of network ${network}`);
  rejectLineBreak('TXT', 'value', value);
  return { name, ...(value !== undefined && { value }) };
}

/** Records become lines of dnsmasq's configuration. */
function rejectLineBreak(record: string, attribute: string, value: string | undefined): void {
  if (value !== undefined && /[\r\n]/.test(value)) throw bad(`invalid line break in DNS ${record} record ${attribute} attribute`);
}

export function writeDns(writer: XmlWriter, { enable, forwardPlainNames, forwarders, texts, services, hosts }: NetworkDns): void {
  writer.optionalBlock(
    'dns',
    [
      ['enable', enable],
      ['forwardPlainNames', forwardPlainNames],
    ],
    () => {
      for (const { domain, address, port } of forwarders)
        writer.empty('forwarder', [
          ['domain', domain],
          ['addr', address],
          ['port', port],
        ]);
      for (const { name, value } of texts)
        writer.empty('txt', [
          ['name', name],
          ['value', value],
        ]);
      for (const { service, protocol, domain, target, port, priority, weight } of services)
        writer.empty('srv', [
          ['service', service],
          ['protocol', protocol],
          ['domain', domain],
          ['target', target],
          ['port', port || undefined],
          ['priority', priority || undefined],
          ['weight', weight || undefined],
        ]);
      for (const { ip, names } of hosts)
        writer.openBlock('host', [['ip', ip]], () => {
          for (const name of names) writer.text('hostname', name);
        });
    },
  );
}
