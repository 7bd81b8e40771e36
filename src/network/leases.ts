// The leases that dnsmasq has given, as libvirt keeps them: a JSON list in BRIDGE.status, written by dnsmasq's --dhcp-script.

import { libvirtError } from '../errors.ts';

/** One entry of the file, in libvirt's own words and order. */
export interface LeaseEntry {
  iaid?: string;
  'ip-address': string;
  'mac-address': string;
  hostname?: string;
  'client-id'?: string;
  'server-duid'?: string;
  /** Seconds since the epoch; 0: never. */
  'expiry-time': number;
}

/** `file` is for messages. Throws INTERNAL_ERROR for what libvirt would not read either. */
export function parseLeases(text: string, file: string): LeaseEntry[] {
  if (text === '') return [];
  const entries = parseJson(text, file);
  if (!Array.isArray(entries)) throw libvirtError('INTERNAL_ERROR', 'Malformed lease_entries array');
  return entries.map((entry: Partial<LeaseEntry> | null) => {
    if (typeof entry?.['mac-address'] !== 'string') throw libvirtError('INTERNAL_ERROR', 'found lease without mac-address');
    if (typeof entry['expiry-time'] !== 'number') throw libvirtError('INTERNAL_ERROR', 'found lease without expiry-time');
    if (typeof entry['ip-address'] !== 'string') throw libvirtError('INTERNAL_ERROR', 'found lease without ip-address');
    return entry as LeaseEntry;
  });
}

function parseJson(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw libvirtError('INTERNAL_ERROR', `invalid json in file: ${file}`);
  }
}

/** A list as libvirt prints JSON. */
export function formatJsonList(entries: readonly unknown[]): string {
  return entries.length === 0 ? '[\n\n]\n' : `${JSON.stringify(entries, null, 2)}\n`;
}

export function isExpired(lease: LeaseEntry, nowS: number): boolean {
  return lease['expiry-time'] > 0 && lease['expiry-time'] < nowS;
}

/** What dnsmasq says when it calls its script: arguments and environment (dnsmasq(8), --dhcp-script). */
export interface LeaseCall {
  args: readonly string[];
  env: Readonly<Record<string, string | undefined>>;
  nowS: number;
}

/**
 * The leases after a call, without those that are over. Undefined: nothing changes, because the call is about
 * something else (`tftp`) or about a guest whose MAC address is not known.
 */
export function leasesAfter(leases: readonly LeaseEntry[], call: LeaseCall): LeaseEntry[] | undefined {
  const [action, identity, ip, name] = call.args;
  if (!['add', 'old', 'del'].includes(action ?? '') || identity === undefined || ip === undefined) return undefined;
  const { env, nowS } = call;
  const others = leases.filter((lease) => lease['ip-address'] !== ip && !isExpired(lease, nowS));
  if (action === 'del') return others;
  const iaid = env['DNSMASQ_IAID'];
  // For IPv6 the first word is the client's id.
  const mac = iaid === undefined ? identity : env['DNSMASQ_MAC'];
  if (mac === undefined) return undefined;
  const clientId = iaid === undefined ? env['DNSMASQ_CLIENT_ID'] : identity;
  const hostname = name ?? (action === 'old' ? env['DNSMASQ_OLD_HOSTNAME'] : undefined);
  const serverDuid = env['DNSMASQ_SERVER_DUID'];
  return [
    ...others,
    {
      ...(iaid !== undefined && { iaid }),
      'ip-address': ip,
      // Hardware types other than Ethernet stand before the address.
      'mac-address': mac.replace(/^[0-9a-f]{2}-/i, ''),
      ...(hostname && { hostname }),
      ...(clientId && { 'client-id': clientId }),
      ...(serverDuid && { 'server-duid': serverDuid }),
      'expiry-time': Number(env['DNSMASQ_LEASE_EXPIRES'] ?? 0),
    },
  ];
}

/** The answer to `init`: the leases in the form of dnsmasq's own file. */
export function leaseDatabase(leases: readonly LeaseEntry[]): string {
  const line = (lease: LeaseEntry, key: string) =>
    [lease['expiry-time'], key, lease['ip-address'], lease.hostname ?? '*', lease['client-id'] ?? '*'].join(' ');
  const ipv4 = leases.filter(({ iaid }) => iaid === undefined).map((lease) => line(lease, lease['mac-address']));
  const ipv6 = leases.filter(({ iaid }) => iaid !== undefined);
  const duid = ipv6.find((lease) => lease['server-duid'] !== undefined)?.['server-duid'];
  return [...ipv4, ...(duid === undefined ? [] : [`duid ${duid}`]), ...ipv6.map((lease) => line(lease, lease.iaid!))]
    .map((text) => `${text}\n`)
    .join('');
}

/** BRIDGE.macs: whose addresses are on the bridge. */
export interface MacEntry {
  domain: string;
  macs: string[];
}

/** The entries of the file; none of one that cannot be read. */
export function parseMacs(text: string): MacEntry[] {
  try {
    const entries: unknown = JSON.parse(text || '[]');
    return Array.isArray(entries) ? entries.filter(isMacEntry) : [];
  } catch {
    return [];
  }
}

function isMacEntry(entry: Partial<MacEntry> | null): entry is MacEntry {
  return typeof entry?.domain === 'string' && Array.isArray(entry.macs) && entry.macs.every((mac) => typeof mac === 'string');
}

/** With one more address, or one less. */
export function macsAfter(entries: readonly MacEntry[], domain: string, mac: string, present: boolean): MacEntry[] {
  const known = entries.find((entry) => entry.domain === domain)?.macs ?? [];
  const macs = present ? [...new Set([...known, mac])] : known.filter((other) => other !== mac);
  const others = entries.filter((entry) => entry.domain !== domain);
  return macs.length === 0 ? others : [...others, { domain, macs }];
}
