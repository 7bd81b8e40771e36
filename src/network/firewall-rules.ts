// The rules of a network, as commands for nft -j (libnftables-json(5)). Each network has tables of its own, named for its
// bridge: what is in them can come and go without a look at anything else.
//
// A packet is forwarded only if the tables of all networks let it pass: one network's "accept" ends its own table alone.

import { libvirtError } from '../errors.ts';
import { subnetOf } from './addresses.ts';
import type { NetworkDefinition, NetworkIp } from './definition.ts';

type Family = 'ip' | 'ip6';
type Expression = Record<string, unknown>;
type Command = Record<string, unknown>;

export interface Ruleset {
  nftables: Command[];
}

export interface RuleTable {
  family: Family;
  table: string;
}

/** A chain, and how many rules are put into it. */
export interface FilledChain extends RuleTable {
  chain: string;
  rules: number;
}

const FAMILIES: readonly Family[] = ['ip', 'ip6'];
/** NF_IP_PRI_FILTER and NF_IP_PRI_NAT_SRC. */
const FILTER_PRIORITY = 0;
const SOURCE_NAT_PRIORITY = 100;

export const tableName = (bridge: string): string => `virsh_lxc_${bridge}`;

/** The tables that the network with this bridge may have. */
export function networkTables(bridge: string): RuleTable[] {
  return FAMILIES.map((family) => ({ family, table: tableName(bridge) }));
}

/** Open networks leave all rules to the administrator. */
export function needsRules({ forward }: NetworkDefinition): boolean {
  return forward.mode === 'nat' || forward.mode === 'route' || forward.mode === 'none';
}

/**
 * One transaction that puts this network's rules in the place of those it may have. The bridge has its name by now. Throws
 * CONFIG_UNSUPPORTED for a device whose name means more than that device to nft.
 */
export function networkRules(network: NetworkDefinition): Ruleset {
  const name = tableName(network.bridge.name!);
  return {
    nftables: FAMILIES.flatMap((family) => [...removal(family, name), ...familyRules(network, family, name)]),
  };
}

/** One transaction that removes all rules of the network with this bridge; there may be none. */
export function removeNetworkRules(bridge: string): Ruleset {
  return { nftables: FAMILIES.flatMap((family) => removal(family, tableName(bridge))) };
}

/** What there is after the transaction. */
export function filledChains({ nftables }: Ruleset): FilledChain[] {
  const added = nftables.flatMap((command) => (command['add'] as { rule?: Omit<FilledChain, 'rules'> } | undefined)?.rule ?? []);
  const chains = new Map<string, FilledChain>();
  for (const { family, table, chain } of added) {
    const known = chains.get(`${family} ${chain}`);
    if (known) known.rules++;
    else chains.set(`${family} ${chain}`, { family, table, chain, rules: 1 });
  }
  return [...chains.values()];
}

/** A table that is added first is there to be deleted: nft 1.0 has no "destroy". */
function removal(family: Family, name: string): Command[] {
  return [{ add: { table: { family, name } } }, { delete: { table: { family, name } } }];
}

function familyRules(network: NetworkDefinition, family: Family, table: string): Command[] {
  const ips = network.ips.filter((ip) => (ip.family === 'ipv6' ? 'ip6' : 'ip') === family);
  if (family === 'ip6' && ips.length === 0 && !network.ipv6) return []; // IPv6 is off on this bridge
  const rule = (chain: string, ...expr: Expression[]): Command => ({ add: { rule: { family, table, chain, expr } } });
  const chain = (name: string, type: string, hook: string, prio: number): Command => ({
    add: { chain: { family, table, name, type, hook, prio, policy: 'accept' } },
  });
  const sourceNat = ips.filter((ip) => isTranslated(network, ip)).flatMap((ip) => translation(network, family, ip));
  return [
    { add: { table: { family, name: table } } },
    chain('forward', 'filter', 'forward', FILTER_PRIORITY),
    ...forwarding(network, family, ips).map((expr) => rule('forward', ...expr)),
    ...(sourceNat.length > 0 ? [chain('postrouting', 'nat', 'postrouting', SOURCE_NAT_PRIORITY)] : []),
    ...sourceNat.map((expr) => rule('postrouting', ...expr)),
  ];
}

