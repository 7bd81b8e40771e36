// --xpath of the dumpxml commands: selects parts of a document and prints them as libxml2 would.

import { libvirtError } from '../../errors.ts';
import { failure } from '../../vsh/command.ts';

/** What the printer needs of a DOM node. */
interface DomNode {
  readonly nodeType: number;
  readonly nodeName: string;
  readonly nodeValue: string | null;
  readonly childNodes: Iterable<DomNode>;
  readonly attributes?: Iterable<DomNode>;
}

const ELEMENT = 1;
const ATTRIBUTE = 2;
const TEXT = 3;
const CDATA = 4;
const INSTRUCTION = 7;
const COMMENT = 8;
const DOCUMENT = 9;

/**
 * The selected parts, each followed by a newline; with `wrap` as the children of one <nodes> element. Empty if nothing
 * is selected. Throws when the expression is malformed, and INTERNAL_ERROR when it selects no nodes but a value.
 */
export async function selectXml(xml: string, expression: string, { wrap }: { readonly wrap: boolean }): Promise<string> {
  const nodes = await select(xml, expression);
  if (wrap) return `${printWrapped(nodes)}\n`;
  return nodes.map((node) => `${printNode(node, 0)}\n`).join('');
}

async function select(xml: string, expression: string): Promise<DomNode[]> {
  const engine = await import('./xpath-engine.ts');
  let selected: unknown;
  try {
    selected = engine.evaluate(xml, expression);
  } catch (error) {
    const unknownPrefix = error instanceof Error && error.message.includes('QName');
    throw failure(`XPath error : ${unknownPrefix ? 'Undefined namespace prefix' : 'Invalid expression'}`, error);
  }
  if (!Array.isArray(selected)) throw libvirtError('INTERNAL_ERROR', `Incorrect xpath '${expression}'`);
  return selected as DomNode[];
}

function printWrapped(nodes: readonly DomNode[]): string {
  // Of several attributes with one name an element can have only the last.
  const attributes = new Map(nodes.filter(({ nodeType }) => nodeType === ATTRIBUTE).map((node) => [node.nodeName, printNode(node, 0)]));
  const children = nodes.filter(({ nodeType }) => nodeType !== ATTRIBUTE);
  return printElement('nodes', [...attributes.values()].join(''), children, 0);
}

function printNode(node: DomNode, depth: number): string {
  const value = node.nodeValue ?? '';
  switch (node.nodeType) {
    case ATTRIBUTE:
      return ` ${node.nodeName}="${escapeAttribute(value)}"`;
    case TEXT:
      return escapeText(value);
    case CDATA:
      return `<![CDATA[${value}]]>`;
    case COMMENT:
      return `<!--${value}-->`;
    case INSTRUCTION:
      return `<?${node.nodeName} ${value}?>`;
    case DOCUMENT:
      return `<?xml version="1.0" encoding="UTF-8"?>\n${[...node.childNodes].map((child) => `${printNode(child, 0)}\n`).join('')}`;
    default:
      return printElement(
        node.nodeName,
        [...(node.attributes ?? [])].map((attribute) => printNode(attribute, 0)).join(''),
        [...node.childNodes],
        depth,
      );
  }
}

/** Children on lines of their own, unless there is text between them. */
function printElement(name: string, attributes: string, allChildren: readonly DomNode[], depth: number): string {
  const blank = (node: DomNode) => node.nodeType === TEXT && (node.nodeValue ?? '').trim() === '';
  const hasElements = allChildren.some(({ nodeType }) => nodeType === ELEMENT);
  const isText = (node: DomNode) => (node.nodeType === TEXT && !(hasElements && blank(node))) || node.nodeType === CDATA;
  const mixed = allChildren.some(isText);
  const children = mixed ? allChildren : allChildren.filter((node) => !blank(node));
  const start = `<${name}${attributes}`;
  if (children.length === 0) return `${start}/>`;
  if (mixed) return `${start}>${children.map((child) => printNode(child, depth)).join('')}</${name}>`;
  const indent = '  '.repeat(depth);
  const lines = children.map((child) => `${indent}  ${printNode(child, depth + 1)}\n`).join('');
  return `${start}>\n${lines}${indent}</${name}>`;
}

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  '\n': '&#10;',
  '\t': '&#9;',
  '\r': '&#13;',
};

function escapeText(text: string): string {
  return text.replace(/[&<>\r]/g, (char) => ESCAPES[char]!);
}

function escapeAttribute(text: string): string {
  return text.replace(/[&<>"\n\t\r]/g, (char) => ESCAPES[char]!);
}
