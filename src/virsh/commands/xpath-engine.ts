// The libraries behind --xpath. The build keeps them in a file of their own, because they are larger than all the rest.

import { create } from 'xmlbuilder2';
import xpath from 'xpath';

/** What `expression` yields with the document's root element as its context: a list of DOM nodes, or a bare value. */
export function evaluate(xml: string, expression: string): unknown {
  const root = create(xml).root().node as unknown as Node;
  return xpath.select(expression, root);
}
