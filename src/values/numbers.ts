// Numbers as libvirt reads them out of XML: what C's strtol takes, but nothing may follow and the value must fit.

const DIGITS: Readonly<Record<number, RegExp>> = {
  8: /^[ \t\n\v\f\r]*([+-]?)([0-7]+)$/,
  10: /^[ \t\n\v\f\r]*([+-]?)([0-9]+)$/,
  16: /^[ \t\n\v\f\r]*([+-]?)(?:0[xX])?([0-9a-fA-F]+)$/,
};

const MOST_DIGITS = 64;
const BEYOND = 10n ** 64n;

export type NumberBase = 0 | 8 | 10 | 16;

/** The integer, or undefined if `text` is not one. Base 0: `0x` and `0` prefixes count. */
export function parseInteger(text: string, base: NumberBase = 10): bigint | undefined {
  const actual = base === 0 ? baseOf(text) : base;
  const found = DIGITS[actual]?.exec(text);
  if (!found) return undefined;
  const digits = (found[2] as string).replace(/^0+(?=.)/, '');
  // Too many for 64 bits in any base: whatever number that is, it does not fit.
  if (digits.length > MOST_DIGITS) return found[1] === '-' ? -BEYOND : BEYOND;
  const value = BigInt(actual === 10 ? digits : `${actual === 16 ? '0x' : '0o'}${digits}`);
  return found[1] === '-' ? -value : value;
}

function baseOf(text: string): 8 | 10 | 16 {
  const digits = text.replace(/^\s*[+-]?/, '');
  if (/^0x/i.test(digits)) return 16;
  return digits.length > 1 && digits.startsWith('0') ? 8 : 10;
}

const INT_MAX = 2n ** 31n - 1n;
export const UINT_MAX = 2n ** 32n - 1n;
const LLONG_MAX = 2n ** 63n - 1n;
const ULLONG_MAX = 2n ** 64n - 1n;

export function parseInt32(text: string, base: NumberBase = 10): number | undefined {
  const value = parseInteger(text, base);
  return value === undefined || value > INT_MAX || value < -INT_MAX - 1n ? undefined : Number(value);
}

export function parseUint32(text: string, base: NumberBase = 10): number | undefined {
  const value = parseInteger(text, base);
  return value === undefined || value > UINT_MAX || text.includes('-') ? undefined : Number(value);
}

export function parseInt64(text: string, base: NumberBase = 10): bigint | undefined {
  const value = parseInteger(text, base);
  return value === undefined || value > LLONG_MAX || value < -LLONG_MAX - 1n ? undefined : value;
}

export function parseUint64(text: string, base: NumberBase = 10): bigint | undefined {
  const value = parseInteger(text, base);
  return value === undefined || value > ULLONG_MAX || text.includes('-') ? undefined : value;
}

/** An unsigned number of so many bits; a minus sign is taken modulo that size, as C does. */
export function parseWrapping(text: string, bits: 32 | 64, base: NumberBase = 10): bigint | undefined {
  const value = parseInteger(text, base);
  const most = bits === 32 ? UINT_MAX : ULLONG_MAX;
  return value === undefined || value > most || value < -most ? undefined : BigInt.asUintN(bits, value);
}
