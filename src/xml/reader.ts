// A small, strict XML 1.0 reader with namespaces and internal general entities. Its messages, their line and the position under
// which the caret stands equal those of libxml2 2.9 as libvirt prints them, so scripts and people see what they are used to.
// The order in which things are looked at (and so which of two mistakes is reported) follows the XML grammar as libxml2 walks it.

import {
  AMPERSAND,
  APOSTROPHE,
  CLOSE_BRACKET,
  EQUALS,
  EXCLAMATION,
  GT,
  HASH,
  isBlank,
  LT,
  QUESTION,
  QUOTE,
  SEMICOLON,
  SLASH,
} from './codes.ts';
import { newElement, textOf, type XmlElement, type XmlNode } from './element.ts';
import { decodeDocument } from './encoding.ts';
import { lookup } from './namespaces.ts';
import { type Entity, PrologReader } from './prolog.ts';
import { clip } from './scanner.ts';

/** Deeper nesting than this is refused. */
const MAX_DEPTH = 256;
/** More characters than this out of entities, or entities in entities, are taken for an attack. */
const MAX_EXPANSION = 1 << 20;
const MAX_ENTITY_NESTING = 40;

const PREDEFINED: ReadonlyMap<string, string> = new Map([
  ['lt', '<'],
  ['gt', '>'],
  ['amp', '&'],
  ['quot', '"'],
  ['apos', "'"],
]);

/** The root element of `document`. `label` names it in messages: `(domain_definition)`. Throws LibvirtError XML_DETAIL only. */
export function parseXml(document: string | Uint8Array, label: string): XmlElement {
  return new XmlReader(decodeDocument(document), label).document();
}

class XmlReader extends PrologReader {
  private depth = 0;
  /** Names in the start tag that is being read: the prefixes that it declared, then its attributes. */
  private readonly seen = new Set<string>();

  /** Without a label: the text of an entity of `outer`. */
  constructor(text: string, label: string | undefined, outer?: XmlReader) {
    super(text, label, outer);
    this.depth = outer?.depth ?? 0;
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

  // -- elements --------------------------------------------------------------------------------------------------------------

  private element(parent: XmlElement | undefined): XmlElement {
    if (this.depth++ > MAX_DEPTH) this.fail(`Excessive depth in document: ${MAX_DEPTH} use XML_PARSE_HUGE option`);
    const start = this.pos;
    const element = this.startTag(parent);
    // Messages leave the prefix out.
    const called = /^[^:]+:./.test(element.name) ? element.name.slice(element.name.indexOf(':') + 1) : element.name;
    if (this.looking('/>')) {
      this.pos += 2;
      this.depth--;
      return element;
    }
    if (this.code() !== GT) this.fail(`Couldn't find end of Start Tag ${called} line ${this.line(start)}`);
    this.pos++;
    this.content(element);
    if (this.pos >= this.text.length) this.fail(`Premature end of data in tag ${called} line ${this.line(start)}`);
    this.endTag(element, called, start);
    this.depth--;
    return element;
  }

  private startTag(parent: XmlElement | undefined): XmlElement {
    this.pos++;
    const [prefix, local] = this.qName();
    if (local === '') this.fail('StartTag: invalid element name');
    const element = newElement(prefix, local, parent);
    this.blanks();
    this.seen.clear();
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
      if (this.seen.has(declared)) this.fail(`Attribute ${name} redefined`);
      // Binding xml or xmlns, or unbinding a prefix, is an error that libxml2 reports and survives: the declaration does not count.
      if (declared === 'xml' || declared === 'xmlns' || (declared !== '' && value === '')) return;
      this.seen.add(declared);
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
    this.seen.clear();
    element.attributes.forEach((attribute, index) => {
      const prefix = prefixes[index];
      if (prefix !== undefined) attribute.uri = lookup(element, prefix);
      if (prefix !== undefined && attribute.uri === undefined) attribute.local = attribute.name;
      if (this.seen.has(attribute.name)) this.fail(`Attribute ${attribute.name} redefined`);
      this.seen.add(attribute.name);
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
    const fixed = PREDEFINED.get(name);
    if (fixed !== undefined) return fixed;
    const entity = this.entity(name);
    if (entity === undefined) return '';
    if (entity.external) this.fail(`Attribute references external entity '${name}'`);
    return this.expandAttribute(name, entity).replace(/[\t\n\r]/g, ' ');
  }

  private endTag(element: XmlElement, called: string, start: number): void {
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
    if (!same) this.fail(`Opening and ending tag mismatch: ${called} line ${this.line(start)} and ${name}`);
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
      } else if (code === AMPERSAND) appendText(nodes, this.reference(), true);
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
    const fixed = PREDEFINED.get(name);
    if (fixed !== undefined) return fixed;
    const entity = this.entity(name);
    // Nothing is fetched from outside, so an external entity is nothing.
    return entity === undefined || entity.external ? '' : this.expandContent(entity);
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
    if (entity.value.includes('<')) this.fail(`'<' in entity '${name}' is not allowed in attributes values`);
    return this.once(entity, () => {
      return entity.value.replace(/&([^;#]+);/g, (_whole, inner: string) => {
        const fixed = PREDEFINED.get(inner);
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
      const tooDeep = ++this.shared.nesting > MAX_ENTITY_NESTING;
      if (entity.active || tooDeep) this.fail('Detected an entity reference loop');
      entity.active = true;
      entity.text = expand();
      entity.active = false;
      this.shared.nesting--;
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
}

function appendText(nodes: XmlNode[], text: string, solid = false): void {
  const last = nodes[nodes.length - 1];
  if (last?.kind === 'text') {
    last.text += text;
    if (solid) last.solid = true;
  } else if (text !== '') nodes.push(solid ? { kind: 'text', text, solid } : { kind: 'text', text });
}
