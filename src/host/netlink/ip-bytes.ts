// IP addresses between text and network byte order.
import { libvirtError } from '../../errors.ts';

const OCTET = '(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)';
const IPV4 = new RegExp(`^${OCTET}(?:\\.${OCTET}){3}$`);
const GROUP = /^[0-9a-f]{1,4}$/i;

/** Four or sixteen bytes. INTERNAL_ERROR when the text is no address. (node:net knows too, but costs 7 ms to load.) */
export function ipBytes(text: string): Buffer {
  if (IPV4.test(text)) return Buffer.from(text.split('.').map(Number));
  const [head = '', tail, ...more] = text.split('::');
  const front = groups(head);
  const back = tail === undefined ? [] : groups(tail);
  const missing = 16 - (front?.length ?? 0) - (back?.length ?? 0);
  const fits = tail === undefined ? missing === 0 : missing >= 2;
  if (!front || !back || more.length > 0 || !fits || (tail !== undefined && head.includes('.'))) {
    throw libvirtError('INTERNAL_ERROR', `Invalid IP address '${text}'`);
  }
  return Buffer.from([...front, ...new Array<number>(missing).fill(0), ...back]);
}

/** The bytes of `fe80:1`, whose last part may be a dotted IPv4 address; undefined for what is none. */
function groups(text: string): number[] | undefined {
  if (text === '') return [];
  const parts = text.split(':');
  const bytes: number[] = [];
  for (const [i, part] of parts.entries()) {
    if (i === parts.length - 1 && IPV4.test(part)) bytes.push(...part.split('.').map(Number));
    else if (GROUP.test(part)) bytes.push(Number.parseInt(part, 16) >> 8, Number.parseInt(part, 16) & 0xff);
    else return undefined;
  }
  return bytes;
}

/** The usual text; the longest run of zero groups of an IPv6 address becomes `::` (RFC 5952). */
export function ipText(bytes: Buffer): string {
  if (bytes.length === 4) return bytes.join('.');
  const words = Array.from({ length: 8 }, (_, i) => bytes.readUInt16BE(i * 2));
  let run = { start: 0, length: 1 };
  for (let start = 0; start < 8; start++) {
    let length = 0;
    while (start + length < 8 && words[start + length] === 0) length++;
    if (length > run.length) run = { start, length };
  }
  const hex = (part: number[]) => part.map((word) => word.toString(16)).join(':');
  return run.length === 1 ? hex(words) : `${hex(words.slice(0, run.start))}::${hex(words.slice(run.start + run.length))}`;
}

/**
 * The prefix length that goes without saying: the class of an IPv4 address, 64 for IPv6, 0 for the all-zero address
 * (a default route).
 */
export function defaultPrefix(bytes: Buffer): number {
  if (bytes.every((byte) => byte === 0)) return 0;
  if (bytes.length === 16) return 64;
  const first = bytes[0]!;
  if (first < 128) return 8;
  return first < 192 ? 16 : 24;
}

/** The number of leading one bits of a netmask. */
export function netmaskPrefix(netmask: string): number {
  let bits = 0;
  for (const byte of ipBytes(netmask)) {
    const ones = Math.clz32(~byte & 0xff) - 24;
    bits += ones;
    if (ones < 8) break;
  }
  return bits;
}

/** The address of all hosts of an IPv4 network. */
export function broadcastAddress(address: Buffer, prefix: number): Buffer {
  return Buffer.from(address.map((byte, i) => byte | (0xff >> Math.min(8, Math.max(0, prefix - i * 8)))));
}
