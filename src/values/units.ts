// Scaled sizes: `5 GiB`, `<memory unit='MB'>`, `--size 10G`.

import { libvirtError } from '../errors.ts';
import { parseUint64 } from './numbers.ts';

const PREFIXES = 'kmgtpe';
export const LARGEST_SIZE = 2n ** 64n - 1n;
/** Largest size of memory in bytes. */
export const LARGEST_MEMORY = 2n ** 63n - 1n;

/**
 * `value` in bytes. Suffixes (any case): b, byte, bytes; k, KiB (1024); KB (1000); likewise m, g, t, p, e.
 * Throws INVALID_ARG for an unknown suffix, OVERFLOW above `limit`.
 */
export function scaleInteger(value: bigint, suffix: string, defaultScale: bigint, limit: bigint = LARGEST_SIZE): bigint {
  const scale = suffix === '' ? defaultScale : scaleOf(suffix);
  if (scale === undefined) throw libvirtError('INVALID_ARG', `unknown suffix '${suffix}'`);
  if (value !== 0n && value > limit / scale) throw libvirtError('OVERFLOW', `value too large: ${value}${suffix}`);
  return value * scale;
}

function scaleOf(suffix: string): bigint | undefined {
  const unit = suffix.toLowerCase();
  if (unit === 'b' || unit === 'byte' || unit === 'bytes') return 1n;
  const power = PREFIXES.indexOf(unit.charAt(0)) + 1;
  if (power === 0) return undefined;
  const rest = unit.slice(1);
  if (rest === '' || rest === 'ib') return 1024n ** BigInt(power);
  return rest === 'b' ? 1000n ** BigInt(power) : undefined;
}

/** The largest number of KiB is more bytes than a number holds. */
export const bytesOfKiB = (kib: number | undefined): bigint | undefined => (kib === undefined ? undefined : BigInt(kib) * 1024n);

export interface ScaledOptions {
  defaultScale: bigint;
  limit: bigint;
  /** How messages name it, if not `./NAME[1]`. */
  path?: string;
}

export function scaledValue(text: string, unit: string | undefined, path: string, options: ScaledOptions): bigint {
  const value = parseUint64(text);
  if (value === undefined) throw libvirtError('XML_ERROR', `Invalid value '${text}' for element or attribute '${path}'`);
  return scaleInteger(value, unit ?? '', options.defaultScale, options.limit);
}

/** Rounded up. */
export function bytesToKiB(bytes: bigint): number {
  return Number((bytes + 1023n) / 1024n);
}
