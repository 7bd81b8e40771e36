// <metadata>: other programs' elements, one for each namespace, kept as libxml2 would print them.

import type { DomainDefinition, MetadataElement } from '../definition.ts';
import { childOf, elementsOf, type XmlElement } from '../xml/element.ts';
import { reindent, serialize } from '../xml/serialize.ts';
import type { XmlWriter } from '../xml/writer.ts';

/** Children without a namespace, or with one that an earlier child has, are dropped. */
export function parseMetadata(domain: XmlElement): MetadataElement[] | undefined {
  const element = childOf(domain, 'metadata');
  if (element === undefined) return undefined;
  const kept: MetadataElement[] = [];
  for (const child of elementsOf(element)) {
    const { uri } = child;
    if (uri === undefined || kept.some((known) => known.uri === uri)) continue;
    kept.push({ uri, xml: serialize(child) });
  }
  return kept;
}

export function writeMetadata(writer: XmlWriter, definition: DomainDefinition): void {
  if (definition.metadata.length === 0) {
    if (definition.emptyMetadata) writer.empty('metadata');
    return;
  }
  writer.block('metadata', [], () => {
    for (const { xml } of definition.metadata) writer.raw(reindent(xml, writer.depth));
  });
}
