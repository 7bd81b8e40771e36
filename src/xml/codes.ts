// The characters that XML's grammar is made of, as UTF-16 units.

export const LT = 0x3c;
export const GT = 0x3e;
export const AMPERSAND = 0x26;
export const HASH = 0x23;
export const SEMICOLON = 0x3b;
export const COLON = 0x3a;
export const EQUALS = 0x3d;
export const QUOTE = 0x22;
export const APOSTROPHE = 0x27;
export const SLASH = 0x2f;
export const QUESTION = 0x3f;
export const EXCLAMATION = 0x21;
export const OPEN_BRACKET = 0x5b;
export const CLOSE_BRACKET = 0x5d;
export const PERCENT = 0x25;
/** The x of `&#x41;`. */
export const HEXADECIMAL_MARK = 0x78;

/** White space of XML. */
export function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x0a || code === 0x09 || code === 0x0d;
}

/** The value of a digit in base 16 or below, 99 for anything else. */
export function digitValue(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  const letter = code | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : 99;
}
