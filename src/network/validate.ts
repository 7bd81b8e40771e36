// What a network that is to be defined must hold to, beyond being well formed.

import { type LibvirtError, libvirtError } from '../errors.ts';
import type { EchoedElement } from '../xml/echoed.ts';
import { hasOwnBridge, type NetworkDefinition, type PortGroup, servesDhcp } from './definition.ts';
import { pciName } from './elements/forward.ts';

const bad = (what: string): LibvirtError => libvirtError('CONFIG_UNSUPPORTED', what);

/** The facts from outside that a network is checked against. */
export interface NetworkHost {
  /** Whether the directory of /sys is that of a device which another one stands in for (SR-IOV). */
  isVirtualFunction(directory: string): boolean;
}

/** Throws CONFIG_UNSUPPORTED, or PLAIN for a name of two lines. */
export function validateNetwork(definition: NetworkDefinition, host: NetworkHost): void {
  if (definition.name.includes('\n')) throw libvirtError('PLAIN', 'invalid char in name: \n');
  rejectHostSide(definition);
  rejectMixedDevices(definition);
  rejectOtherDevices(definition, host);
  for (const [family, word] of [['ipv4', 'IPv4'] as const, ['ipv6', 'IPv6'] as const]) {
    if (definition.ips.filter((ip) => ip.family === family && servesDhcp(ip)).length > 1) {
      const where = `dhcp is supported only for a single ${word} address on each network`;
      throw bad(`Multiple ${word} dhcp sections found -- ${where}`);
    }
  }
  validatePortGroups(definition);
}

/** Networks whose bridge is somebody else's have no address, name server or limits of their own. */
function rejectHostSide(definition: NetworkDefinition): void {
  if (hasOwnBridge(definition)) return;
  const { name, forward, mac, ips, dns, domain, bandwidth, bridge } = definition;
  const where = `in network ${name} with forward mode='${forward.mode}'`;
  if (mac !== undefined) throw bad(`Unsupported <mac> element ${where}`);
  if (ips.length > 0) throw bad(`Unsupported <ip> element ${where}`);
  if (dns.texts.length + dns.hosts.length + dns.services.length > 0) throw bad(`Unsupported <dns> element ${where}`);
  if (domain) throw bad(`Unsupported <domain> element ${where}`);
  if (bandwidth && bridge.name === undefined) throw bad(`Unsupported network-wide <bandwidth> element ${where}`);
}

function rejectMixedDevices({ name, forward: { mode, interfaces, addresses, pf } }: NetworkDefinition): void {
  if (mode === 'hostdev' && interfaces.length > 0) {
    const demand = 'hostdev networks require all devices to be listed by PCI address, not network device name';
    throw bad(`hostdev network '${name}' lists '${interfaces[0]}' in the device pool, but ${demand}`);
  }
  if (mode !== 'hostdev' && addresses.length > 0) {
    const only = "This is only supported for networks with forward mode 'hostdev'";
    throw bad(`network '${name}' has forward mode '${mode}'  but lists a device by PCI address in the device pool. ${only}`);
  }
  if ([pf !== undefined, interfaces.length > 0, addresses.length > 0].filter(Boolean).length > 1)
    throw bad(`<address>, <interface>, and <pf> elements of <forward> in network ${name} are mutually exclusive`);
}

function rejectOtherDevices({ name, forward }: NetworkDefinition, host: NetworkHost): void {
  for (const address of forward.addresses) {
    const directory = `/sys/bus/pci/devices/${pciName(address)}`;
    if (!host.isVirtualFunction(directory)) throw bad(`device '${directory}' in network '${name}' is not an SR-IOV Virtual Function`);
  }
}

function validatePortGroups(definition: NetworkDefinition): void {
  const { name, forward, portGroups, bridge } = definition;
  const bandwidthAllowed = hasOwnBridge(definition) || (forward.mode === 'bridge' && bridge.name !== undefined);
  let badVlan = false;
  let defaultGroup: PortGroup | undefined;
  for (const [i, group] of portGroups.entries()) {
    badVlan ||= !vlanFits(definition, group);
    if (group.isDefault && defaultGroup) {
      const both = `(${defaultGroup.name} and ${group.name})`;
      throw bad(`network '${name}' has multiple default <portgroup> elements ${both}, but only one default is allowed`);
    }
    if (group.isDefault) defaultGroup = group;
    if (portGroups.slice(i + 1).some((other) => other.name === group.name))
      throw bad(`multiple <portgroup> elements with the same name (${group.name}) in network '${name}'`);
    if (group.bandwidth && !bandwidthAllowed)
      throw bad(`Unsupported <bandwidth> element in network '${name}' in portgroup '${group.name}' with forward mode='${forward.mode}'`);
  }
  // With a default group every port goes through some group, and those were looked at above.
  if (badVlan || (definition.vlan && !networkTakesVlan(definition) && !defaultGroup))
    throw bad(`<vlan> element specified for network ${name}, whose type doesn't support vlan configuration`);
}

function vlanFits(definition: NetworkDefinition, { vlan, virtualport }: PortGroup): boolean {
  if (!definition.vlan && !vlan) return true;
  return virtualport ? definition.forward.mode === 'bridge' && isOpenvswitch(virtualport) : networkTakesVlan(definition);
}

function networkTakesVlan({ forward, virtualport }: NetworkDefinition): boolean {
  if (forward.mode === 'hostdev' || forward.mode === 'passthrough') return true;
  return forward.mode === 'bridge' && virtualport !== undefined && isOpenvswitch(virtualport);
}

function isOpenvswitch({ attributes }: EchoedElement): boolean {
  return attributes.some(([name, value]) => name === 'type' && value === 'openvswitch');
}
