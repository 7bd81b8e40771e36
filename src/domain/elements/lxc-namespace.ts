// <lxc:namespace>: namespaces shared with another container, process or named network namespace.

import { libvirtError } from '../../errors.ts';
import { attributeOf, elementsOf, type XmlElement } from '../../xml/element.ts';
import type { XmlWriter } from '../../xml/writer.ts';
import type { DomainDefinition, NamespaceSource, SharedNamespace } from '../definition.ts';

export const LXC_NAMESPACE_URI = 'http://libvirt.org/schemas/domain/lxc/1.0';

const ELEMENTS: readonly [name: string, namespace: SharedNamespace][] = [
  ['sharenet', 'net'],
  ['shareipc', 'ipc'],
  ['shareuts', 'uts'],
];

/** Undefined without a single child in any <lxc:namespace>; `readBack`: one that was written without any counts. */
export function parseSharedNamespaces(domain: XmlElement, readBack = false): DomainDefinition['sharedNamespaces'] | undefined {
  const elements = elementsOf(domain).filter(({ local, uri }) => local === 'namespace' && uri === LXC_NAMESPACE_URI);
  const children = elements.flatMap(elementsOf);
  if (children.length === 0 && !(readBack && elements.length > 0)) return undefined;
  const shared: DomainDefinition['sharedNamespaces'] = {};
  for (const child of children) {
    const namespace = ELEMENTS.find(([name]) => name === child.local)?.[1];
    if (namespace === undefined) throw libvirtError('CONFIG_UNSUPPORTED', `unsupported Namespace feature: ${child.local}`);
    const source = parseSource(child);
    if (source === undefined) delete shared[namespace];
    else shared[namespace] = source;
  }
  return shared;
}

function parseSource(element: XmlElement): NamespaceSource | undefined {
  const type = attributeOf(element, 'type');
  if (type === undefined) throw libvirtError('INTERNAL_ERROR', 'No lxc environment type specified');
  if (type !== 'none' && type !== 'name' && type !== 'pid' && type !== 'netns')
    throw libvirtError('INTERNAL_ERROR', `Unknown LXC namespace source '${type}'`);
  const value = attributeOf(element, 'value');
  if (value === undefined) throw libvirtError('INTERNAL_ERROR', 'No lxc environment type specified');
  return type === 'none' ? undefined : { type, value };
}

/** Does the domain have an <lxc:namespace> to print, be it one that shares nothing? */
export function hasSharedNamespaces({ sharedNamespaces, emptySharedNamespaces }: DomainDefinition): boolean {
  return emptySharedNamespaces === true || ELEMENTS.some(([, namespace]) => sharedNamespaces[namespace] !== undefined);
}

export function writeSharedNamespaces(writer: XmlWriter, definition: DomainDefinition): void {
  if (!hasSharedNamespaces(definition)) return;
  writer.openBlock('lxc:namespace', [], () => {
    for (const [name, namespace] of ELEMENTS) {
      const source = definition.sharedNamespaces[namespace];
      if (!source) continue;
      // libvirt does not escape these.
      writer.unescapedEmpty(`lxc:${name}`, [
        ['type', source.type],
        ['value', source.value],
      ]);
    }
  });
}
