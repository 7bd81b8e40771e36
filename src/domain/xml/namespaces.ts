// Which namespace a prefix stands for.

import type { XmlElement } from './element.ts';

const XML_URI = 'http://www.w3.org/XML/1998/namespace';

/** The uri bound to `prefix` (`''`: the default one), from the innermost declaration outwards. */
export function lookup(element: XmlElement, prefix: string): string | undefined {
  if (prefix === 'xml') return XML_URI;
  for (let at: XmlElement | undefined = element; at !== undefined; at = at.parent)
    for (const [declared, uri] of at.declarations) if (declared === prefix) return uri;
  return undefined;
}
