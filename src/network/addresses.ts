// Arithmetic of addresses and ranges, with libvirt's complaints.

import { formatIp, parseIp } from '../domain/elements/ip.ts';
import { type LibvirtError, libvirtError } from '../errors.ts';
import type { NetworkIp } from './definition.ts';

export type AddressBytes = readonly number[];

/** The bytes of a literal address. Throws as libvirt does when the resolver takes it for a name. */
export function socketAddress(text: string): AddressBytes {
  const bytes = parseIp(text);
  if (bytes === undefined) throw libvirtError('PLAIN', `Cannot parse socket address '${text}': Name or service not known`);
  return bytes;
}

/** The bytes of an address that a definition holds. */
export function bytesOf(address: string): AddressBytes {
  return parseIp(address) ?? [];
}

export function canonicalIp(text: string): string | undefined {
  const bytes = parseIp(text);
  return bytes && formatIp(bytes);
}

/** The length of the prefix: as given, of the netmask, or by the class of an IPv4 address (IPv6: 64). */
export function prefixOf({ address, prefix, netmask }: Pick<NetworkIp, 'address' | 'prefix' | 'netmask'>): number {
  if (prefix > 0) return prefix;
  if (netmask !== undefined) return leadingOnes(bytesOf(netmask));
  const bytes = bytesOf(address);
  if (bytes.length === 16) return 64;
  const first = bytes[0] ?? 0;
  if (first < 128) return 8;
  return first < 192 ? 16 : 24;
}

function leadingOnes(bytes: AddressBytes): number {
  const bits = bytes.map((byte) => byte.toString(2).padStart(8, '0')).join('');
  const zero = bits.indexOf('0');
  return zero < 0 ? bits.length : zero;
}

/** `bytes` with everything after the first `prefix` bits cleared. */
export function masked(bytes: AddressBytes, prefix: number): AddressBytes {
  return bytes.map((byte, i) => byte & (0xff << (8 - Math.min(8, Math.max(0, prefix - i * 8)))));
}

export function netmaskOf(prefix: number): string {
  return formatIp(masked([255, 255, 255, 255], prefix));
}

/** `192.168.122.0/24`. */
export function subnetOf(ip: NetworkIp): { address: string; prefix: number } {
  const prefix = prefixOf(ip);
  return { address: formatIp(masked(bytesOf(ip.address), prefix)), prefix };
}

export function sameBytes(one: AddressBytes, other: AddressBytes): boolean {
  return one.length === other.length && one.every((byte, i) => byte === other[i]);
}

/** Is `address` in the network of `ip`? False for one of the other family. */
export function isWithin(ip: NetworkIp, address: string): boolean {
  const prefix = prefixOf(ip);
  return sameBytes(masked(bytesOf(ip.address), prefix), masked(bytesOf(address), prefix));
}

/**
 * How many addresses there are from `start` to `end`, both included. Throws INTERNAL_ERROR for a range that is reversed, too
 * large, or not of the network of `ip`.
 */
export function rangeSize(start: AddressBytes, end: AddressBytes, ip?: NetworkIp): number {
  const range = `range ${formatIp(start)} - ${formatIp(end)}`;
  const bad = (what: string): LibvirtError => libvirtError('INTERNAL_ERROR', what);
  if (start.length !== end.length) throw bad(`mismatch of address family in ${range}`);
  if (ip) checkWithin(start, end, ip, range);
  const size = start.length;
  if (!sameBytes(start.slice(0, size - 2), end.slice(0, size - 2))) throw bad(`${range} is too large (> 65535)`);
  const last = (bytes: AddressBytes): number => bytes[size - 2]! * 256 + bytes[size - 1]!;
  const count = last(end) - last(start) + 1;
  if (count < 1) throw bad(size === 4 ? `${range} is reversed ` : `${range} start larger than end`);
  return count;
}

function checkWithin(start: AddressBytes, end: AddressBytes, ip: NetworkIp, range: string): void {
  const bad = (what: string): LibvirtError => libvirtError('INTERNAL_ERROR', what);
  const host = bytesOf(ip.address);
  if (start.length !== host.length) throw bad(`mismatch of address family in ${range} for network ${ip.address}`);
  const prefix = prefixOf(ip);
  const network = masked(host, prefix);
  const where = `network ${ip.address}/${prefix}`;
  if (!sameBytes(masked(start, prefix), network) || !sameBytes(masked(end, prefix), network))
    throw bad(`${range} is not entirely within ${where}`);
  if (host.length !== 4) return;
  const broadcast = network.map((byte, i) => byte | (0xff >> Math.min(8, Math.max(0, prefix - i * 8))));
  if (sameBytes(start, network)) throw bad(`start of ${range} in ${where} is the network address`);
  if (sameBytes(end, broadcast)) throw bad(`end of ${range} in ${where} is the broadcast address`);
}
