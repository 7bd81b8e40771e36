// A tree back into text, the way libxml2's formatted output does it: double quotes, two spaces a level, and nothing added inside an
// element that holds text of its own.

import { isPreserved, preservedIn, type XmlElement, type XmlNode } from './element.ts';
import { type Attributes, cdataMark, commentMark, emptyTag, endTag, instructionMark, LIBXML2, startTag } from './markup.ts';
import { lookup } from './namespaces.ts';

/** The element as it would stand on its own: the namespaces that it uses from outside are declared on it. */
export function serialize(element: XmlElement): string {
  return serializeElement(element, 0, true, { extra: inherited(element) });
}

/** The element as a part of a document that declares what it needs, `depth` levels deep. */
export function serializeWithin(element: XmlElement, depth: number): string {
  return serializeElement(element, depth, true);
}

/** A node as xmlNodeDump() prints it: without what an element's namespaces are, unless it declares them itself. */
export function serializeNode(node: XmlNode): string {
  return node.kind === 'element' ? serializeElement(node, 0, true) : serializeChild(node, 0, true, false);
}

/** Declarations and attributes for a tag that stands alone: declarations that the element needs from outside are added. */
export function standaloneTag(element: XmlElement): Pick<XmlElement, 'declarations' | 'attributes'> {
  return { declarations: [...element.declarations, ...inherited(element)], attributes: element.attributes };
}

function inTag(element: XmlElement, extra: readonly [string, string][] = []): Attributes {
  const declarations = [...extra, ...element.declarations];
  return [
    ...declarations.map(([prefix, uri]) => [prefix === '' ? 'xmlns' : `xmlns:${prefix}`, uri] as const),
    ...element.attributes.map(({ name, value }) => [name, value] as const),
  ];
}

interface Outer {
  /** Declarations from outside that the element needs. */
  extra?: readonly [string, string][];
  /** White space of its parent is kept. */
  preserved?: boolean;
}

function serializeElement(element: XmlElement, depth: number, format: boolean, outer: Outer = {}): string {
  const { extra = [], preserved: inherited = element.parent !== undefined && isPreserved(element.parent) } = outer;
  const { name } = element;
  const attributes = inTag(element, extra);
  const preserved = preservedIn(element, inherited);
  const nodes = preserved ? element.children : significantChildren(element);
  if (nodes.length === 0) return emptyTag(LIBXML2, name, attributes);
  // With text among the children white space would become part of it.
  const inner = format && !nodes.some(({ kind }) => kind === 'text' || kind === 'cdata');
  let body = '';
  for (const node of nodes) {
    if (inner) body += `\n${'  '.repeat(depth + 1)}`;
    body += serializeChild(node, depth + 1, inner, preserved);
  }
  if (inner) body += `\n${'  '.repeat(depth)}`;
  return startTag(LIBXML2, name, attributes) + body + endTag(name);
}

function serializeChild(node: XmlNode, depth: number, format: boolean, preserved: boolean): string {
  switch (node.kind) {
    case 'element':
      return serializeElement(node, depth, format, { preserved });
    case 'text':
      return LIBXML2.text(node.text);
    case 'cdata':
      return cdataMark(node.text);
    case 'comment':
      return commentMark(node.text);
    case 'instruction':
      return instructionMark(node.text);
    default:
      return node satisfies never;
  }
}

/** What libxml2 keeps of an element: white space between elements goes; where there is text beside it, or nothing else, it stays. */
export function significantChildren(element: XmlElement): XmlNode[] {
  const kept: XmlNode[] = [];
  element.children.forEach((node, index) => {
    const blank = node.kind === 'text' && !node.solid && /^[ \t\n\r]*$/.test(node.text);
    if (blank && element.children.length > 1 && !(index > 0 && kept[0]?.kind === 'text')) return;
    kept.push(node);
  });
  return kept;
}

/** Declarations of ancestors that the element or something in it relies on. */
function inherited(element: XmlElement): [string, string][] {
  const { parent } = element;
  if (parent === undefined) return [];
  const needed = new Map<string, string>();
  const inside = new Set<string>();
  const visit = (at: XmlElement): void => {
    const added = at.declarations.flatMap(([prefix]) => (inside.has(prefix) ? [] : [prefix]));
    for (const prefix of added) inside.add(prefix);
    const used = [at.prefix ?? '', ...at.attributes.flatMap(({ name }) => (name.includes(':') ? [name.slice(0, name.indexOf(':'))] : []))];
    for (const prefix of used) {
      const uri = inside.has(prefix) || prefix === 'xml' ? undefined : lookup(parent, prefix);
      if (uri) needed.set(prefix, uri);
    }
    for (const child of at.children) if (child.kind === 'element') visit(child);
    for (const prefix of added) inside.delete(prefix);
  };
  visit(element);
  return [...needed];
}

/** The element exactly as it was read, white space included; only its quotes and references are libxml2's. */
export function serializeVerbatim(element: XmlElement): string {
  const { name, children } = element;
  if (children.length === 0) return emptyTag(LIBXML2, name, inTag(element));
  const inside = children.map((node) => (node.kind === 'element' ? serializeVerbatim(node) : serializeChild(node, 0, false, true)));
  return startTag(LIBXML2, name, inTag(element)) + inside.join('') + endTag(name);
}
