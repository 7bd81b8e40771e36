// `--validate`: is this a document that has only what a network can have? Values are looked at by the readers in any case.

import { entryOf } from '../domain/table.ts';
import { libvirtError } from '../errors.ts';
import type { XmlElement } from '../xml/element.ts';
import { parseXml } from '../xml/reader.ts';
import { DNSMASQ_NAMESPACE } from './parse.ts';

const SCHEMA_FILE = '/usr/share/libvirt/schemas/network.rng';

/** What may stand in an element; `null`: anything. */
interface Place {
  attributes: string;
  children?: Readonly<Record<string, Place | null>>;
}

const attributes = (names: string): Place => ({ attributes: names });
const LEASE = attributes('expiry unit');
const RATE = attributes('average peak floor burst');

const IP: Place = {
  attributes: 'address family netmask prefix localPtr',
  children: {
    tftp: attributes('root'),
    dhcp: {
      attributes: '',
      children: {
        range: { attributes: 'start end', children: { lease: LEASE } },
        host: { attributes: 'id mac name ip', children: { lease: LEASE } },
        bootp: attributes('file server'),
      },
    },
  },
};

const BANDWIDTH: Place = { attributes: '', children: { inbound: RATE, outbound: RATE } };
const PORT_GROUP: Place = {
  attributes: 'name default trustGuestRxFilters',
  children: { virtualport: null, bandwidth: BANDWIDTH, vlan: null },
};

const NETWORK: Readonly<Record<string, Place | null>> = {
  name: attributes(''),
  uuid: attributes(''),
  title: attributes(''),
  description: attributes(''),
  metadata: null,
  bridge: attributes('name zone stp delay macTableManager'),
  mtu: attributes('size'),
  mac: attributes('address'),
  forward: {
    attributes: 'dev mode managed',
    children: {
      nat: { attributes: 'ipv6', children: { address: attributes('start end'), port: attributes('start end') } },
      interface: attributes('dev connections'),
      address: null,
      pf: attributes('dev'),
      driver: null,
    },
  },
  portgroup: PORT_GROUP,
  domain: attributes('name localOnly'),
  dns: {
    attributes: 'enable forwardPlainNames',
    children: {
      forwarder: attributes('domain addr port'),
      txt: attributes('name value'),
      srv: attributes('service protocol domain target port priority weight'),
      host: { attributes: 'ip', children: { hostname: attributes('') } },
    },
  },
  virtualport: null,
  bandwidth: BANDWIDTH,
  vlan: null,
  ip: IP,
  route: attributes('family address netmask prefix gateway metric'),
  port: attributes('isolated'),
};

const ROOT_ATTRIBUTES = 'ipv6 trustGuestRxFilters connections';

/** Throws XML_INVALID_SCHEMA for a document that is not one of the schema's; other mistakes are parseNetwork()'s to find. */
export function validateNetworkDocument(xml: string | Uint8Array): void {
  const root = parseXml(xml, '(network_definition)');
  if (root.local !== 'network') return;
  const problem = problemOf(root);
  if (problem !== undefined) throw libvirtError('XML_INVALID_SCHEMA', `Unable to validate doc against ${SCHEMA_FILE}\n${problem}`);
}

function problemOf(root: XmlElement): string | undefined {
  const stray = strayAttribute(root, ROOT_ATTRIBUTES);
  if (stray !== undefined) return `Invalid attribute ${stray} for element network\n`;
  for (const node of root.children) {
    if (node.kind !== 'element' || node.uri === DNSMASQ_NAMESPACE) continue;
    const place = node.uri === undefined ? entryOf(NETWORK, node.local) : undefined;
    if (place === undefined) return `Element network has extra content: ${node.local}\n`;
    const inner = place && misfit(node, place);
    if (inner) return `${inner}Extra element ${node.local} in interleave\nElement network failed to validate content\n`;
  }
  return undefined;
}

/** What does not fit, as a line; undefined if all does. */
function misfit(element: XmlElement, place: Place): string | undefined {
  const stray = strayAttribute(element, place.attributes);
  if (stray !== undefined) return `Invalid attribute ${stray} for element ${element.local}\n`;
  for (const child of element.children) {
    if (child.kind !== 'element') continue;
    const inner = place.children && entryOf(place.children, child.local);
    if (inner === undefined) return `Element ${element.local} has extra content: ${child.local}\n`;
    const problem = inner && misfit(child, inner);
    if (problem) return problem;
  }
  return undefined;
}

function strayAttribute(element: XmlElement, known: string): string | undefined {
  return element.attributes.find(({ name }) => !known.split(' ').includes(name))?.name;
}
