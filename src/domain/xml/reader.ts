// A small, strict XML 1.0 reader with namespaces and internal general entities. Its messages, their line and the position under
// which the caret stands equal those of libxml2 2.9 as libvirt prints them, so scripts and people see what they are used to.
// The order in which things are looked at (and so which of two mistakes is reported) follows the XML grammar as libxml2 walks it.

import { libvirtError } from '../../errors.ts';
import { textOf, type XmlAttribute, type XmlElement, type XmlNode } from './element.ts';
import { declaredEncoding, decodeDocument, invalidByte, isInvalid } from './encoding.ts';

/** Deeper nesting than this is refused. */
const MAX_DEPTH = 256;
/** More characters than this out of entities are taken for an attack. */
const MAX_EXPANSION = 1 << 20;
const MAX_NAME = 50000;

const XML_URI = 'http://www.w3.org/XML/1998/namespace';
const PREDEFINED: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };

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

interface Entity {
  value: string;
  external: boolean;
  unparsed: boolean;
  /** Is being expanded: another reference to it would never end. */
  active: boolean;
  /** Its text with inner references resolved, once known. */
  text?: string;
}

/** The root element of `document`. `label` names it in messages: `domain_definition`. Throws LibvirtError PLAIN only. */
export function parseXml(document: string | Uint8Array, label: string): XmlElement {
  return new XmlReader(decodeDocument(document), label).document();
}

class XmlReader {
  private readonly text: string;
  private readonly label: string | undefined;
  private pos = 0;
  private depth = 0;
  /** One for a document and the entities that it expands. */
  private readonly shared: { entities: Map<string, Entity>; expanded: number };
  /** An external subset or a parameter entity may define what is missing: libxml2 then lets it pass. */
  private mayBeDefinedElsewhere = false;
  private standalone = false;
  /** Where the first character stands that is not allowed; the length if there is none. */
  private readonly badAt: number;

  /** Without a label: the text of an entity of `outer`. */
  constructor(text: string, label: string | undefined, outer?: XmlReader) {
    this.text = text;
    this.label = label;
    this.shared = outer?.shared ?? { entities: new Map(), expanded: 0 };
    if (outer !== undefined) {
      this.depth = outer.depth;
      this.mayBeDefinedElsewhere = outer.mayBeDefinedElsewhere;
      this.standalone = outer.standalone;
    }
    BAD_CHARACTER.lastIndex = 0;
    this.badAt = BAD_CHARACTER.exec(text)?.index ?? text.length;
  }

  document(): XmlElement {
    if (this.text === '') this.fail('Document is empty');
    if (this.text.charCodeAt(0) === 0xfeff) this.pos = 1;
    if (this.looking('<?xml') && isBlank(this.code(5))) this.declaration();
    this.misc();
    if (this.looking('<!DOCTYPE')) {
      this.doctype();
      this.misc();
    }
    if (this.code() !== LT) this.fail("Start tag expected, '<' not found");
    const root = this.element(undefined);
    this.misc();
    if (this.pos < this.text.length) this.fail('Extra content at the end of the document');
    return root;
  }

  // -- characters ------------------------------------------------------------------------------------------------------------

  private code(ahead = 0): number {
    const at = this.pos + ahead;
    return at < this.text.length ? this.text.charCodeAt(at) : 0;
  }

  private looking(word: string): boolean {
    return this.text.startsWith(word, this.pos);
  }

  private blanks(): boolean {
    const start = this.pos;
    while (isBlank(this.code())) this.pos++;
    return this.pos > start;
  }

  private match(pattern: RegExp): string {
    pattern.lastIndex = this.pos;
    const found = pattern.exec(this.text);
    if (found === null) return '';
    if (found[0].length > MAX_NAME) this.fail('Name too long use XML_PARSE_HUGE option');
    this.pos += found[0].length;
    return found[0];
  }

