// --xpath of the dumpxml commands: selects parts of a document and prints them as libxml2 would.

import { libvirtError } from '../../errors.ts';
import { newElement, type XmlElement, type XmlNode } from '../../xml/element.ts';
import { attributesText, instructionMark, LIBXML2 } from '../../xml/markup.ts';
import { parseXml } from '../../xml/reader.ts';
import { serialize, serializeNode, standaloneTag } from '../../xml/serialize.ts';
import { failure } from '../command.ts';
import type { Source } from './xpath-nodes.ts';

/**
 * The selected parts, each followed by a newline; with `wrap` as the children of one <nodes> element. Empty if nothing
 * is selected. Throws when the expression is malformed, and INTERNAL_ERROR when it selects no nodes but a value.
 */
export async function selectXml(xml: string, expression: string, { wrap }: { readonly wrap: boolean }): Promise<string> {
  const selected = await select(parseXml(xml, '(domain_definition)'), expression);
  return (wrap ? [wrapped(selected)] : selected.map(printed)).map((text) => `${text}\n`).join('');
}

async function select(root: XmlElement, expression: string): Promise<Source[]> {
  const engine = await import('./xpath-engine.ts');
  let selected: Source[] | undefined;
  try {
    selected = engine.select(root, expression);
  } catch (error) {
    const unknownPrefix = error instanceof Error && error.message.includes('QName');
    throw failure(`XPath error : ${unknownPrefix ? 'Undefined namespace prefix' : 'Invalid expression'}`, error);
  }
  if (selected === undefined) throw libvirtError('INTERNAL_ERROR', `Incorrect xpath '${expression}'`);
  return selected;
}

function printed(source: Source): string {
  switch (source.kind) {
    case 'attribute':
      return attributesText(LIBXML2, [[source.attribute.name, source.attribute.value]]);
    case 'document':
      return `${instructionMark('xml version="1.0" encoding="UTF-8"')}\n${serializeNode(source.root)}\n`;
    default:
      return serializeNode(source);
  }
}

/** Copies of all, which bring along what they need. */
function wrapped(sources: readonly Source[]): string {
  const nodes = newElement(undefined, 'nodes', undefined);
  for (const source of sources) {
    if (source.kind === 'attribute') {
      // Of several attributes with one name an element can have only the last.
      nodes.attributes = [...nodes.attributes.filter(({ name }) => name !== source.attribute.name), source.attribute];
    } else {
      const node: XmlNode = source.kind === 'document' ? source.root : source;
      nodes.children.push(node.kind === 'element' ? { ...node, ...standaloneTag(node), parent: nodes } : node);
    }
  }
  return serialize(nodes);
}
