// What every part of the reader stands on: a position in the text, names, and complaints in libxml2's form.

import { libvirtError } from '../errors.ts';
import { COLON, digitValue, HEXADECIMAL_MARK, isBlank, SEMICOLON } from './codes.ts';
import { invalidByte, isInvalid } from './encoding.ts';

const MAX_NAME = 50000;

const NAME_START =
  'A-Z_a-z\\u00C0-\\u00D6\\u00D8-\\u00F6\\u00F8-\\u02FF\\u0370-\\u037D\\u037F-\\u1FFF\\u200C\\u200D\\u2070-\\u218F' +
  '\\u2C00-\\u2FEF\\u3001-\\uD7FF\\uF900-\\uFDCF\\uFDF0-\\uFFFD\\u{10000}-\\u{EFFFF}';
const NAME_REST = `${NAME_START}\\-.0-9\\u00B7\\u0300-\\u036F\\u203F\\u2040`;
const NCNAME = new RegExp(`[${NAME_START}][${NAME_REST}]*`, 'uy');
const NAME = new RegExp(`[${NAME_START}:][${NAME_REST}:]*`, 'uy');
const NMTOKEN = new RegExp(`[${NAME_REST}:]+`, 'uy');
const ASCII_NCNAME = /[A-Za-z_][A-Za-z0-9_.-]*/y;
/** The first character that XML does not allow. */
const BAD_CHARACTER = /[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu;

export class Scanner {
  protected readonly text: string;
  protected pos = 0;
  private readonly label: string | undefined;
  /** Where the first character stands that is not allowed; the length if there is none. */
  protected readonly badAt: number;

  /** Without a label: the text of an entity. */
  constructor(text: string, label: string | undefined) {
    this.text = text;
    this.label = label;
    BAD_CHARACTER.lastIndex = 0;
    this.badAt = BAD_CHARACTER.exec(text)?.index ?? text.length;
  }

  // -- characters ------------------------------------------------------------------------------------------------------------

  protected code(ahead = 0): number {
    const at = this.pos + ahead;
    return at < this.text.length ? this.text.charCodeAt(at) : 0;
  }

  protected looking(word: string): boolean {
    return this.text.startsWith(word, this.pos);
  }

  protected blanks(): boolean {
    const start = this.pos;
    while (isBlank(this.code())) this.pos++;
    return this.pos > start;
  }

  protected match(pattern: RegExp): string {
    pattern.lastIndex = this.pos;
    const found = pattern.exec(this.text);
    if (found === null) return '';
    if (found[0].length > MAX_NAME) this.fail('Name too long use XML_PARSE_HUGE option');
    this.pos += found[0].length;
    return found[0];
  }

  /** Is the character at `at` one that XML allows? Reports one that is not UTF-8. */
  protected allowed(at: number): boolean {
    if (at < this.badAt) return at < this.text.length;
    if (at >= this.text.length) return false;
    const bytes = invalidByte(this.text, at);
    if (bytes !== undefined) this.fail(`Input is not proper UTF-8, indicate encoding !\nBytes:${bytes}`, at);
    BAD_CHARACTER.lastIndex = at;
    if (BAD_CHARACTER.exec(this.text)?.index !== at) return true;
    const code = this.text.charCodeAt(at);
    if (code >= 0x80) this.fail(`Char 0x${code.toString(16).toUpperCase()} out of allowed range`, at);
    return false;
  }

  // -- names -----------------------------------------------------------------------------------------------------------------

  protected ncName(): string {
    const start = this.pos;
    const name = this.match(ASCII_NCNAME);
    if (this.code() < 0x80 && name !== '') return name;
    this.pos = start;
    if (this.code() >= 0x80) this.allowed(this.pos);
    const long = this.match(NCNAME);
    if (this.code() >= 0x80) this.allowed(this.pos);
    return long;
  }

  protected fullName(): string {
    const name = this.match(NAME);
    if (this.code() >= 0x80) this.allowed(this.pos);
    return name;
  }

  /** [prefix, local name]; the local name is empty where no name stands. */
  protected qName(): [string | undefined, string] {
    const first = this.ncName();
    if (first === '') return this.code() === COLON ? [undefined, this.fullName()] : [undefined, ''];
    if (this.code() !== COLON) return [undefined, first];
    this.pos++;
    const second = this.ncName();
    if (second === '') {
      const rest = this.match(NMTOKEN);
      return [undefined, `${first}:${rest}`];
    }
    if (this.code() !== COLON) return [first, second];
    this.pos++;
    return [first, `${second}:${this.fullName()}`];
  }

  /** `inString`: in an entity's literal, whose end is then where errors are placed. */
  protected characterReference(inString?: number): string {
    const hexadecimal = this.code(2) === HEXADECIMAL_MARK;
    this.pos += hexadecimal ? 3 : 2;
    let value = 0;
    while (this.code() !== SEMICOLON) {
      const digit = digitValue(this.code());
      if (digit >= (hexadecimal ? 16 : 10)) this.fail(`CharRef: invalid ${hexadecimal ? 'hexadecimal' : 'decimal'} value`);
      value = Math.min(value * (hexadecimal ? 16 : 10) + digit, 0x110000);
      this.pos++;
    }
    this.pos++;
    if (value >= 0x110000) this.fail('xmlParseCharRef: character reference out of bounds');
    const text = value < 0x110000 && !(value >= 0xd800 && value < 0xe000) ? String.fromCodePoint(value) : '\0';
    BAD_CHARACTER.lastIndex = 0;
    if (BAD_CHARACTER.test(text))
      this.fail(`${inString === undefined ? 'xmlParseCharRef' : 'xmlParseStringCharRef'}: invalid xmlChar value ${value}`, inString);
    return text;
  }

  // -- errors ----------------------------------------------------------------------------------------------------------------

  protected line(at: number): number {
    let line = 1;
    for (let i = this.text.indexOf('\n'); i >= 0 && i < at; i = this.text.indexOf('\n', i + 1)) line++;
    return line;
  }

  /** `(LABEL):LINE: MESSAGE`, the line itself, and a caret under the position (counted in bytes, as libxml2 does). */
  protected fail(message: string, at = this.pos, lineAt = at): never {
    const { text } = this;
    let start = at;
    while (start > 0 && text[start] === '\n') start--;
    while (start > 0 && text[start] !== '\n') start--;
    if (text[start] === '\n') start++;
    const end = text.indexOf('\n', start);
    const line = text.slice(start, end < 0 ? undefined : end);
    const pointer = text.slice(start, at).replace(/[^\t]/gu, (character) => '-'.repeat(utf8Length(character)));
    const place = this.label === undefined ? `at line ${this.line(lineAt)}` : `${this.label}:${this.line(lineAt)}`;
    throw libvirtError('XML_DETAIL', Buffer.from(`${place}: ${message}\n${line === '' ? '(null)' : line}\n${pointer}^`).toString());
  }
}

/** At most 50 bytes of `text`. */
export function clip(text: string): string {
  return Buffer.from(text.slice(0, 50)).subarray(0, 50).toString();
}

function utf8Length(character: string): number {
  const code = character.codePointAt(0) as number;
  return code < 0x80 || isInvalid(code) ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
}
