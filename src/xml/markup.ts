// Tags, comments and the like, as libvirt writes them and as libxml2 does. Nothing else in src/ puts a `<` into a document.

import { escapeLibxmlAttribute, escapeLibxmlText, escapeLossless, escapeXml } from './escape.ts';

export type AttributeValue = string | number | bigint | undefined;
/** An attribute without a value is left out. */
export type Attributes = readonly (readonly [name: string, value: AttributeValue])[];

/** How a document is written: its quotes and its escapes. */
export interface Hand {
  readonly quote: '"' | "'";
  readonly text: (text: string) => string;
  readonly attribute: (text: string) => string;
}

const asItIs = (text: string): string => text;

/** libvirt's own. */
export const LIBVIRT: Hand = { quote: "'", text: escapeXml, attribute: escapeXml };
/** As LIBVIRT, but white space survives reading. */
export const LOSSLESS: Hand = {
  quote: "'",
  text: (text) => escapeLossless(text, false),
  attribute: (text) => escapeLossless(text, true),
};
/** Where libvirt forgets to escape. */
export const UNESCAPED: Hand = { quote: "'", text: asItIs, attribute: asItIs };
/** libxml2's, for what others wrote. */
export const LIBXML2: Hand = { quote: '"', text: escapeLibxmlText, attribute: escapeLibxmlAttribute };

/** `<name a='1'>` */
export function startTag(hand: Hand, name: string, attributes: Attributes): string {
  return `<${name}${attributesText(hand, attributes)}>`;
}

/** `<name a='1'/>` */
export function emptyTag(hand: Hand, name: string, attributes: Attributes): string {
  return `<${name}${attributesText(hand, attributes)}/>`;
}

/** ` a='1'` for each. */
export function attributesText({ quote, attribute }: Hand, attributes: Attributes): string {
  let text = '';
  for (const [name, value] of attributes)
    if (value !== undefined) text += ` ${name}=${quote}${attribute(typeof value === 'string' ? value : String(value))}${quote}`;
  return text;
}

export const endTag = (name: string): string => `</${name}>`;
export const commentMark = (text: string): string => `<!--${text}-->`;
export const cdataMark = (text: string): string => `<![CDATA[${text}]]>`;
/** `text`: the target and what is told to it. */
export const instructionMark = (text: string): string => `<?${text}?>`;
