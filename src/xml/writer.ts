// The layout of libvirt's documents: two spaces a level, nothing between `<x` and `/>` but attributes.

import type { XmlElement } from './element.ts';
import { type Attributes, type AttributeValue, emptyTag, endTag, type Hand, LIBVIRT, LOSSLESS, startTag, UNESCAPED } from './markup.ts';
import { serializeWithin } from './serialize.ts';

export type { Attributes, AttributeValue } from './markup.ts';

/** Grows a document line by line. */
export class XmlWriter {
  /** For files that are read back: escapes what libvirt prints unescaped. */
  readonly lossless: boolean;
  private readonly hand: Hand;
  /** For what libvirt does not escape. */
  private readonly careless: Hand;
  private readonly lines: string[] = [];
  private indent = '';

  constructor({ lossless = false }: { lossless?: boolean } = {}) {
    this.lossless = lossless;
    this.hand = lossless ? LOSSLESS : LIBVIRT;
    this.careless = lossless ? LOSSLESS : UNESCAPED;
  }

  /** `<name a='1'/>`. */
  empty(name: string, attributes: Attributes = []): void {
    this.lines.push(this.indent + emptyTag(this.hand, name, attributes));
  }

  /** As empty(), but without escapes, as libvirt does in a few places. */
  unescapedEmpty(name: string, attributes: Attributes): void {
    this.lines.push(this.indent + emptyTag(this.careless, name, attributes));
  }

  /** `<name a='1'>text</name>`; nothing without text. */
  text(name: string, text: AttributeValue, attributes: Attributes = []): void {
    if (text !== undefined) this.addText(this.hand, name, String(text), attributes);
  }

  /** As text(), but without escapes, as libvirt does in a few places. */
  unescapedText(name: string, text: string | undefined, attributes: Attributes = []): void {
    if (text !== undefined) this.addText(this.careless, name, text, attributes);
  }

  private addText(hand: Hand, name: string, text: string, attributes: Attributes): void {
    this.lines.push(this.indent + startTag(hand, name, attributes) + hand.text(text) + endTag(name));
  }

  /** An element around whatever `inside` adds; self-closing if that is nothing. */
  block(name: string, attributes: Attributes, inside: () => void): void {
    const at = this.lines.length;
    const { indent } = this;
    this.lines.push('');
    this.indent += '  ';
    inside();
    this.indent = indent;
    if (this.lines.length === at + 1) this.lines[at] = indent + emptyTag(this.hand, name, attributes);
    else {
      this.lines[at] = indent + startTag(this.hand, name, attributes);
      this.lines.push(indent + endTag(name));
    }
  }

  /** As block(), but with an end tag of its own even around nothing. */
  openBlock(name: string, attributes: Attributes, inside: () => void): void {
    const { indent } = this;
    this.lines.push(indent + startTag(this.hand, name, attributes));
    this.indent += '  ';
    inside();
    this.indent = indent;
    this.lines.push(indent + endTag(name));
  }

  /** As block(), but nothing at all if neither attributes nor children came of it. */
  optionalBlock(name: string, attributes: Attributes, inside: () => void): void {
    const at = this.lines.length;
    this.block(name, attributes, inside);
    if (this.lines.length === at + 1 && attributes.every(([, value]) => value === undefined)) this.lines.length = at;
  }

  /** An element that others wrote, as libxml2 prints it. */
  tree(element: XmlElement): void {
    this.lines.push(this.indent + serializeWithin(element, this.indent.length / 2));
  }

  /** An empty line. */
  blank(): void {
    this.lines.push('');
  }

  toString(): string {
    return this.lines.length === 0 ? '' : `${this.lines.join('\n')}\n`;
  }
}