/** IPv6 is translated only where the definition asks for it; else a nat network routes it. */
function isTranslated({ forward }: NetworkDefinition, { family }: NetworkIp): boolean {
  return forward.mode === 'nat' && (family === 'ipv4' || forward.nat?.ipv6 === 'yes');
}

/** Guests among themselves; then what may come in and go out; the rest is refused. */
function forwarding(network: NetworkDefinition, family: Family, ips: readonly NetworkIp[]): Expression[][] {
  const bridge = network.bridge.name!;
  const { mode, interfaces } = network.forward;
  const outside = interfaces[0];
  const reject = { reject: { type: family === 'ip' ? 'icmp' : 'icmpv6', expr: 'port-unreachable' } };
  const passes = mode === 'none' ? [] : ips;
  return [
    [comes(bridge), leaves(bridge), COUNTER, ACCEPT],
    ...passes.map((ip) => [
      ...(outside === undefined ? [] : [comes(outside)]),
      leaves(bridge),
      inSubnet(family, 'daddr', ip),
      ...(isTranslated(network, ip) ? [ANSWERS] : []),
      COUNTER,
      ACCEPT,
    ]),
    [leaves(bridge), COUNTER, reject],
    ...passes.map((ip) => [
      comes(bridge),
      ...(outside === undefined ? [] : [leaves(outside)]),
      inSubnet(family, 'saddr', ip),
      COUNTER,
      ACCEPT,
    ]),
    [comes(bridge), COUNTER, reject],
  ];
}

function translation({ forward }: NetworkDefinition, family: Family, ip: NetworkIp): Expression[][] {
  const { nat, interfaces } = forward;
  const outside = interfaces[0] === undefined ? [] : [leaves(interfaces[0])];
  const fromGuests = [inSubnet(family, 'saddr', ip)];
  const toOthers = [...fromGuests, inSubnet(family, 'daddr', ip, '!='), ...outside];
  const ports = nat?.ports && (nat.ports.start > 0 || nat.ports.end > 0) ? nat.ports : { start: 1024, end: 65535 };
  const addresses = family === 'ip' ? nat?.addresses : undefined;
  const source = (withPorts: boolean): Expression => {
    const port = withPorts ? { port: range(ports.start, ports.end) } : {};
    if (addresses) return { snat: { family, addr: range(addresses.start, addresses.end), ...port } };
    return { masquerade: withPorts ? port : null };
  };
  // Not for routers to pass on: these addresses name the machines of one link.
  const onLink = family === 'ip' ? [prefix('224.0.0.0', 24), '255.255.255.255'] : [prefix('ff02::', 16)];
  return [
    ...onLink.map((address) => [...fromGuests, match(addressOf(family, 'daddr'), address), RETURN]),
    [...toOthers, match({ meta: { key: 'l4proto' } }, { set: ['tcp', 'udp'] }), COUNTER, source(true)],
    [...toOthers, COUNTER, source(false)],
  ];
}

const COUNTER: Expression = { counter: { packets: 0, bytes: 0 } };
const ACCEPT: Expression = { accept: null };
const RETURN: Expression = { return: null };
const ANSWERS: Expression = match({ ct: { key: 'state' } }, ['established', 'related'], 'in');

function match(left: Expression, right: unknown, op = '=='): Expression {
  return { match: { op, left, right } };
}

/** By name: the rules outlive a bridge that is made anew. */
function comes(dev: string): Expression {
  return match({ meta: { key: 'iifname' } }, deviceName(dev));
}

function leaves(dev: string): Expression {
  return match({ meta: { key: 'oifname' } }, deviceName(dev));
}

/** To nft a star at the end stands for any rest, and an @ at the beginning for a set (libnftables-json(5)). */
function deviceName(dev: string): string {
  if (dev.startsWith('@') || dev.endsWith('*'))
    throw libvirtError('CONFIG_UNSUPPORTED', `nftables has no rules for a device called '${dev}'`);
  return dev;
}

function addressOf(protocol: Family, field: 'saddr' | 'daddr'): Expression {
  return { payload: { protocol, field } };
}

function inSubnet(family: Family, field: 'saddr' | 'daddr', ip: NetworkIp, op = '=='): Expression {
  const subnet = subnetOf(ip);
  return match(addressOf(family, field), prefix(subnet.address, subnet.prefix), op);
}

function prefix(addr: string, len: number): Expression {
  return { prefix: { addr, len } };
}

function range(start: string | number, end: string | number): unknown {
  return start === end ? start : { range: [start, end] };
}
