// A document's tree as two readers see it that have nothing in common: ours, and xmlbuilder2's.
import { create } from 'xmlbuilder2';
import type { XmlNode } from '../../src/xml/element.ts';
import { parseXml } from '../../src/xml/reader.ts';

interface Tree {
  name: string;
  uri: string;
  attributes: [name: string, uri: string, value: string][];
  /** Text that stands together is one; what is no content is left out. */
  children: (Tree | string)[];
}

/** What xmlbuilder2's DOM has of a node. */
interface DomNode {
  nodeType: number;
  nodeName: string;
  namespaceURI: string | null;
  nodeValue: string | null;
  childNodes: Iterable<DomNode>;
  attributes: Iterable<DomNode>;
}

const ELEMENT = 1;
const TEXTS = [3, 4];
const DECLARATIONS = 'http://www.w3.org/2000/xmlns/';

/** The tree that our reader makes of a document. */
export const ourTree = (document: string): Tree => ours(parseXml(document, '(x)')) as Tree;

/** The tree that xmlbuilder2 makes of it. */
export const oracleTree = (document: string): Tree =>
  theirs(create({ skipWhitespaceOnlyText: false }, document).root().node as unknown as DomNode) as Tree;

function ours(node: XmlNode): Tree | string {
  if (node.kind !== 'element') return node.kind === 'text' || node.kind === 'cdata' ? node.text : '';
  return {
    name: node.name,
    uri: node.uri ?? '',
    attributes: sorted(node.attributes.map(({ name, uri, value }) => [name, uri ?? '', value])),
    children: joined(node.children.map(ours)),
  };
}

function theirs(node: DomNode): Tree | string {
  if (node.nodeType !== ELEMENT) return TEXTS.includes(node.nodeType) ? (node.nodeValue ?? '') : '';
  const attributes = [...node.attributes].filter(({ namespaceURI }) => namespaceURI !== DECLARATIONS);
  return {
    name: node.nodeName,
    uri: node.namespaceURI ?? '',
    attributes: sorted(attributes.map(({ nodeName, namespaceURI, nodeValue }) => [nodeName, namespaceURI ?? '', nodeValue ?? ''])),
    children: joined([...node.childNodes].map(theirs)),
  };
}

const sorted = (attributes: Tree['attributes']): Tree['attributes'] => attributes.sort(([a], [b]) => (a < b ? -1 : 1));

function joined(children: readonly (Tree | string)[]): Tree['children'] {
  const all: Tree['children'] = [];
  for (const child of children) {
    const last = all.at(-1);
    if (typeof child === 'string' && typeof last === 'string') all[all.length - 1] = last + child;
    else if (child !== '') all.push(child);
  }
  return all;
}
