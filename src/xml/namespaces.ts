// Which namespace a prefix stands for.

import type { XmlElement } from './element.ts';

const XML_URI = 'http://www.w3.org/XML/1998/namespace';

/** The uri bound to `prefix` (`''`: the default one), from the innermost declaration outwards. */
export function lookup(element: XmlElement, prefix: string): string | undefined {
  if (prefix === 'xml') return XML_URI;
  for (let at: XmlElement | undefined = element; at !== undefined; at = at.parent)
    if (at.declarations.length > 0) {
      const uri = declaredUri(at.declarations, prefix);
      if (uri !== undefined) return uri;
    }
  return undefined;
}

/** Above this many a search takes longer than a table. */
const FEW = 8;
const tables = new WeakMap<XmlElement['declarations'], ReadonlyMap<string, string>>();

/** The declarations of a tag that has been read to its end. */
function declaredUri(declarations: XmlElement['declarations'], prefix: string): string | undefined {
  if (declarations.length <= FEW) return declarations.find(([declared]) => declared === prefix)?.[1];
  let table = tables.get(declarations);
  if (table === undefined) {
    table = new Map(declarations);
    tables.set(declarations, table);
  }
  return table.get(prefix);
}
