// From network XML to the model. The order of reading is libvirt's, so that of two mistakes the same one is reported.

import { parseBandwidth } from '../domain/elements/bandwidth.ts';
import { parseRoute } from '../domain/elements/ip.ts';
import { parseMetadata } from '../domain/elements/metadata.ts';
import { parsePartialVirtualPort, parseVlan } from '../domain/elements/switch-port.ts';
import type { Texts } from '../domain/metadata-change.ts';
import type { ParseHost } from '../domain/parse.ts';
import { libvirtError } from '../errors.ts';
import { parseMac } from '../values/mac.ts';
import { parseUint32, parseUint64 } from '../values/numbers.ts';
import { parseUuid } from '../values/uuid.ts';
import { yesNo } from '../xml/attributes.ts';
import { attributeOf, childOf, childrenOf, childText, elementsOf, type XmlElement } from '../xml/element.ts';
import { parseXml } from '../xml/reader.ts';
import { isWithin } from './addresses.ts';
import type { NetworkBridge, NetworkDefinition } from './definition.ts';
import { parseDns } from './elements/dns.ts';
import { parseForward } from './elements/forward.ts';
import { isMulticast, parseIps } from './elements/ip.ts';
import { parsePortGroup } from './elements/port-group.ts';

export const DNSMASQ_NAMESPACE = 'http://libvirt.org/schemas/network/dnsmasq/1.0';

export interface NetworkReading {
  /** What libvirt 9.0 does not know is passed over, whatever it says. */
  asLibvirt?: boolean;
}

/** Throws what libvirt would for XML that is no network; what only validate.ts sees is not looked at. */
export function parseNetwork(
  xml: string | Uint8Array,
  host: Pick<ParseHost, 'randomUuid'>,
  reading: NetworkReading = {},
): NetworkDefinition {
  const root = parseXml(xml, '(network_definition)');
  if (root.local !== 'network') throw libvirtError('XML_ERROR', `expecting root element of 'network', not '${root.name}'`);
  return parseNetworkElement(root, host, reading);
}

export function parseNetworkElement(
  root: XmlElement,
  host: Pick<ParseHost, 'randomUuid'>,
  { asLibvirt = false }: NetworkReading = {},
): NetworkDefinition {
  const name = childText(root, 'name');
  if (name === undefined) throw libvirtError('NO_NAME');
  if (name.includes('/')) throw libvirtError('PLAIN', 'invalid char in name: /');
  const uuidText = childText(root, 'uuid');
  const uuid = uuidText === undefined ? host.randomUuid() : parseUuid(uuidText);
  if (uuid === undefined) throw libvirtError('INTERNAL_ERROR', 'malformed uuid element');
  const ipv6 = attributeOf(root, 'ipv6') || undefined;
  if (ipv6 !== undefined && ipv6 !== 'yes' && ipv6 !== 'no')
    throw libvirtError('XML_ERROR', `Invalid ipv6 setting '${ipv6}' in network '${name}'`);
  const trustGuestRxFilters = yesNo(root, 'trustGuestRxFilters');
  const texts = parseTexts(root);
  const domain = parseDomain(root);
  const bandwidth = parseBandwidth(root);
  const vlan = parseVlan(root);
  const portElement = childOf(root, 'port');
  const portIsolated = portElement && yesNo(portElement, 'isolated');
  const bridge = parseBridge(root, name);
  const mac = parseBridgeMac(root, name);
  const mtu = parseMtu(root, name);
  const dns = parseDns(root, name, { asLibvirt });
  const virtualport = parsePartialVirtualPort(root);
  if (virtualport && !virtualport.attributes.some(([attribute]) => attribute === 'type'))
    throw libvirtError('XML_ERROR', 'missing required virtualport type');
  const portGroups = childrenOf(root, 'portgroup').map(parsePortGroup);
  const ips = parseIps(root, name);
  const routes = childrenOf(root, 'route').map((element) => parseRoute(element, name));
  for (const { gateway } of routes) {
    if (!ips.some((ip) => isWithin(ip, gateway)))
      throw libvirtError('CONFIG_UNSUPPORTED', `unreachable static route gateway '${gateway}' specified for network '${name}'`);
  }
  const forward = parseForward(root, name);
  const definition: NetworkDefinition = {
    name,
    uuid,
    ...(ipv6 === 'yes' && { ipv6: true }),
    ...(trustGuestRxFilters && { trustGuestRxFilters }),
    ...texts,
    ...parseMetadata(root),
    forward,
    bridge,
    ...(mtu && { mtu }),
    ...(mac !== undefined && { mac }),
    ...(domain && { domain }),
    dns,
    ...(vlan && { vlan }),
    ...(bandwidth && { bandwidth }),
    ...(portIsolated && { portIsolated }),
    ips,
    routes,
    ...(virtualport && { virtualport }),
    portGroups,
    dnsmasqOptions: parseDnsmasqOptions(root),
  };
  checkMode(definition, root);
  return definition;
}

