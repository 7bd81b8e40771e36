// Printing: single quotes, two spaces a level, nothing between `<x` and `/>` but attributes.

import { escapeLossless, escapeXml } from './escape.ts';

export type AttributeValue = string | number | bigint | undefined;
export type Attributes = [name: string, value: AttributeValue][];

/** Grows a document line by line; `depth` is the level of what is added next. */
export class XmlWriter {
  /** What libvirt prints so that it could not be read back is written properly: for files that are. */
  readonly lossless: boolean;
  private readonly lines: string[] = [];
  private indent = '';

  constructor(options: { lossless?: boolean } = {}) {
    this.lossless = options.lossless ?? false;
  }

  /** How many levels deep the next line stands. */
  get depth(): number {
    return this.indent.length / 2;
  }

  /** `<name a='1'/>`. */
  empty(name: string, attributes: Attributes = []): void {
    this.lines.push(`${this.indent}<${name}${this.attributes(attributes)}/>`);
  }

  /** As text(), but the text as it is, as libvirt has it in a few places. */
  unescapedText(name: string, text: string | undefined, attributes: [name: string, value: string][] = []): void {
    if (text === undefined) return;
    if (this.lossless) this.text(name, text, attributes);
    else this.raw(`<${name}${attributes.map(([key, value]) => ` ${key}='${value}'`).join('')}>${text}</${name}>`);
  }

  /** `<name a='1'>text</name>`; nothing without text. */
  text(name: string, text: AttributeValue, attributes: Attributes = []): void {
    if (text === undefined) return;
    this.lines.push(`${this.indent}<${name}${this.attributes(attributes)}>${this.escape(String(text), false)}</${name}>`);
  }

  /** An element around whatever `inside` adds; self-closing if that is nothing. */
  block(name: string, attributes: Attributes, inside: () => void): void {
    const at = this.lines.length;
    const { indent } = this;
    this.lines.push('');
    this.indent += '  ';
    inside();
    this.indent = indent;
    const head = `${indent}<${name}${this.attributes(attributes)}`;
    if (this.lines.length === at + 1) this.lines[at] = `${head}/>`;
    else {
      this.lines[at] = `${head}>`;
      this.lines.push(`${indent}</${name}>`);
    }
  }

  /** As block(), but with an end tag of its own even around nothing. */
  openBlock(name: string, attributes: Attributes, inside: () => void): void {
    const { indent } = this;
    this.lines.push(`${indent}<${name}${this.attributes(attributes)}>`);
    this.indent += '  ';
    inside();
    this.indent = indent;
    this.lines.push(`${indent}</${name}>`);
  }

  /** As block(), but nothing at all if neither attributes nor children came of it. */
  optionalBlock(name: string, attributes: Attributes, inside: () => void): void {
    const at = this.lines.length;
    this.block(name, attributes, inside);
    if (this.lines.length === at + 1 && attributes.every(([, value]) => value === undefined)) this.lines.length = at;
  }

  /** An empty line. */
  blank(): void {
    this.lines.push('');
  }

  /** Ready-made text; its first line is indented here, the others are left alone. */
  raw(text: string): void {
    this.lines.push(this.indent + text);
  }

  private attributes(attributes: Attributes): string {
    let text = '';
    for (const [name, value] of attributes) if (value !== undefined) text += ` ${name}='${this.escape(String(value), true)}'`;
    return text;
  }

  private escape(text: string, inAttribute: boolean): string {
    return this.lossless ? escapeLossless(text, inAttribute) : escapeXml(text);
  }

  toString(): string {
    return this.lines.length === 0 ? '' : `${this.lines.join('\n')}\n`;
  }
}
