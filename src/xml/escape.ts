// Escapes and unescapes special characters of XML. Nothing else does.

const SPECIAL = /[<>&"'\x01-\x08\x0b\x0c\x0e-\x1f]/;

/** `text` for element content or a quoted attribute; control characters that XML cannot hold vanish. */
export function escapeXml(text: string): string {
  if (!SPECIAL.test(text)) return text;
  return text
    .replace(/[\x01-\x08\x0b\x0c\x0e-\x1f]/g, '')
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/>/g, '&gt;')
    .replace(/"/g, '&quot;')
    .replace(/'/g, '&apos;');
}

/** As escapeXml(), but white space survives reading. */
export function escapeLossless(text: string, inAttribute: boolean): string {
  const escaped = escapeXml(text).replace(/\r/g, '&#13;');
  return inAttribute ? escaped.replace(/\n/g, '&#10;').replace(/\t/g, '&#9;') : escaped;
}

const LIBXML_SPECIAL: ReadonlyMap<string, string> = new Map([
  ['&', '&amp;'],
  ['<', '&lt;'],
  ['>', '&gt;'],
  ['"', '&quot;'],
  ['\n', '&#10;'],
  ['\t', '&#9;'],
  ['\r', '&#13;'],
]);

/** `text` for element content, as libxml2 has it. */
export function escapeLibxmlText(text: string): string {
  return text.replace(/[&<>\r]/g, (character) => LIBXML_SPECIAL.get(character)!);
}

/** `text` for an attribute in double quotes, as libxml2 has it where a document names no encoding. */
export function escapeLibxmlAttribute(text: string): string {
  return text.replace(
    /[&<>"\n\t\r]|[^\x00-\x7f]/gu,
    (character) => LIBXML_SPECIAL.get(character) ?? `&#x${character.codePointAt(0)!.toString(16).toUpperCase()};`,
  );
}

const ENTITIES: ReadonlyMap<string, string> = new Map(Object.entries({ lt: '<', gt: '>', quot: '"', apos: "'", amp: '&' }));
const REFERENCE = /&(?:(\w+)|#(\d{1,7})|#x([0-9a-fA-F]{1,6}));/g;
const WHITE_SPACE_REFERENCE = /&#(9|10|13);/g;

/** Undoes any escape. What is not a reference stays. */
export function unescapeXml(text: string): string {
  if (!text.includes('&')) return text;
  return text.replace(REFERENCE, (whole, entity?: string, decimal?: string, hexadecimal?: string) => {
    if (entity !== undefined) return ENTITIES.get(entity) ?? whole;
    const code = decimal === undefined ? Number.parseInt(hexadecimal!, 16) : Number(decimal);
    return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
  });
}

/** The white space that escapeLossless() wrote as references; other references stay. */
export function unescapeWhiteSpace(text: string): string {
  return text.replace(WHITE_SPACE_REFERENCE, (_, code: string) => String.fromCharCode(Number(code)));
}
