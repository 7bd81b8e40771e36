// Sizes as people type them, a number and perhaps a suffix, and as they like to read them.

import { libvirtError } from '../errors.ts';

const POWERS = 'kmgtpe';
const MAX_BYTES = 2n ** 64n - 1n;

/**
 * The size in bytes, or undefined if there is no number; a number without suffix counts `unit` bytes each.
 *
 * `K`, `KiB` are 1024, `KB` is 1000, `B` or `bytes` is 1; any case. Throws INVALID_ARG for another suffix, OVERFLOW
 * beyond `most`. Source: virsh(1), "NOTES" on scaled integers.
 */
export function parseScaled(text: string, unit: bigint, most = MAX_BYTES): bigint | undefined {
  const match = /^\s*\+?(\d+)(.*)$/s.exec(text);
  if (!match) return undefined;
  const number = BigInt(match[1]!);
  const suffix = match[2]!;
  if (number > MAX_BYTES) return undefined;
  const factor = suffix === '' ? unit : factorOf(suffix);
  if (number * factor > most) throw libvirtError('OVERFLOW', `value too large: ${number}${suffix}`);
  return number * factor;
}

function factorOf(suffix: string): bigint {
  const lower = suffix.toLowerCase();
  if (lower === 'b' || lower === 'byte' || lower === 'bytes') return 1n;
  const power = BigInt(POWERS.indexOf(lower[0] ?? '') + 1);
  const rest = lower.slice(1);
  if (power > 0n && (rest === '' || rest === 'ib')) return 1024n ** power;
  if (power > 0n && rest === 'b') return 1000n ** power;
  throw libvirtError('INVALID_ARG', `unknown suffix '${suffix}'`);
}

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB', 'EiB'] as const;

/** `251.97 GiB`: in the largest unit of which there is one at least, with so many digits behind the point. */
export function humanSize(bytes: bigint, digits: number): string {
  let unit = 0;
  while (unit < UNITS.length - 1 && bytes >= 1024n ** BigInt(unit + 1)) unit++;
  return `${(Number(bytes) / 1024 ** unit).toFixed(digits)} ${UNITS[unit]}`;
}
