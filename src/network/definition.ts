// The typed model of <network>. Pure data: what parse.ts makes, format.ts prints and everything else reads.

import type { Bandwidth, IpRoute } from '../domain/definition.ts';
import type { Metadata } from '../domain/elements/metadata.ts';
import type { Texts } from '../domain/metadata-change.ts';
import type { EchoedElement } from '../xml/echoed.ts';

export const FORWARD_MODES = ['none', 'nat', 'route', 'open', 'bridge', 'private', 'vepa', 'passthrough', 'hostdev'] as const;
/** `none`: an isolated network, which has no <forward>. */
export type ForwardMode = (typeof FORWARD_MODES)[number];

type YesNo = 'yes' | 'no';

export interface NatSettings {
  ipv6?: YesNo;
  /** Source addresses to choose from; without them the address of the outgoing device. */
  addresses?: { start: string; end: string };
  /** 0 is as good as absent. */
  ports?: { start: number; end: number };
}

export interface NetworkForward {
  mode: ForwardMode;
  /** hostdev. */
  managed?: boolean;
  driver?: string;
  nat?: NatSettings;
  /** Devices by which traffic leaves (nat, route) or to which guests are attached (the modes without a bridge of their own). */
  interfaces: string[];
  /** PCI addresses. */
  addresses: EchoedElement[];
  pf?: string;
}

export interface LeaseTime {
  /** 0: for ever. */
  expiry: string;
  unit: 'seconds' | 'minutes' | 'hours';
}

export interface DhcpRange {
  start: string;
  end: string;
  lease?: LeaseTime;
}

export interface DhcpHost {
  /** As written. */
  mac?: string;
  id?: string;
  name?: string;
  /** Absent only in what net-update looks for. */
  ip?: string;
  lease?: LeaseTime;
}

export interface NetworkIp {
  /** Of the address; printed only where it was given. */
  family: 'ipv4' | 'ipv6';
  printsFamily?: boolean;
  address: string;
  netmask?: string;
  /** 0: not given. */
  prefix: number;
  localPtr?: YesNo;
  tftpRoot?: string;
  ranges: DhcpRange[];
  hosts: DhcpHost[];
  bootp?: { file: string; server?: string };
}

export interface DnsForwarder {
  domain?: string;
  address?: string;
  /** Where it is not 53; of an address only. */
  port?: number;
}

export interface DnsText {
  name: string;
  /** Absent only in what net-update looks for. */
  value?: string;
}

export interface DnsService {
  /** Service and protocol are absent only in what net-update looks for. */
  service?: string;
  protocol?: string;
  domain?: string;
  target?: string;
  port: number;
  priority: number;
  weight: number;
}

export interface DnsHost {
  /** Absent only in what net-update looks for. */
  ip?: string;
  names: string[];
}

export interface NetworkDns {
  enable?: YesNo;
  forwardPlainNames?: YesNo;
  forwarders: DnsForwarder[];
  texts: DnsText[];
  services: DnsService[];
  hosts: DnsHost[];
}

export interface PortGroup {
  name: string;
  isDefault: boolean;
  trustGuestRxFilters?: YesNo;
  vlan?: EchoedElement;
  virtualport?: EchoedElement;
  bandwidth?: Bandwidth;
}

export interface NetworkBridge {
  name?: string;
  zone?: string;
  stp: boolean;
  delaySeconds: number;
  macTableManager?: 'kernel' | 'libvirt';
}

export interface NetworkDefinition extends Metadata, Texts {
  name: string;
  /** Lower case, dashed. */
  uuid: string;
  /** Guests may talk IPv6 to each other although the host has no IPv6 address here. */
  ipv6?: boolean;
  trustGuestRxFilters?: YesNo;
  forward: NetworkForward;
  bridge: NetworkBridge;
  mtu?: number;
  /** Of the bridge; lower case. */
  mac?: string;
  domain?: { name: string; localOnly?: YesNo };
  dns: NetworkDns;
  vlan?: EchoedElement;
  bandwidth?: Bandwidth;
  portIsolated?: YesNo;
  ips: NetworkIp[];
  routes: IpRoute[];
  virtualport?: EchoedElement;
  portGroups: PortGroup[];
  /** Lines for dnsmasq's configuration. */
  dnsmasqOptions: string[];
}

/** A network that asks for nothing. */
export function emptyNetwork(name: string, uuid: string): NetworkDefinition {
  return {
    name,
    uuid,
    metadata: [],
    forward: { mode: 'none', interfaces: [], addresses: [] },
    bridge: { stp: true, delaySeconds: 0 },
    dns: { forwarders: [], texts: [], services: [], hosts: [] },
    ips: [],
    routes: [],
    portGroups: [],
    dnsmasqOptions: [],
  };
}

/** Modes whose bridge libvirt makes, with addresses, DHCP and rules. */
export function hasOwnBridge({ forward }: NetworkDefinition): boolean {
  return ['none', 'nat', 'route', 'open'].includes(forward.mode);
}

/** Does this address serve DHCP? */
export function servesDhcp({ ranges, hosts }: NetworkIp): boolean {
  return ranges.length > 0 || hosts.length > 0;
}

/** The group of that name, or without a name the default one. */
export function findPortGroup({ portGroups }: NetworkDefinition, name: string | undefined): PortGroup | undefined {
  return portGroups.find((group) => (name === undefined ? group.isDefault : group.name === name));
}
