// A document's tree as the nodes that an XPath engine walks: as much of the DOM as that asks for, read-only.

import type { XmlAttribute, XmlElement, XmlNode } from '../../xml/element.ts';
import { lookup } from '../../xml/namespaces.ts';
import { significantChildren } from '../../xml/serialize.ts';

const TYPES = { element: 1, attribute: 2, text: 3, cdata: 4, instruction: 7, comment: 8, document: 9 } as const;

/** What a node stands for. */
export type Source = XmlNode | { kind: 'attribute'; attribute: XmlAttribute } | { kind: 'document'; root: XmlElement };

const FOLLOWING = 4;
const PRECEDING = 2;

export class XPathNode {
  readonly source: Source;
  readonly nodeType: number;
  readonly nodeName: string;
  readonly localName: string | null = null;
  readonly prefix: string | null = null;
  readonly namespaceURI: string | null = null;
  readonly nodeValue: string | null = null;
  readonly parentNode: XPathNode | null;
  readonly ownerElement: XPathNode | null;
  readonly ownerDocument: XPathNode | null;
  readonly childNodes: XPathNode[] = [];
  readonly attributes: Attributes | null = null;
  nextSibling: XPathNode | null = null;
  previousSibling: XPathNode | null = null;
  /** Its place in the document. */
  private readonly place: number;

  constructor(source: Source, parent: XPathNode | null, count: { nodes: number }) {
    this.source = source;
    this.place = count.nodes++;
    this.nodeType = TYPES[source.kind];
    this.parentNode = source.kind === 'attribute' ? null : parent;
    this.ownerElement = source.kind === 'attribute' ? parent : null;
    this.ownerDocument = parent?.ownerDocument ?? parent;
    switch (source.kind) {
      case 'document':
        this.nodeName = '#document';
        this.append(source.root, count);
        break;
      case 'element':
        this.nodeName = source.name;
        this.localName = source.local;
        this.prefix = source.prefix ?? null;
        this.namespaceURI = source.uri ?? null;
        this.attributes = new Attributes();
        for (const attribute of source.attributes) this.attributes.push(new XPathNode({ kind: 'attribute', attribute }, this, count));
        for (const child of significantChildren(source)) this.append(child, count);
        break;
      case 'attribute':
        this.nodeName = source.attribute.name;
        this.localName = source.attribute.local;
        this.namespaceURI = source.attribute.uri ?? null;
        this.nodeValue = source.attribute.value;
        break;
      case 'instruction':
        this.nodeName = source.text.split(/\s/, 1)[0] ?? '';
        this.nodeValue = source.text.slice(this.nodeName.length).trimStart();
        break;
      default:
        this.nodeName = `#${source.kind}`;
        this.nodeValue = source.text;
    }
  }

  private append(source: XmlNode, count: { nodes: number }): void {
    const last = this.childNodes.at(-1) ?? null;
    const node = new XPathNode(source, this, count);
    node.previousSibling = last;
    if (last) last.nextSibling = node;
    this.childNodes.push(node);
  }

  get firstChild(): XPathNode | null {
    return this.childNodes[0] ?? null;
  }

  get documentElement(): XPathNode | null {
    return this.firstChild;
  }

  compareDocumentPosition(other: XPathNode): number {
    return other.place > this.place ? FOLLOWING : PRECEDING;
  }

  /** No attribute is known to be an id without a DTD. */
  getElementById(): null {
    return null;
  }

  getAttributeNS(uri: string | null, local: string): string | undefined {
    return this.attributes?.find(({ namespaceURI, localName }) => namespaceURI === uri && localName === local)?.nodeValue ?? undefined;
  }
}

class Attributes extends Array<XPathNode> {
  item(index: number): XPathNode | undefined {
    return this[index];
  }
}

/** Where prefixes in an expression come from: the root element. */
export const resolverFor = (root: XmlElement) => ({ lookupNamespaceURI: (prefix: string): string | null => lookup(root, prefix) ?? null });
