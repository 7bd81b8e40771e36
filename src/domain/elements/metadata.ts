// <metadata>: other programs' elements, one for each namespace, kept as libxml2 would print them.

import { childOf, elementsOf, type XmlElement } from '../../xml/element.ts';
import { reindent, serialize, serializeAttributes } from '../../xml/serialize.ts';
import type { XmlWriter } from '../../xml/writer.ts';
import type { DomainDefinition, MetadataElement } from '../definition.ts';

export type Metadata = Pick<DomainDefinition, 'metadata' | 'metadataHead' | 'emptyMetadata'>;

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
  const metadataHead = serializeAttributes(element);
  return { metadata, ...(metadataHead !== '' && { metadataHead }), ...(metadata.length === 0 && { emptyMetadata: true }) };
}

export function writeMetadata(writer: XmlWriter, { metadata, metadataHead = '', emptyMetadata }: Metadata): void {
  if (metadata.length === 0 && !emptyMetadata) return;
  const children = metadata.map(({ xml }) => xml).join('');
  writer.raw(reindent(`<metadata${metadataHead}>${children}</metadata>`, writer.depth));
}
