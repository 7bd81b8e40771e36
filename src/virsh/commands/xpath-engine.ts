// The library behind --xpath, in a file of its own: it is larger than all the rest of a command.

import xpath from 'xpath';
import type { XmlElement } from '../../xml/element.ts';
import { resolverFor, type Source, XPathNode } from './xpath-nodes.ts';

/** What `expression` selects with the root element as its context; undefined for a bare value. Throws the engine's errors. */
export function select(root: XmlElement, expression: string): Source[] | undefined {
  const document = new XPathNode({ kind: 'document', root }, null, { nodes: 0 });
  const context = document.firstChild as unknown as Node;
  const selected: unknown = xpath.selectWithResolver(expression, context, resolverFor(root));
  if (!Array.isArray(selected)) return undefined;
  return selected.flatMap((node: unknown) => (node instanceof XPathNode ? [node.source] : []));
}
