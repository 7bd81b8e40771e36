// Bits by which libvirt's functions are told how to do what they do.

import { unsupportedFlags } from '../errors.ts';

/** virDomainModificationImpact. */
export const LIVE = 1;
export const CONFIG = 2;
/** Parameters may be text. It is nobody's wish, but what the client can read. */
export const STRINGS_OKAY = 4;

/** Throws as libvirt's function `name` does for bits that it does not know. */
export function onlyFlags(flags: number, known: number, name: string): void {
  const unknown = (flags & ~known) >>> 0;
  if (unknown !== 0) throw unsupportedFlags(unknown, name);
}

/** Which definition is meant; `name`: the function that knows no other bits than these and `more`. */
export function affectOf(flags: number, name: string, more = 0): { live: boolean; config: boolean } {
  onlyFlags(flags, LIVE | CONFIG | more, name);
  return { live: (flags & LIVE) !== 0, config: (flags & CONFIG) !== 0 };
}

/** `bits` as properties that are true where the bit is set. */
export function named<const B extends Readonly<Record<string, number>>>(flags: number, bits: B): Record<keyof B, boolean> {
  return Object.fromEntries(Object.entries(bits).map(([name, bit]) => [name, (flags & bit) !== 0])) as Record<keyof B, boolean>;
}
