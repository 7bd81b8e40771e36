// <forward>: how the network is connected to the outside.

import { parseAddress } from '../../domain/elements/device-info.ts';
import { formatIp, parseIp } from '../../domain/elements/ip.ts';
import { libvirtError } from '../../errors.ts';
import { parseUint32 } from '../../values/numbers.ts';
import { yesNo } from '../../xml/attributes.ts';
import type { EchoedElement } from '../../xml/echoed.ts';
import { writeEchoed } from '../../xml/echoed.ts';
import { attributeOf, childOf, childrenOf, type XmlElement } from '../../xml/element.ts';
import type { XmlWriter } from '../../xml/writer.ts';
import { rangeSize } from '../addresses.ts';
import { FORWARD_MODES, type NatSettings, type NetworkForward } from '../definition.ts';

const DRIVERS = ['kvm', 'vfio', 'xen'];

export function parseForward(root: XmlElement, network: string): NetworkForward {
  const element = childOf(root, 'forward');
  if (element === undefined) return { mode: 'none', interfaces: [], addresses: [] };
  const modeText = attributeOf(element, 'mode') || 'nat';
  const mode = FORWARD_MODES.find((candidate) => candidate === modeText);
  if (mode === undefined) throw libvirtError('CONFIG_UNSUPPORTED', `unknown forwarding type '${modeText}'`);
  const forward: NetworkForward = { mode, interfaces: [], addresses: [] };
  if (attributeOf(element, 'managed')?.toLowerCase() === 'yes') forward.managed = true;
  const driver = childOf(element, 'driver');
  const driverName = driver && attributeOf(driver, 'name');
  if (driverName) {
    if (!DRIVERS.includes(driverName))
      throw libvirtError('CONFIG_UNSUPPORTED', `Unknown forward <driver name='${driverName}'/> in network ${network}`);
    forward.driver = driverName;
  }
  const nats = childrenOf(element, 'nat');
  if (nats.length > 1) throw libvirtError('XML_ERROR', `Only one <nat> element is allowed in <forward> of network ${network}`);
  if (nats[0]) {
    if (mode !== 'nat')
      throw libvirtError('XML_ERROR', `The <nat> element can only be used when <forward> 'mode' is 'nat' in network ${network}`);
    forward.nat = parseNat(nats[0], network);
  }
  parseDevices(forward, element, network);
  return forward;
}

function parseDevices(forward: NetworkForward, element: XmlElement, network: string): void {
  const dev = attributeOf(element, 'dev') || undefined;
  const interfaces = childrenOf(element, 'interface');
  const addresses = childrenOf(element, 'address');
  const pfs = childrenOf(element, 'pf');
  if (dev !== undefined && (addresses.length > 0 || pfs.length > 0)) {
    const name = `the <forward> 'dev' attribute cannot be used when <address> or <pf> sub-elements are present in network ${network}`;
    throw libvirtError('XML_ERROR', name);
  }
  if (interfaces.length > 0 || dev !== undefined) forward.interfaces = parseInterfaces(interfaces, dev, network);
  else if (addresses.length > 0) {
    const slots = new Set<string>();
    for (const address of addresses) {
      const type = attributeOf(address, 'type');
      if (type === undefined) throw libvirtError('XML_ERROR', `missing address type in network ${network}`);
      if (type !== 'pci') throw libvirtError('CONFIG_UNSUPPORTED', `unknown address type '${type}' in network ${network}`);
      const parsed = parseAddress(address);
      const slot = pciName(parsed);
      if (slots.has(slot)) throw libvirtError('XML_ERROR', `PCI device '${slot}' can only be listed once in network ${network}`);
      slots.add(slot);
      forward.addresses.push(parsed);
    }
  } else if (pfs.length > 1) throw libvirtError('XML_ERROR', `Only one <pf> element is allowed in <forward> of network ${network}`);
  else if (pfs[0]) {
    const pf = attributeOf(pfs[0], 'dev');
    if (pf === undefined) throw libvirtError('XML_ERROR', `Missing required dev attribute in <pf> element of network '${network}'`);
    forward.pf = pf;
  }
}