/** libvirt has them since 9.7. */
function parseTexts(root: XmlElement): Texts {
  const title = childText(root, 'title');
  const description = childText(root, 'description');
  if (title?.includes('\n')) throw libvirtError('XML_ERROR', "Network title can't contain newlines");
  return { ...(title !== undefined && { title }), ...(description !== undefined && { description }) };
}

function parseDomain(root: XmlElement): NetworkDefinition['domain'] {
  const element = childOf(root, 'domain');
  if (element === undefined) return undefined;
  const name = attributeOf(element, 'name');
  const localOnly = yesNo(element, 'localOnly');
  return name === undefined ? undefined : { name, ...(localOnly && { localOnly }) };
}

function parseBridge(root: XmlElement, network: string): NetworkBridge {
  const element = childOf(root, 'bridge');
  const of = (attribute: string): string | undefined => (element && attributeOf(element, attribute)) || undefined;
  const delayText = of('delay');
  const delay = delayText === undefined ? 0n : parseUint64(delayText);
  if (delay === undefined) throw libvirtError('XML_ERROR', `Invalid delay value in network '${network}'`);
  const manager = of('macTableManager');
  if (manager !== undefined && manager !== 'kernel' && manager !== 'libvirt')
    throw libvirtError('XML_ERROR', `Invalid macTableManager setting '${manager}' in network '${network}'`);
  const [name, zone] = [of('name'), of('zone')];
  return {
    ...(name !== undefined && { name }),
    ...(zone !== undefined && { zone }),
    stp: of('stp') !== 'off',
    delaySeconds: Number(delay),
    ...(manager !== undefined && { macTableManager: manager }),
  };
}

function parseBridgeMac(root: XmlElement, network: string): string | undefined {
  const element = childOf(root, 'mac');
  const text = (element && attributeOf(element, 'address')) || undefined;
  if (text === undefined) return undefined;
  const mac = parseMac(text);
  if (mac === undefined) throw libvirtError('XML_ERROR', `Invalid bridge mac address '${text}' in network '${network}'`);
  if (isMulticast(mac)) throw libvirtError('XML_ERROR', `Invalid multicast bridge mac address '${text}' in network '${network}'`);
  return mac;
}

function parseMtu(root: XmlElement, network: string): number | undefined {
  const element = childOf(root, 'mtu');
  const text = (element && attributeOf(element, 'size')) || undefined;
  if (text === undefined) return undefined;
  const size = parseUint32(text);
  if (size === undefined) throw libvirtError('XML_ERROR', `Invalid mtu size '${text}' in network '${network}'`);
  return size;
}

function parseDnsmasqOptions(root: XmlElement): string[] {
  const isOurs = (name: string) => (element: XmlElement) => element.uri === DNSMASQ_NAMESPACE && element.local === name;
  const options = elementsOf(root).filter(isOurs('options')).flatMap(elementsOf).filter(isOurs('option'));
  return options.map((option) => {
    const value = attributeOf(option, 'value');
    if (value === undefined) throw libvirtError('INTERNAL_ERROR', 'No dnsmasq options value specified');
    return value;
  });
}

/** What the mode of forwarding demands or does not go with. */
function checkMode({ name, forward, bridge, mtu, ips }: NetworkDefinition, root: XmlElement): void {
  const { mode, interfaces, addresses, pf } = forward;
  const bad = (what: string) => libvirtError('XML_ERROR', what);
  if (mode === 'nat' || mode === 'route' || mode === 'open') {
    if (ips.length === 0) throw bad(`${mode} forwarding requested, but no IP address provided for network '${name}'`);
    if (interfaces.length > 1) throw bad(`multiple forwarding interfaces specified for network '${name}', only one is supported`);
    if (mode === 'open' && interfaces.length > 0) throw bad(`forward dev not allowed for network '${name}' with forward mode='${mode}'`);
    return;
  }
  if (mode === 'none') return;
  const inMode = `in ${mode} mode (network '${name}')`;
  if (mode !== 'bridge') {
    if (bridge.name !== undefined) throw bad(`bridge name not allowed ${inMode}`);
    if (bridge.zone !== undefined) throw bad(`bridge zone not allowed ${inMode}`);
    if (bridge.macTableManager !== undefined) throw bad(`bridge macTableManager setting not allowed ${inMode}`);
  }
  const element = childOf(root, 'bridge');
  if (bridge.delaySeconds > 0 || bridge.zone !== undefined || (element && attributeOf(element, 'stp')))
    throw bad(`bridge delay/stp/zone options only allowed in route, nat, and isolated mode, not in ${mode} (network '${name}')`);
  if (bridge.name !== undefined && (interfaces.length > 0 || addresses.length > 0 || pf !== undefined)) {
    const either = 'can specify a bridge name or a forward dev, but not both';
    throw bad(`A network with forward mode='${mode}' ${either} (network '${name}')`);
  }
  if (mtu) throw bad(`mtu size only allowed in open, route, nat, and isolated mode, not in ${mode} (network '${name}')`);
}