  /** Is the character at `at` one that XML allows? Reports one that is not UTF-8. */
  private allowed(at: number): boolean {
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

  private ncName(): string {
    const start = this.pos;
    const name = this.match(ASCII_NCNAME);
    if (this.code() < 0x80 && name !== '') return name;
    this.pos = start;
    if (this.code() >= 0x80) this.allowed(this.pos);
    const long = this.match(NCNAME);
    if (this.code() >= 0x80) this.allowed(this.pos);
    return long;
  }

  private fullName(): string {
    const name = this.match(NAME);
    if (this.code() >= 0x80) this.allowed(this.pos);
    return name;
  }

  /** [prefix, local name]; the local name is empty where no name stands. */
  private qName(): [string | undefined, string] {
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

  // -- prolog ----------------------------------------------------------------------------------------------------------------

  private declaration(): void {
    this.pos += 5;
    if (!this.blanks()) this.fail("Blank needed after '<?xml'");
    if (!this.looking('version')) this.fail('Malformed declaration expecting version');
    this.pos += 7;
    this.blanks();
    if (this.code() !== EQUALS) this.fail("expected '='");
    this.pos++;
    this.blanks();
    const version = this.quotedWord(/[0-9](?:\.[0-9]*)?/y);
    if (version !== '1.0' && !version.startsWith('1.')) this.fail(`Unsupported version '${version}'`);
    if (!isBlank(this.code())) {
      if (this.looking('?>')) {
        this.pos += 2;
        return;
      }
      this.fail('Blank needed here');
    }
    this.blanks();
    if (this.looking('encoding')) {
      this.pos += 8;
      this.blanks();
      if (this.code() !== EQUALS) this.fail("expected '='");
      this.pos++;
      this.blanks();
      this.encodingName();
      if (this.looking('?>')) {
        this.pos += 2;
        return;
      }
    }
    this.blanks();
    if (this.looking('standalone')) this.standaloneDeclaration();
    this.blanks();
    if (!this.looking('?>')) this.fail("parsing XML declaration: '?>' expected");
    this.pos += 2;
  }

  private quotedWord(pattern: RegExp): string {
    const quote = this.code();
    if (quote !== QUOTE && quote !== APOSTROPHE) this.fail('String not started expecting \' or "');
    this.pos++;
    const word = this.match(pattern);
    if (!word.includes('.') || this.code() !== quote) this.fail('String not closed expecting " or \'');
    this.pos++;
    return word;
  }

  private encodingName(): void {
    const quote = this.code();
    if (quote !== QUOTE && quote !== APOSTROPHE) this.fail('String not started expecting \' or "');
    this.pos++;
    const name = this.match(/[A-Za-z][A-Za-z0-9._-]*/y);
    if (name === '') this.fail(`Invalid XML encoding name`);
    if (this.code() !== quote) this.fail('String not closed expecting " or \'');
    this.pos++;
    const problem = declaredEncoding(name);
    if (problem !== undefined) this.fail(problem);
  }

  private standaloneDeclaration(): void {
    this.pos += 10;
    this.blanks();
    if (this.code() !== EQUALS) this.fail("expected '='");
    this.pos++;
    this.blanks();
    const quote = this.code();
    if (quote !== QUOTE && quote !== APOSTROPHE) this.fail('String not started expecting \' or "');
    this.pos++;
    if (this.looking('no')) this.pos += 2;
    else if (this.looking('yes')) {
      this.pos += 3;
      this.standalone = true;
    } else this.fail("standalone accepts only 'yes' or 'no'");
    if (this.code() !== quote) this.fail('String not closed expecting " or \'');
    this.pos++;
  }

  private misc(): void {
    for (;;) {
      this.blanks();
      if (this.looking('<?')) this.instruction();
      else if (this.looking('<!--')) this.comment();
      else return;
    }
  }

  private instruction(): XmlNode {
    this.pos += 2;
    const target = this.fullName();
    if (target === '') this.fail('xmlParsePI : no target name');
    if (target === 'xml') this.fail('XML declaration allowed only at the start of the document');
    if (this.looking('?>')) {
      this.pos += 2;
      return { kind: 'instruction', text: target };
    }
    if (!this.blanks()) this.fail(`ParsePI: PI ${target} space expected`);
    const start = this.pos;
    const end = this.text.indexOf('?>', start);
    const stop = end < 0 ? this.text.length : end;
    if (this.badAt < stop) this.skipTo(stop);
    else this.pos = stop;
    if (this.pos < stop || end < 0) this.fail(`ParsePI: PI ${target} never end ...`);
    this.pos = end + 2;
    return { kind: 'instruction', text: `${target} ${this.text.slice(start, end)}` };
  }

  /** Moves to `stop`, or to the first character before it that is not allowed. */
  private skipTo(stop: number): void {
    while (this.pos < stop && this.allowed(this.pos)) this.pos++;
  }

  private comment(): XmlNode {
    this.pos += 4;
    const start = this.pos;
    for (;;) {
      const dashes = this.text.indexOf('--', this.pos);
      const stop = dashes < 0 ? this.text.length : dashes;
      if (this.badAt < stop) {
        this.skipTo(stop);
        if (this.pos < stop) this.fail(`xmlParseComment: invalid xmlChar value ${this.text.codePointAt(this.pos)}`);
      }
      this.pos = stop;
      if (dashes < 0) this.endlessComment(start);
      if (this.code(2) === GT) {
        this.pos += 3;
        return { kind: 'comment', text: this.text.slice(start, stop) };
      }
      if (this.pos + 2 >= this.text.length) {
        this.pos = this.text.length;
        this.endlessComment(start);
      }
      this.fail(`Double hyphen within comment: <!--${clip(this.text.slice(start, dashes))}`);
    }
  }

  /** libxml2 quotes the comment only if it had to leave its fast path for ASCII. */
  private endlessComment(start: number): never {
    const text = this.text.slice(start);
    this.fail(/^[\t\n\x20-\x7f]*$/.test(text) ? 'Comment not terminated' : `Comment not terminated \n<!--${clip(text)}`);
  }

  // -- document type ---------------------------------------------------------------------------------------------------------

  private doctype(): void {
    this.pos += 9;
    this.blanks();
    if (this.fullName() === '') this.fail('xmlParseDocTypeDecl : no DOCTYPE name !');
    this.blanks();
    this.externalId();
    this.blanks();
    if (this.code() === OPEN_BRACKET) {
      this.pos++;
      this.internalSubset();
    }
    if (this.code() !== GT) this.fail('DOCTYPE improperly terminated');
    this.pos++;
  }

  private externalId(): boolean {
    const word = this.looking('SYSTEM') ? 'SYSTEM' : this.looking('PUBLIC') ? 'PUBLIC' : undefined;
    if (word === undefined) return false;
    this.pos += 6;
    if (!this.blanks()) this.fail(`Space required after '${word}'`);
    if (word === 'PUBLIC') {
      this.literal('PubidLiteral " or \' expected', 'xmlParseExternalID: PUBLIC, no Public Identifier');
      if (!this.blanks()) this.fail('Space required after the Public Identifier');
    }
    this.literal('SystemLiteral " or \' expected', `xmlParseExternalID: ${word}, no URI`);
    this.mayBeDefinedElsewhere = true;
    return true;
  }

  private literal(notStarted: string, _missing: string): string {
    const quote = this.code();
    if (quote !== QUOTE && quote !== APOSTROPHE) this.fail(notStarted);
    const end = this.text.indexOf(String.fromCharCode(quote), this.pos + 1);
    if (end < 0) {
      this.pos = this.text.length;
      this.fail('Unfinished System or Public ID " or \' expected');
    }
    const value = this.text.slice(this.pos + 1, end);
    this.pos = end + 1;
    return value;
  }

  private internalSubset(): void {
    for (;;) {
      this.blanks();
      if (this.code() === CLOSE_BRACKET) break;
      if (this.pos >= this.text.length) this.badSubset();
      const before = this.pos;
      if (this.looking('<!--')) this.comment();
      else if (this.looking('<?')) this.instruction();
      else if (this.looking('<!ENTITY')) this.entityDeclaration();
      else if (this.looking('<!ELEMENT') || this.looking('<!ATTLIST') || this.looking('<!NOTATION')) this.skipDeclaration();
      else if (this.code() === PERCENT) this.parameterReference();
      if (this.pos === before) this.badSubset();
    }
    this.pos++;
    this.blanks();
  }

  private badSubset(): never {
    this.fail('internal error: xmlParseInternalSubset: error detected in Markup declaration\n');
  }

  /** What the codec has no use for; quotes are honoured so that a `>` in them does not end it. */
  private skipDeclaration(): void {
    for (let quote = 0; ; this.pos++) {
      const code = this.code();
      if (this.pos >= this.text.length) this.badSubset();
      if (quote !== 0) {
        if (code === quote) quote = 0;
      } else if (code === QUOTE || code === APOSTROPHE) quote = code;
      else if (code === GT) break;
    }
    this.pos++;
  }

  private parameterReference(): void {
    this.pos++;
    if (this.fullName() === '') this.fail('PEReference: no name');
    if (this.code() !== SEMICOLON) this.fail("PEReference: expecting ';'");
    this.pos++;
    this.mayBeDefinedElsewhere = true;
  }

  private entityDeclaration(): void {
    this.pos += 8;
    if (!this.blanks()) this.fail("Space required after '<!ENTITY'");
    let parameter = false;
    if (this.code() === PERCENT) {
      this.pos++;
      if (!this.blanks()) this.fail("Space required after '%'");
      parameter = true;
    }
    const name = this.fullName();
    if (name === '') this.fail('xmlParseEntityDecl: no name');
    if (!this.blanks()) this.fail('Space required after the entity name');
    const entity: Entity = { value: '', external: false, unparsed: false, active: false };
    if (this.code() === QUOTE || this.code() === APOSTROPHE) entity.value = this.entityValue();
    else {
      const outside = this.mayBeDefinedElsewhere;
      if (!this.externalId()) this.fail('Entity value required');
      this.mayBeDefinedElsewhere = outside;
      entity.external = true;
      this.blanks();
      if (!parameter && this.looking('NDATA')) {
        this.pos += 5;
        if (!this.blanks()) this.fail("Space required after 'NDATA'");
        this.fullName();
        entity.unparsed = true;
      }
    }
    this.blanks();
    if (this.code() !== GT) this.fail(`xmlParseEntityDecl: entity ${name} not terminated`);
    this.pos++;
    // The first declaration of a name binds.
    if (!parameter && !this.shared.entities.has(name)) this.shared.entities.set(name, entity);
  }

  /** The literal with its character references resolved; general references stay for when it is used. */
  private entityValue(): string {
    const quote = this.code();
    const start = this.pos + 1;
    const end = this.text.indexOf(String.fromCharCode(quote), start);
    if (end < 0) {
      this.pos = this.text.length;
      this.fail('EntityValue: " or \' expected');
    }
    this.pos = start;
    if (this.badAt < end) {
      this.skipTo(end);
      if (this.pos < end) this.fail('EntityValue: " or \' expected');
    }
    let value = '';
    this.pos = start;
    while (this.pos < end) {
      if (this.looking('&#')) {
        value += this.characterReference(end + 1);
        continue;
      }
      if (this.code() === AMPERSAND) {
        const at = this.pos;
        this.pos++;
        const name = this.fullName();
        if (name === '' || this.code() !== SEMICOLON) this.fail("EntityValue: '&' forbidden except for entities references");
        this.pos++;
        value += this.text.slice(at, this.pos);
        continue;
      }
      if (this.code() === PERCENT) {
        this.pos++;
        const name = this.fullName();
        if (name === '' || this.code() !== SEMICOLON) this.fail("EntityValue: '%' forbidden except for entities references");
        this.fail(`PEReference: %${name}; not found`);
      }
      value += this.text[this.pos];
      this.pos++;
    }
    this.pos = end + 1;
    return value;
  }

  // -- elements --------------------------------------------------------------------------------------------------------------

  private element(parent: XmlElement | undefined): XmlElement {
    if (++this.depth > MAX_DEPTH) this.fail(`Excessive depth in document: ${MAX_DEPTH} use XML_PARSE_HUGE option`);
    const startLine = this.line(this.pos);
    const element = this.startTag(parent);
    // Messages leave the prefix out.
    const called = /^[^:]+:./.test(element.name) ? element.name.slice(element.name.indexOf(':') + 1) : element.name;
    if (this.looking('/>')) {
      this.pos += 2;
      this.depth--;
      return element;
    }
    if (this.code() !== GT) this.fail(`Couldn't find end of Start Tag ${called} line ${startLine}`);
    this.pos++;
    this.content(element);
    if (this.pos >= this.text.length) this.fail(`Premature end of data in tag ${called} line ${startLine}`);
    this.endTag(element, called, startLine);
    this.depth--;
    return element;
  }

  private startTag(parent: XmlElement | undefined): XmlElement {
    this.pos++;
    const [prefix, local] = this.qName();
    if (local === '') this.fail('StartTag: invalid element name');
    const element = newElement(prefix, local, parent);
    this.blanks();
    const prefixes: (string | undefined)[] = [];
    while (this.code() !== GT && !this.looking('/>') && this.pos < this.text.length && this.allowedByte()) {
      this.attribute(element, prefixes);
      if (this.code() === GT || this.looking('/>')) break;
      if (!this.blanks()) this.fail('attributes construct error');
    }
    this.resolve(element, prefixes);
    return element;
  }

  /** Start tags stop at a control character without looking further. */
  private allowedByte(): boolean {
    const code = this.code();
    return code >= 0x20 || isBlank(code);
  }

  private attribute(element: XmlElement, prefixes: (string | undefined)[]): void {
    const [prefix, local] = this.qName();
    if (local === '') this.fail('error parsing attribute name');
    const name = prefix === undefined ? local : `${prefix}:${local}`;
    this.blanks();
    if (this.code() !== EQUALS) this.fail(`Specification mandates value for attribute ${local}`);
    this.pos++;
    this.blanks();
    const value = this.attributeValue();
    if (name === 'xmlns' || prefix === 'xmlns') {
      const declared = prefix === undefined ? '' : local;
      if (element.declarations.some(([known]) => known === declared)) this.fail(`Attribute ${name} redefined`);
      // Binding xml or xmlns, or unbinding a prefix, is an error that libxml2 reports and survives: the declaration does not count.
      if (declared === 'xml' || declared === 'xmlns' || (declared !== '' && value === '')) return;
      element.declarations.push([declared, value]);
      return;
    }
    element.attributes.push({ name, local, uri: undefined, value });
    prefixes.push(prefix);
  }

  /** Gives names their namespaces, then looks for attributes given twice. */
  private resolve(element: XmlElement, prefixes: (string | undefined)[]): void {
    const uri = lookup(element, element.prefix ?? '');
    element.uri = uri === '' ? undefined : uri;
    // A prefix that nobody declared is part of the name.
    if (element.prefix !== undefined && uri === undefined) {
      element.local = element.name;
      element.prefix = undefined;
    }
    element.attributes.forEach((attribute, index) => {
      const prefix = prefixes[index];
      if (prefix !== undefined) attribute.uri = lookup(element, prefix);
      if (prefix !== undefined && attribute.uri === undefined) attribute.local = attribute.name;
      for (let earlier = 0; earlier < index; earlier++) {
        const other = element.attributes[earlier] as XmlAttribute;
        if (other.name === attribute.name) this.fail(`Attribute ${attribute.name} redefined`);
        if (other.local === attribute.local && attribute.uri !== undefined && other.uri === attribute.uri)
          this.fail(`Namespaced Attribute ${attribute.local} in '${attribute.uri}' redefined`);
      }
    });
  }

  private attributeValue(): string {
    const quote = this.code();
    if (quote !== QUOTE && quote !== APOSTROPHE) this.fail('AttValue: " or \' expected');
    const end = this.text.indexOf(quote === QUOTE ? '"' : "'", this.pos + 1);
    if (end >= 0 && end <= this.badAt) {
      const raw = this.text.slice(this.pos + 1, end);
      if (!/[<&\t\n\r]/.test(raw)) {
        this.pos = end + 1;
        return raw;
      }
    }
    this.pos++;
    let value = '';
    for (;;) {
      const code = this.code();
      if (code === quote && this.pos < this.text.length) break;
      if (code === LT) this.fail("Unescaped '<' not allowed in attributes values");
      if (!this.allowed(this.pos)) this.fail(this.pos < this.text.length ? 'invalid character in attribute value' : "AttValue: ' expected");
      if (code === AMPERSAND) {
        value += this.code(1) === HASH ? this.characterReference() : this.attributeEntity();
        continue;
      }
      value += isBlank(code) ? ' ' : this.text[this.pos];
      this.pos++;
    }
    this.pos++;
    return value;
  }

  private attributeEntity(): string {
    const name = this.entityName();
    const fixed = PREDEFINED[name];
    if (fixed !== undefined) return fixed;
    const entity = this.entity(name);
    if (entity === undefined) return '';
    if (entity.external) this.fail(`Attribute references external entity '${name}'`);
    return this.expandAttribute(name, entity).replace(/[\t\n\r]/g, ' ');
  }

  private endTag(element: XmlElement, called: string, startLine: number): void {
    this.pos += 2;
    const same = this.looking(element.name) && this.endsName(this.pos + element.name.length);
    let name = element.name;
    if (same) this.pos += name.length;
    else {
      name = (called === element.name ? this.fullName() : this.qName()[1]) || 'unparsable';
    }
    this.blanks();
    if (this.code() !== GT) this.fail("expected '>'");
    this.pos++;
    if (!same) this.fail(`Opening and ending tag mismatch: ${called} line ${startLine} and ${name}`);
  }

  private endsName(at: number): boolean {
    const code = at < this.text.length ? this.text.charCodeAt(at) : 0;
    return code === GT || isBlank(code);
  }

  // -- content ---------------------------------------------------------------------------------------------------------------

  /** Everything up to the end tag of `element`, or to the end of the document. */
  private content(element: XmlElement): void {
    const nodes = element.children;
    while (this.pos < this.text.length) {
      const code = this.code();
      if (code === LT) {
        const next = this.code(1);
        if (next === SLASH) return;
        if (next === QUESTION) nodes.push(this.instruction());
        else if (next === EXCLAMATION && this.looking('<![CDATA[')) nodes.push(this.cdata());
        else if (next === EXCLAMATION && this.looking('<!--')) nodes.push(this.comment());
        else nodes.push(this.element(element));
      } else if (code === AMPERSAND) appendText(nodes, this.reference());
      else this.characters(nodes);
    }
  }

  private cdata(): XmlNode {
    this.pos += 9;
    const start = this.pos;
    const end = this.text.indexOf(']]>', start);
    const stop = end < 0 ? this.text.length : end;
    if (this.badAt < stop) this.skipTo(stop);
    else this.pos = stop;
    if (end < 0 && stop - start < 2) this.fail('Unregistered error message');
    if (this.pos < stop || end < 0) this.fail(`CData section not finished\n${clip(this.text.slice(start, this.pos - 2))}`);
    this.pos = end + 3;
    return { kind: 'cdata', text: this.text.slice(start, end) };
  }

  private characters(nodes: XmlNode[]): void {
    const start = this.pos;
    let stop = start;
    for (; stop < this.text.length; stop++) {
      const code = this.text.charCodeAt(stop);
      if (code === LT || code === AMPERSAND) break;
      if (code === CLOSE_BRACKET && this.text.startsWith(']]>', stop)) {
        if (this.badAt < stop) this.badCharacter(start, stop);
        // libxml2 has not moved on yet while it scans plain ASCII; the line it names has.
        const plain = /^[\t\n\x20-\x7f]*$/.test(this.text.slice(start, stop));
        this.fail("Sequence ']]>' not allowed in content", plain ? start : stop, stop);
      }
    }
    if (this.badAt < stop) this.badCharacter(start, stop);
    this.pos = stop;
    appendText(nodes, this.text.slice(start, stop));
  }

  private badCharacter(start: number, stop: number): void {
    this.pos = start;
    this.skipTo(stop);
    if (this.pos < stop) this.fail(`PCDATA invalid Char value ${this.text.codePointAt(this.pos)}`);
  }

  private reference(): string {
    if (this.code(1) === HASH) return this.characterReference();
    const name = this.entityName();
    const fixed = PREDEFINED[name];
    if (fixed !== undefined) return fixed;
    const entity = this.entity(name);
    // Nothing is fetched from outside, so an external entity is nothing.
    return entity === undefined || entity.external ? '' : this.expandContent(entity);
  }

  /** `inString`: in an entity's literal, whose end is then where errors are placed. */
  private characterReference(inString?: number): string {
    const hexadecimal = this.code(2) === LOWER_X;
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

  private entityName(): string {
    this.pos++;
    const name = this.fullName();
    if (name === '') this.fail('xmlParseEntityRef: no name');
    if (this.code() !== SEMICOLON) this.fail("EntityRef: expecting ';'");
    this.pos++;
    return name;
  }

  /** The declared entity; undefined where one that is not declared here may be declared elsewhere. */
  private entity(name: string): Entity | undefined {
    const entity = this.shared.entities.get(name);
    if (entity === undefined) {
      if (this.standalone || !this.mayBeDefinedElsewhere) this.fail(`Entity '${name}' not defined`);
      return undefined;
    }
    if (entity.unparsed) this.fail(`Entity reference to unparsed entity ${name}`);
    return entity;
  }

  /** The text that an entity stands for in an attribute. */
  private expandAttribute(name: string, entity: Entity): string {
    return this.once(entity, () => {
      if (entity.value.includes('<')) this.fail(`'<' in entity '${name}' is not allowed in attributes values`);
      return entity.value.replace(/&([^;#]+);/g, (_whole, inner: string) => {
        const fixed = PREDEFINED[inner];
        if (fixed !== undefined) return fixed;
        const other = this.entity(inner);
        if (other?.external) this.fail(`Attribute references external entity '${inner}'`);
        return other === undefined ? '' : this.expandAttribute(inner, other);
      });
    });
  }

  /** The text that an entity stands for in content. Markup in it is checked, but libvirt looks for elements only outside. */
  private expandContent(entity: Entity): string {
    return this.once(entity, () => {
      const inner = new XmlReader(entity.value, undefined, this);
      return inner.fragment();
    });
  }

  private once(entity: Entity, expand: () => string): string {
    if (entity.text === undefined) {
      if (entity.active) this.fail('Detected an entity reference loop');
      entity.active = true;
      entity.text = expand();
      entity.active = false;
    }
    this.shared.expanded += entity.text.length;
    if (this.shared.expanded > MAX_EXPANSION) this.fail('Detected an entity reference loop');
    return entity.text;
  }

  private fragment(): string {
    const holder = newElement(undefined, '', undefined);
    this.content(holder);
    if (this.pos < this.text.length) this.fail('chunk is not well balanced');
    return textOf(holder);
  }

  // -- errors ----------------------------------------------------------------------------------------------------------------

  private line(at: number): number {
    let line = 1;
    for (let i = this.text.indexOf('\n'); i >= 0 && i < at; i = this.text.indexOf('\n', i + 1)) line++;
    return line;
  }

  /** `(LABEL):LINE: MESSAGE`, the line itself, and a caret under the position (counted in bytes, as libxml2 does). */
  private fail(message: string, at = this.pos, lineAt = at): never {
    const { text } = this;
    let start = at;
    while (start > 0 && text[start] === '\n') start--;
    while (start > 0 && text[start] !== '\n') start--;
    if (text[start] === '\n') start++;
    const end = text.indexOf('\n', start);
    const line = text.slice(start, end < 0 ? undefined : end);
    const pointer = text.slice(start, at).replace(/[^\t]/gu, (character) => '-'.repeat(utf8Length(character)));
    const place = this.label === undefined ? `at line ${this.line(lineAt)}` : `(${this.label}):${this.line(lineAt)}`;
    throw libvirtError('PLAIN', Buffer.from(`${place}: ${message}\n${line === '' ? '(null)' : line}\n${pointer}^`).toString());
  }
}

function newElement(prefix: string | undefined, local: string, parent: XmlElement | undefined): XmlElement {
  return {
    kind: 'element',
    name: prefix === undefined ? local : `${prefix}:${local}`,
    local,
    prefix,
    uri: undefined,
    attributes: [],
    declarations: [],
    children: [],
    parent,
  };
}

function appendText(nodes: XmlNode[], text: string): void {
  const last = nodes[nodes.length - 1];
  if (last?.kind === 'text') last.text += text;
  else if (text !== '') nodes.push({ kind: 'text', text });
}

/** The uri bound to `prefix` (`''`: the default one), from the innermost declaration outwards. */
export function lookup(element: XmlElement, prefix: string): string | undefined {
  if (prefix === 'xml') return XML_URI;
  for (let at: XmlElement | undefined = element; at !== undefined; at = at.parent)
    for (const [declared, uri] of at.declarations) if (declared === prefix) return uri;
  return undefined;
}

/** At most 50 bytes of `text`. */
function clip(text: string): string {
  return Buffer.from(text.slice(0, 50)).subarray(0, 50).toString();
}

function utf8Length(character: string): number {
  const code = character.codePointAt(0) as number;
  return code < 0x80 || isInvalid(code) ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x0a || code === 0x09 || code === 0x0d;
}

function digitValue(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  const letter = code | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : 99;
}

const LT = 0x3c;
const GT = 0x3e;
const AMPERSAND = 0x26;
const HASH = 0x23;
const SEMICOLON = 0x3b;
const COLON = 0x3a;
const EQUALS = 0x3d;
const QUOTE = 0x22;
const APOSTROPHE = 0x27;
const SLASH = 0x2f;
const QUESTION = 0x3f;
const EXCLAMATION = 0x21;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const PERCENT = 0x25;
const LOWER_X = 0x78;
