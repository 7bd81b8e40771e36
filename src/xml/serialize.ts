// A tree back into text, the way libxml2's formatted output does it: double quotes, two spaces a level, and nothing added inside an
// element that holds text of its own.

import { isPreserved, preservedIn, type XmlElement, type XmlNode } from './element.ts';
import { lookup } from './namespaces.ts';
import { parseXml } from './reader.ts';

/**
 * The element as it would stand on its own: the namespaces that it uses from outside are declared on it. The first line is not
 * indented, the others are as for an element that is `depth` levels deep.
 */
export function serialize(element: XmlElement, depth = 0): string {
  return serializeElement(element, depth, true, { extra: inherited(element) });
}

/** What serialize() made, for another depth. */
export function reindent(text: string, depth: number): string {
  const root = parseXml(text, '(serialized)');
  keepSpaces(root);
  dropRepeated(root);
  return serializeElement(root, depth, true);
}

/** Of the white space in what was once serialised only line ends are the layout's. */
function keepSpaces(element: XmlElement): void {
  for (const child of element.children) {
    if (child.kind === 'element') keepSpaces(child);
    else if (child.kind === 'text' && !child.text.includes('\n')) child.solid = true;
  }
}

/** What a child was given to stand on its own, it has from its parent here. */
function dropRepeated({ declarations, children }: XmlElement): void {
  const known = new Map(declarations);
  for (const child of children)
    if (child.kind === 'element') child.declarations = child.declarations.filter(([prefix, uri]) => known.get(prefix) !== uri);
}

/** What stands in the element's tag when it stands on its own: ` xmlns:a="..." b="..."`. */
export function serializeAttributes(element: XmlElement): string {
  return attributesText([...element.declarations, ...inherited(element)], element.attributes);
}

function attributesText(declarations: readonly [string, string][], attributes: XmlElement['attributes']): string {
  let text = '';
  for (const [prefix, uri] of declarations) text += ` ${prefix === '' ? 'xmlns' : `xmlns:${prefix}`}="${escapeAttribute(uri)}"`;
  for (const { name, value } of attributes) text += ` ${name}="${escapeAttribute(value)}"`;
  return text;
}

interface Outer {
  /** Declarations from outside that the element needs. */
  extra?: readonly [string, string][];
  /** White space of its parent is kept. */
  preserved?: boolean;
}

function serializeElement(element: XmlElement, depth: number, format: boolean, outer: Outer = {}): string {
  const { extra = [], preserved: inherited = element.parent !== undefined && isPreserved(element.parent) } = outer;
  const head = `<${element.name}${attributesText([...extra, ...element.declarations], element.attributes)}`;
  const preserved = preservedIn(element, inherited);
  const nodes = preserved ? element.children : significant(element);
  if (nodes.length === 0) return `${head}/>`;
  // With text among the children white space would become part of it.
  const inner = format && !nodes.some(({ kind }) => kind === 'text' || kind === 'cdata');
  let body = '';
  for (const node of nodes) {
    if (inner) body += `\n${'  '.repeat(depth + 1)}`;
    body += serializeNode(node, depth + 1, inner, preserved);
  }
  if (inner) body += `\n${'  '.repeat(depth)}`;
  return `${head}>${body}</${element.name}>`;
}

function serializeNode(node: XmlNode, depth: number, format: boolean, preserved: boolean): string {
  switch (node.kind) {
    case 'element':
      return serializeElement(node, depth, format, { preserved });
    case 'text':
      return node.text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;').replace(/\r/g, '&#13;');
    case 'cdata':
      return `<![CDATA[${node.text}]]>`;
    case 'comment':
      return `<!--${node.text}-->`;
    case 'instruction':
      return `<?${node.text}?>`;
    default:
      return node satisfies never;
  }
}

/** White space between elements goes; where there is text beside it, or nothing else, it stays. */
function significant(element: XmlElement): XmlNode[] {
  const kept: XmlNode[] = [];
  element.children.forEach((node, index) => {
    const blank = node.kind === 'text' && !node.solid && /^[ \t\n\r]*$/.test(node.text);
    if (blank && element.children.length > 1 && !(index > 0 && kept[0]?.kind === 'text')) return;
    kept.push(node);
  });
  return kept;
}

function escapeAttribute(value: string): string {
  return value.replace(/[&<>"\n\t\r]|[^\x20-\x7f]/gu, (character) => {
    switch (character) {
      case '&':
        return '&amp;';
      case '<':
        return '&lt;';
      case '>':
        return '&gt;';
      case '"':
        return '&quot;';
      case '\n':
        return '&#10;';
      case '\t':
        return '&#9;';
      case '\r':
        return '&#13;';
      default:
        return `&#x${(character.codePointAt(0) as number).toString(16).toUpperCase()};`;
    }
  });
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
  const head = `<${element.name}${attributesText(element.declarations, element.attributes)}`;
  if (element.children.length === 0) return `${head}/>`;
  const inside = element.children.map((node) => (node.kind === 'element' ? serializeVerbatim(node) : serializeNode(node, 0, false, true)));
  return `${head}>${inside.join('')}</${element.name}>`;
}
