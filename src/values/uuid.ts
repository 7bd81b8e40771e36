// UUIDs in the forms that libvirt takes and the one that it prints.

/** Lower case and dashed, or undefined. Dashes and blanks may be anywhere between bytes; white space around is ignored. */
export function parseUuid(text: string): string | undefined {
  const bytes: string[] = [];
  let at = 0;
  while (isSpace(text[at])) at++;
  while (bytes.length < 16) {
    if (text[at] === '-' || text[at] === ' ') {
      at++;
      continue;
    }
    const byte = text.slice(at, at + 2);
    if (!/^[0-9a-fA-F]{2}$/.test(byte)) return undefined;
    bytes.push(byte.toLowerCase());
    at += 2;
  }
  while (at < text.length) if (!isSpace(text[at++])) return undefined;
  return dashed(bytes.join(''));
}

const dashed = (hex: string): string => `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;

/** The printed form of 16 bytes. */
export const uuidOfBytes = (bytes: Uint8Array): string => dashed(Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(''));

/** The bytes of a printed form. */
export const bytesOfUuid = (uuid: string): Uint8Array =>
  Uint8Array.from(uuid.replaceAll('-', '').match(/../g) ?? [], (byte) => Number.parseInt(byte, 16));

/** Is it the printed form (any case)? */
export function isUuid(text: string): boolean {
  return /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i.test(text);
}

function isSpace(character: string | undefined): boolean {
  return character !== undefined && ' \t\n\v\f\r'.includes(character);
}
