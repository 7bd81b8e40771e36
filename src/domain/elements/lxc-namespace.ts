// <lxc:namespace>: namespaces shared with another container, process or named network namespace.

import { libvirtError } from '../../errors.ts';
import type { DomainDefinition, NamespaceSource, SharedNamespace } from '../definition.ts';
import { attributeOf, elementsOf, type XmlElement } from '../xml/element.ts';
import type { XmlWriter } from '../xml/writer.ts';

export const LXC_NAMESPACE_URI = 'http://libvirt.org/schemas/domain/lxc/1.0';

const ELEMENTS: readonly [name: string, namespace: SharedNamespace][] = [
  ['sharenet', 'net'],
  ['shareipc', 'ipc'],
  ['shareuts', 'uts'],
];

export function parseSharedNamespaces(domain: XmlElement): DomainDefinition['sharedNamespaces'] {
  const shared: DomainDefinition['sharedNamespaces'] = {};
  const element = elementsOf(domain).find(({ local, uri }) => local === 'namespace' && uri === LXC_NAMESPACE_URI);
  if (element === undefined) return shared;
  for (const child of elementsOf(element)) {
    const namespace = ELEMENTS.find(([name]) => name === child.local)?.[1];
    if (namespace === undefined) throw libvirtError('CONFIG_UNSUPPORTED', `unsupported Namespace feature: ${child.local}`);
    const type = attributeOf(child, 'type');
    if (type === undefined) throw libvirtError('INTERNAL_ERROR', 'No lxc environment type specified');
    if (type !== 'none' && type !== 'name' && type !== 'pid' && type !== 'netns')
      throw libvirtError('INTERNAL_ERROR', `Unknown LXC namespace source '${type}'`);
    const value = attributeOf(child, 'value');
    if (value === undefined) throw libvirtError('INTERNAL_ERROR', 'No lxc environment type specified');
    if (type === 'none') delete shared[namespace];
    else shared[namespace] = { type, value } satisfies NamespaceSource;
  }
  return shared;
}

export function hasSharedNamespaces({ sharedNamespaces }: DomainDefinition): boolean {
  return ELEMENTS.some(([, namespace]) => sharedNamespaces[namespace] !== undefined);
}

export function writeSharedNamespaces(writer: XmlWriter, definition: DomainDefinition): void {
  if (!hasSharedNamespaces(definition)) return;
  writer.block('lxc:namespace', [], () => {
    for (const [name, namespace] of ELEMENTS) {
      const source = definition.sharedNamespaces[namespace];
      // libvirt does not escape these.
      if (!source) continue;
      if (writer.lossless)
        writer.empty(`lxc:${name}`, [
          ['type', source.type],
          ['value', source.value],
        ]);
      else writer.raw(`<lxc:${name} type='${source.type}' value='${source.value}'/>`);
    }
  });
}
