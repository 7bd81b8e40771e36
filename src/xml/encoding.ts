// From bytes to characters. A byte that is not UTF-8 becomes a lone surrogate (U+DC80 + byte - 0x80), which no valid text contains. So
// the reader finds it in its place and can name it.

/** The document's characters: cut at the first NUL (libvirt hands C strings around), line ends as \n. */
export function decodeDocument(document: string | Uint8Array): string {
  let text = typeof document === 'string' ? document : decodeBytes(document);
  const nul = text.indexOf('\0');
  if (nul >= 0) text = text.slice(0, nul);
  return text.includes('\r') ? text.replace(/\r\n?/g, '\n') : text;
}

function decodeBytes(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return decodeBroken(bytes);
  }
}

function decodeBroken(bytes: Uint8Array): string {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  let text = '';
  let at = 0;
  while (at < bytes.length) {
    const length = sequenceLength(bytes, at);
    const piece = bytes.subarray(at, at + length);
    try {
      text += decoder.decode(piece);
    } catch {
      for (const byte of piece) text += String.fromCharCode(byte < 0x80 ? byte : 0xdc00 + byte);
    }
    at += length;
  }
  return text;
}

function sequenceLength(bytes: Uint8Array, at: number): number {
  const first = bytes[at] as number;
  const wanted = first < 0xc2 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 1;
  let length = 1;
  while (length < wanted && ((bytes[at + length] ?? 0) & 0xc0) === 0x80) length++;
  return length;
}

/** ` 0xFF 0x3C …`: the four bytes from `at` on if what stands there was no UTF-8; undefined if it was. */
export function invalidByte(text: string, at: number): string | undefined {
  if (!isInvalid(text.charCodeAt(at))) return undefined;
  if (at > 0 && isHighSurrogate(text.charCodeAt(at - 1))) return undefined;
  const bytes: number[] = [];
  for (let i = at; bytes.length < 4; i++) {
    const code = i < text.length ? text.charCodeAt(i) : 0;
    if (isInvalid(code)) bytes.push(code - 0xdc00);
    else bytes.push(...new TextEncoder().encode(i < text.length ? String.fromCodePoint(text.codePointAt(i) as number) : '\0'));
  }
  return bytes
    .slice(0, 4)
    .map((byte) => ` 0x${byte.toString(16).toUpperCase().padStart(2, '0')}`)
    .join('');
}

/** Does this UTF-16 unit stand for a byte that was no UTF-8? */
export function isInvalid(code: number): boolean {
  return code >= 0xdc80 && code <= 0xdcff;
}

function isHighSurrogate(code: number): boolean {
  return code >= 0xd800 && code < 0xdc00;
}

/** What is wrong with a declared encoding, if anything: the text has reached us as UTF-8. */
export function declaredEncoding(name: string): string | undefined {
  const known =
    /^(utf-?8|us-ascii|ascii|iso-8859-\d+|latin-?1|windows-125\d|utf-16|ucs-\d|koi8-r|euc-jp|shift_jis|iso-2022-jp|gb2312|big5|utf-16[bl]e|ucs-4|html)$/i;
  return known.test(name) ? undefined : `Unsupported encoding ${name}`;
}
