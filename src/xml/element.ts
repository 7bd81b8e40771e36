// The light element tree that reader.ts makes, and the few ways in which the rest of the codec looks at it.

export interface XmlAttribute {
  /** As written, prefix included. */
  name: string;
  local: string;
  /** Undefined without a prefix, or with one that nobody declared. */
  uri: string | undefined;
  value: string;
}

export interface XmlElement {
  kind: 'element';
  /** As written, prefix included. */
  name: string;
  local: string;
  prefix: string | undefined;
  uri: string | undefined;
  attributes: XmlAttribute[];
  /** Namespaces declared on this very element: [prefix or '', uri]. */
  declarations: [prefix: string, uri: string][];
  children: XmlNode[];
  parent: XmlElement | undefined;
}

/** `text` is what the node stands for: characters, a comment's inside, or a processing instruction as `target data`. */
export interface XmlLeaf {
  kind: 'text' | 'cdata' | 'comment' | 'instruction';
  text: string;
  /** Part of the text was written as a reference: it is kept, even if it is only white space. */
  solid?: boolean;
}

export type XmlNode = XmlElement | XmlLeaf;

/** An empty element. It is not added to the children of its parent. */
export function newElement(prefix: string | undefined, local: string, parent: XmlElement | undefined): XmlElement {
  return {
    kind: 'element',
    name: prefix === undefined ? local : `${prefix}:${local}`,
    local,
    prefix,
    uri: undefined,
    attributes: [],
    declarations: [],
    children: [],
    parent,
  };
}

/** The attribute's value, whatever its prefix. */
export function attributeOf(element: XmlElement, name: string): string | undefined {
  for (const attribute of element.attributes) if (attribute.local === name) return attribute.value;
  return undefined;
}

/** The first child element of that name that belongs to no namespace. */
export function childOf(element: XmlElement, name: string): XmlElement | undefined {
  for (const child of element.children) if (child.kind === 'element' && child.local === name && child.uri === undefined) return child;
  return undefined;
}

/** Child elements of that name that belong to no namespace. */
export function childrenOf(element: XmlElement, name: string): XmlElement[] {
  const found: XmlElement[] = [];
  for (const child of element.children) if (child.kind === 'element' && child.local === name && child.uri === undefined) found.push(child);
  return found;
}

/** All children of that name merged into one, as XPath's `name/...` and `name/@...` see them. */
export function mergedChild(element: XmlElement, name: string): XmlElement | undefined {
  const [first, ...more] = childrenOf(element, name);
  if (first === undefined || more.length === 0) return first;
  const all = [first, ...more];
  return { ...first, attributes: all.flatMap(({ attributes }) => attributes), children: all.flatMap(({ children }) => children) };
}

/** All child elements. */
export function elementsOf(element: XmlElement): XmlElement[] {
  const found: XmlElement[] = [];
  for (const child of element.children) if (child.kind === 'element') found.push(child);
  return found;
}

/** The text of the element and everything in it, as XPath's string() has it. */
export function textOf(element: XmlElement): string {
  const only = element.children[0];
  if (only === undefined) return '';
  if (element.children.length === 1 && only.kind !== 'element') return only.kind === 'text' || only.kind === 'cdata' ? only.text : '';
  let text = '';
  for (const child of element.children) {
    if (child.kind === 'element') text += textOf(child);
    else if (child.kind === 'text' || child.kind === 'cdata') text += child.text;
  }
  return text;
}

/** The text that the element begins with: where libvirt reads a node's first child and looks no further. */
export function firstText(element: XmlElement): string {
  const [first] = element.children;
  return first === undefined || first.kind === 'element' ? '' : first.text;
}

/** The text of the first child of that name, or undefined if there is none or it is empty. */
export function childText(element: XmlElement, name: string): string | undefined {
  const child = childOf(element, name);
  return (child && textOf(child)) || undefined;
}

/** Visits the path `a/b/c` of first children. */
export function descend(element: XmlElement, path: string): XmlElement | undefined {
  let at: XmlElement | undefined = element;
  for (const step of path.split('/')) at = at && childOf(at, step);
  return at;
}

/** Does xml:space ask for white space to be kept? */
export function isPreserved(element: XmlElement): boolean {
  return preservedIn(element, element.parent !== undefined && isPreserved(element.parent));
}

/** The same, if the answer for the parent is known. */
export function preservedIn(element: XmlElement, inherited: boolean): boolean {
  const space = element.attributes.find(({ name }) => name === 'xml:space');
  return space === undefined ? inherited : space.value === 'preserve';
}