/** The kernel's name of the PCI device at an <address>: 0000:04:00.1. */
export function pciName({ attributes }: EchoedElement): string {
  const part = (name: string, digits: number): string => {
    const value = Number(attributes.find(([known]) => known === name)?.[1] ?? 0);
    return value.toString(16).padStart(digits, '0');
  };
  return `${part('domain', 4)}:${part('bus', 2)}:${part('slot', 2)}.${part('function', 1)}`;
}

function parseInterfaces(elements: readonly XmlElement[], dev: string | undefined, network: string): string[] {
  const names = new Set(dev === undefined ? [] : [dev]);
  for (const [i, element] of elements.entries()) {
    const name = attributeOf(element, 'dev');
    if (name === undefined)
      throw libvirtError('XML_ERROR', `Missing required dev attribute in <forward> <interface> element of network ${network}`);
    if (i === 0 && dev !== undefined) {
      if (name !== dev)
        throw libvirtError('XML_ERROR', `<forward dev='${dev}'> must match first <interface dev='${name}'/> in network ${network}`);
      continue;
    }
    if (names.has(name)) throw libvirtError('XML_ERROR', `interface '${name}' can only be listed once in network ${network}`);
    names.add(name);
  }
  return [...names];
}

function parseNat(element: XmlElement, network: string): NatSettings {
  const where = `in <nat> in <forward> in network ${network}`;
  const ipv6 = yesNo(element, 'ipv6');
  const nat: NatSettings = { ...(ipv6 && { ipv6 }) };
  const addresses = childrenOf(element, 'address');
  if (addresses.length > 1) throw libvirtError('XML_ERROR', `Only one <address> element is allowed ${where}`);
  if (addresses[0]) {
    const [start, end] = (['start', 'end'] as const).map((name) => {
      const text = attributeOf(addresses[0]!, name);
      if (text === undefined) throw libvirtError('XML_ERROR', `missing '${name}' attribute in <address> element ${where}`);
      return { name, text };
    });
    const [first, last] = [start!, end!].map(({ name, text }) => {
      const bytes = parseIp(text);
      if (bytes?.length !== 4)
        throw libvirtError('XML_ERROR', `Bad ipv4 ${name} address '${text}' in <nat> in <forward> in network '${network}'`);
      return bytes;
    });
    rangeSize(first!, last!);
    nat.addresses = { start: formatIp(first!), end: formatIp(last!) };
  }
  const ports = childrenOf(element, 'port');
  if (ports.length > 1) throw libvirtError('XML_ERROR', `Only one <port> element is allowed ${where}`);
  if (ports[0]) {
    const start = parsePort(ports[0], 'start', 0, where);
    nat.ports = { start, end: parsePort(ports[0], 'end', start, where) };
  }
  return nat;
}

function parsePort(element: XmlElement, name: 'start' | 'end', least: number, where: string): number {
  const value = parseUint32(attributeOf(element, name) ?? '');
  if (value === undefined || value < least || value > 65535)
    throw libvirtError('PLAIN', `Missing or invalid '${name}' attribute in <port> ${where}`);
  return value;
}

/** Used ports of the devices of a live network. */
export type Connections = ReadonlyMap<string, number>;

export function writeForward(writer: XmlWriter, forward: NetworkForward, connections: Connections): void {
  const { mode, managed, driver, nat, interfaces, addresses, pf } = forward;
  if (mode === 'none') return;
  writer.block(
    'forward',
    [
      ['dev', pf === undefined ? interfaces[0] : undefined],
      ['mode', mode],
      ['managed', mode === 'hostdev' ? (managed ? 'yes' : 'no') : undefined],
    ],
    () => {
      if (driver) writer.empty('driver', [['name', driver]]);
      if (nat) writeNat(writer, nat);
      if (pf !== undefined) writer.empty('pf', [['dev', pf]]);
      for (const dev of interfaces)
        writer.empty('interface', [
          ['dev', dev],
          ['connections', connections.get(dev) || undefined],
        ]);
      for (const address of addresses) writeEchoed(writer, address);
    },
  );
}

function writeNat(writer: XmlWriter, { ipv6, addresses, ports }: NatSettings): void {
  writer.optionalBlock('nat', [['ipv6', ipv6]], () => {
    if (addresses)
      writer.empty('address', [
        ['start', addresses.start],
        ['end', addresses.end],
      ]);
    if (ports && (ports.start > 0 || ports.end > 0))
      writer.empty('port', [
        ['start', ports.start],
        ['end', ports.end || undefined],
      ]);
  });
}
