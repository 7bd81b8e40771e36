// Title, description and the applications' own elements of a domain.

import type { DomainDefinition, MetadataElement } from '../../domain/definition.ts';
import type { DomainRef } from '../../domain/ref.ts';
import { libvirtError } from '../../errors.ts';
import { recordEvent } from '../../store/events.ts';
import type { XmlElement } from '../../xml/element.ts';
import { parseXml } from '../../xml/reader.ts';
import { serialize } from '../../xml/serialize.ts';
import { type Connection, requireWritable } from '../connection.ts';
import { type Affect, changeAffected, queried } from './affect.ts';
import { changeDomain, readDomain } from './change.ts';

/** The title or description, or undefined where there is none. */
export function domainText(connection: Connection, ref: DomainRef, what: 'title' | 'description', affect: Affect): string | undefined {
  return queried(readDomain(connection, ref), affect).definition[what];
}

/** An empty text removes it. Throws PLAIN for a title of several lines. */
export function setDomainText(connection: Connection, ref: DomainRef, what: 'title' | 'description', text: string, affect: Affect): void {
  requireWritable(connection, 'virDomainSetMetadata');
  if (what === 'title' && text.includes('\n')) throw libvirtError('PLAIN', "metadata title can't contain newlines");
  changeDomain(connection, ref, (image) =>
    changeAffected(image, affect, (definition) => {
      const { [what]: _, ...rest } = definition;
      return text === '' ? (rest as DomainDefinition) : { ...definition, [what]: text };
    }),
  );
  recordEvent({ domain: ref.name, uuid: ref.uuid, event: 'metadata-change', type: what });
}

/** The element of namespace `uri`, without that namespace. Throws NO_DOMAIN_METADATA where there is none. */
export function domainMetadata(connection: Connection, ref: DomainRef, uri: string, affect: Affect): string {
  const { metadata } = queried(readDomain(connection, ref), affect).definition;
  const found = metadata.find((element) => element.uri === uri);
  if (!found) throw libvirtError('NO_DOMAIN_METADATA', 'Requested metadata element is not present');
  const root = parseXml(found.xml, '(metadata_xml)');
  forEachElement(root, (element) => {
    element.declarations = element.declarations.filter(([, declared]) => declared !== uri);
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

/** Stores or removes the element of namespace `uri`. Throws PLAIN for malformed XML, INTERNAL_ERROR for a bad prefix. */
export function setDomainMetadata(connection: Connection, ref: DomainRef, change: MetadataChange, affect: Affect): void {
  requireWritable(connection, 'virDomainSetMetadata');
  changeDomain(connection, ref, (image) =>
    changeAffected(image, affect, (definition) => {
      const others = definition.metadata.filter(({ uri }) => uri !== change.uri);
      const added = change.xml === undefined ? [] : [metadataElement(change.xml, change.uri, change.key ?? '')];
      return { ...definition, metadata: [...others, ...added], emptyMetadata: true };
    }),
  );
  recordEvent({ domain: ref.name, uuid: ref.uuid, event: 'metadata-change', type: 'element', uri: change.uri });
}

const NCNAME = /^[\p{L}_][\p{L}\p{N}\p{M}._-]*$/u;

/** The element as it is stored: what of it has no namespace gets `uri` under the prefix `key`. */
function metadataElement(xml: string, uri: string, key: string): MetadataElement {
  const root = parseXml(xml, '(metadata_xml)');
  if (!NCNAME.test(key)) throw libvirtError('INTERNAL_ERROR', 'failed to validate prefix for a new XML namespace');
  if (root.declarations.some(([prefix]) => prefix === key)) throw libvirtError('INTERNAL_ERROR', 'failed to create a new XML namespace');
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
