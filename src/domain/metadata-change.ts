// What applications keep in <metadata>, one element for each namespace: found, stored and removed in a domain's or network's definition.

import { libvirtError } from '../errors.ts';
import type { XmlElement } from '../xml/element.ts';
import { parseXml } from '../xml/reader.ts';
import { serialize } from '../xml/serialize.ts';
import type { MetadataElement } from './definition.ts';
import type { Metadata } from './elements/metadata.ts';

/** Texts that people give a domain or network. */
export interface Texts {
  title?: string;
  description?: string;
}
export type TextKind = keyof Texts;

/** An empty text removes it. Throws PLAIN for a title of several lines. */
export function withText<D extends Texts>(definition: D, kind: TextKind, text: string): D {
  if (kind === 'title' && text.includes('\n')) throw libvirtError('PLAIN', "metadata title can't contain newlines");
  const { [kind]: _, ...rest } = definition;
  // Whatever else a definition has, a text is optional in it.
  return text === '' ? (rest as D) : { ...definition, [kind]: text };
}

/** The element of namespace `uri`, without that namespace; undefined where there is none. */
export function metadataOf({ metadata }: Pick<Metadata, 'metadata'>, uri: string): string | undefined {
  const found = metadata.find((element) => element.uri === uri);
  if (!found) return undefined;
  const root = parseXml(found.xml, '(metadata_xml)');
  forEachElement(root, (element) => {
    // Only its first name goes, as with libvirt.
    const at = element.declarations.findIndex(([, declared]) => declared === uri);
    if (at >= 0) element.declarations.splice(at, 1);
    if (element.uri === uri) rename(element, undefined, undefined);
  });
  return serialize(root);
}

export interface MetadataChange {
  readonly uri: string;
  /** Prefix that the namespace gets in the document; needed with `xml`. */
  readonly key: string | undefined;
  /** The element; undefined removes the one that is there. */
  readonly xml: string | undefined;
}

/** Stores or removes the element of namespace `uri`. Throws XML_DETAIL for malformed XML, INTERNAL_ERROR for a bad prefix. */
export function withMetadata<D extends Metadata>(definition: D, { uri, key, xml }: MetadataChange): D {
  const others = definition.metadata.filter((element) => element.uri !== uri);
  const added = xml === undefined ? [] : [metadataElement(xml, uri, key ?? '')];
  return { ...definition, metadata: [...others, ...added], emptyMetadata: true };
}

const NCNAME = /^[\p{L}_][\p{L}\p{N}\p{M}._-]*$/u;

/** The element as it is stored: what of it has no namespace gets `uri` under the prefix `key`. */
function metadataElement(xml: string, uri: string, key: string): MetadataElement {
  const root = parseXml(xml, '(metadata_xml)');
  if (!NCNAME.test(key)) throw libvirtError('INTERNAL_ERROR', 'failed to validate prefix for a new XML namespace');
  // The namespace is declared on whatever comes first, which must be the element.
  const declarable = !/^<[!?]/.test(xml.replace(/^\ufeff?(<\?xml\s[^>]*>)?\s*/, ''));
  if (!declarable || root.declarations.some(([prefix]) => prefix === key))
    throw libvirtError('INTERNAL_ERROR', 'failed to create a new XML namespace');
  root.declarations.push([key, uri]);
  forEachElement(root, (element) => {
    if (element.uri === undefined) rename(element, key, uri);
  });
  return { uri: root.uri ?? uri, xml: serialize(root) };
}

function rename(element: XmlElement, prefix: string | undefined, uri: string | undefined): void {
  element.prefix = prefix;
  element.uri = uri;
  element.name = prefix === undefined ? element.local : `${prefix}:${element.local}`;
}

function forEachElement(element: XmlElement, action: (element: XmlElement) => void): void {
  action(element);
  for (const child of element.children) if (child.kind === 'element') forEachElement(child, action);
}
