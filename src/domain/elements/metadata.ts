// <metadata>: other programs' elements, one for each namespace, kept as libxml2 would print them.

import { childOf, elementsOf, newElement, type XmlElement } from '../../xml/element.ts';
import { parseXml } from '../../xml/reader.ts';
import { serialize, standaloneTag } from '../../xml/serialize.ts';
import type { XmlWriter } from '../../xml/writer.ts';
import type { DomainDefinition, MetadataElement } from '../definition.ts';

export type Metadata = Pick<DomainDefinition, 'metadata' | 'metadataTag' | 'emptyMetadata'>;

/** Children without a namespace, or with one that an earlier child has, are dropped. */
export function parseMetadata(parent: XmlElement): Metadata {
  const element = childOf(parent, 'metadata');
  if (element === undefined) return { metadata: [] };
  const metadata: MetadataElement[] = [];
  const uris = new Set<string>();
  for (const child of elementsOf(element)) {
    const { uri } = child;
    if (uri === undefined || uris.has(uri)) continue;
    uris.add(uri);
    metadata.push({ uri, xml: serialize(child) });
  }
  const metadataTag = standaloneTag(element);
  const isBare = metadataTag.declarations.length === 0 && metadataTag.attributes.length === 0;
  return { metadata, ...(!isBare && { metadataTag }), ...(metadata.length === 0 && { emptyMetadata: true }) };
}

export function writeMetadata(writer: XmlWriter, { metadata, metadataTag, emptyMetadata }: Metadata): void {
  if (metadata.length === 0 && !emptyMetadata) return;
  const element: XmlElement = { ...newElement(undefined, 'metadata', undefined), ...metadataTag };
  const declared = new Map(element.declarations);
  for (const { xml } of metadata) {
    const child = parseXml(xml, '(metadata)');
    keepSpaces(child);
    // What it was given to stand on its own, it has from its parent here.
    child.declarations = child.declarations.filter(([prefix, uri]) => declared.get(prefix) !== uri);
    child.parent = element;
    element.children.push(child);
  }
  writer.tree(element);
}

/** Of the white space in what was once serialised only line ends are the layout's. */
function keepSpaces(element: XmlElement): void {
  for (const child of element.children) {
    if (child.kind === 'element') keepSpaces(child);
    else if (child.kind === 'text' && !child.text.includes('\n')) child.solid = true;
  }
}
