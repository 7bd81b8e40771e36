// Everything before the root element: XML declaration, comments, processing instructions, document type with its entities.

import { AMPERSAND, APOSTROPHE, CLOSE_BRACKET, EQUALS, GT, isBlank, OPEN_BRACKET, PERCENT, QUOTE, SEMICOLON } from './codes.ts';
import type { XmlNode } from './element.ts';
import { declaredEncoding } from './encoding.ts';
import { clip, Scanner } from './scanner.ts';

export interface Entity {
  value: string;
  external: boolean;
  unparsed: boolean;
  /** Is being expanded: another reference to it would never end. */
  active: boolean;
  /** Its text with inner references resolved, once known. */
  text?: string;
}

export class PrologReader extends Scanner {
  /** One for a document and the entities that it expands; `nesting`: how many of them are being expanded right now. */
  protected readonly shared: { entities: Map<string, Entity>; expanded: number; nesting: number };
  /** An external subset or a parameter entity may define what is missing: libxml2 then lets it pass. */
  protected mayBeDefinedElsewhere = false;
  protected standalone = false;

  constructor(text: string, label: string | undefined, outer?: PrologReader) {
    super(text, label);
    this.shared = outer?.shared ?? { entities: new Map(), expanded: 0, nesting: 0 };
    if (outer === undefined) return;
    this.mayBeDefinedElsewhere = outer.mayBeDefinedElsewhere;
    this.standalone = outer.standalone;
  }

  // -- prolog ----------------------------------------------------------------------------------------------------------------

  protected declaration(): void {
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

  protected quotedWord(pattern: RegExp): string {
    const quote = this.code();
    if (quote !== QUOTE && quote !== APOSTROPHE) this.fail('String not started expecting \' or "');
    this.pos++;
    const word = this.match(pattern);
    if (!word.includes('.') || this.code() !== quote) this.fail('String not closed expecting " or \'');
    this.pos++;
    return word;
  }

  protected encodingName(): void {
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

  protected standaloneDeclaration(): void {
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

  protected misc(): void {
    for (;;) {
      this.blanks();
      if (this.looking('<?')) this.instruction();
      else if (this.looking('<!--')) this.comment();
      else return;
    }
  }

  protected instruction(): XmlNode {
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
  protected skipTo(stop: number): void {
    while (this.pos < stop && this.allowed(this.pos)) this.pos++;
  }

  protected comment(): XmlNode {
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
  protected endlessComment(start: number): never {
    const text = this.text.slice(start);
    this.fail(/^[\t\n\x20-\x7f]*$/.test(text) ? 'Comment not terminated' : `Comment not terminated \n<!--${clip(text)}`);
  }

  // -- document type ---------------------------------------------------------------------------------------------------------

  protected doctype(): void {
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

  protected externalId(): boolean {
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

  protected literal(notStarted: string, _missing: string): string {
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

  protected internalSubset(): void {
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

  protected badSubset(): never {
    this.fail('internal error: xmlParseInternalSubset: error detected in Markup declaration\n');
  }

  /** Skips a declaration that the codec does not need. A `>` in quotes does not end it. */
  protected skipDeclaration(): void {
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

  protected parameterReference(): void {
    this.pos++;
    if (this.fullName() === '') this.fail('PEReference: no name');
    if (this.code() !== SEMICOLON) this.fail("PEReference: expecting ';'");
    this.pos++;
    this.mayBeDefinedElsewhere = true;
  }

  protected entityDeclaration(): void {
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
  protected entityValue(): string {
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
}
