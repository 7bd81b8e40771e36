// Finds single facts in documents that our formatters wrote, without parsing them: for lists, and for the end of every domain.
// The callers stand beside the formatters (domain/facts.ts, network/facts.ts); unit tests compare the two.

import { unescapeXml } from './escape.ts';
import { LIBVIRT } from './markup.ts';

/**
 * The document from its root element on, whose name begins with `root`. Before it stands a comment that holds a name as it is,
 * which may look like anything. undefined where there is no such element.
 */
export function bodyOf(text: string, root: string): string | undefined {
  const tag = `<${root}`;
  let at = text.indexOf(tag);
  const comment = text.indexOf('<!--');
  if (comment >= 0 && comment < at) {
    const end = text.indexOf('-->', comment);
    at = end < 0 ? -1 : text.indexOf(tag, end);
  }
  return at < 0 ? undefined : text.slice(at);
}

/**
 * Where <metadata> begins, which holds what users like, as they wrote it; -1 where there is none. A list asks this of every
 * document: a regular expression takes ten times as long.
 */
function metadataPlace(body: string): number {
  const tag = '<metadata';
  for (let at = body.indexOf(tag); at >= 0; at = body.indexOf(tag, at + 1)) {
    if (/[\s>]/.test(body.charAt(at + tag.length))) return at;
  }
  return -1;
}

/** What stands before <metadata>; all of a body without any. */
export function beforeMetadata(body: string): string {
  const at = metadataPlace(body);
  return at < 0 ? body : body.slice(0, at);
}

/** What stands after <metadata>; all of a body without any. */
export function afterMetadata(body: string): string {
  if (metadataPlace(body) < 0) return body;
  const end = body.lastIndexOf('</metadata>');
  return end < 0 ? '' : body.slice(end);
}

/** The text of the first element `name`, which has no attributes. */
export function textIn(part: string, name: string): string | undefined {
  const tag = `<${name}>`;
  const at = part.indexOf(tag);
  if (at < 0) return undefined;
  const end = part.indexOf('<', at + tag.length);
  return end < 0 ? undefined : unescapeXml(part.slice(at + tag.length, end));
}

/** An attribute of the first element `name` that has any. */
export function attributeIn(part: string, name: string, attribute: string): string | undefined {
  const place = valuePlace(part, name, attribute);
  return place === undefined ? undefined : unescapeXml(part.slice(...place));
}

/** `part` with a new value for the attribute of the first element `name` that has attributes; unchanged if there is none. */
export function withAttributeIn(part: string, name: string, attribute: string, value: string | number): string {
  const place = valuePlace(part, name, attribute);
  return place === undefined ? part : part.slice(0, place[0]) + LIBVIRT.attribute(String(value)) + part.slice(place[1]);
}

/** Where the value stands, from its first character to behind its last. */
function valuePlace(part: string, name: string, attribute: string): [from: number, to: number] | undefined {
  const at = part.indexOf(`<${name} `);
  if (at < 0) return undefined;
  // Neither `>` nor a quote stands in a value.
  const end = part.indexOf('>', at);
  const tag = part.slice(at, end < 0 ? undefined : end);
  const start = tag.indexOf(` ${attribute}='`);
  if (start < 0) return undefined;
  const from = start + attribute.length + 3;
  const to = tag.indexOf("'", from);
  return to < 0 ? undefined : [at + from, at + to];
}

const UUID = /^[0-9a-f-]{36}$/;

/** The text of the first element <uuid>, if it is one. */
export function uuidIn(part: string): string | undefined {
  const uuid = textIn(part, 'uuid');
  return uuid !== undefined && UUID.test(uuid) ? uuid : undefined;
}
