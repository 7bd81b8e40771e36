// <resource>: the cgroup partition.

import { libvirtError } from '../../errors.ts';
import { attributeOf, childOf, childrenOf, childText, type XmlElement } from '../../xml/element.ts';
import type { XmlWriter } from '../../xml/writer.ts';
import type { DomainDefinition } from '../definition.ts';

type Resource = Pick<DomainDefinition, 'partition' | 'fibrechannelAppId'>;

export function parseResource(domain: XmlElement): Resource {
  const found = childrenOf(domain, 'resource');
  if (found.length > 1) throw libvirtError('XML_ERROR', 'only one resource element is supported');
  const element = found[0];
  if (element === undefined) return {};
  const partition = childText(element, 'partition');
  const channel = childOf(element, 'fibrechannel');
  const appId = (channel && attributeOf(channel, 'appid')) || undefined;
  // libvirt refuses an empty <resource> without finding words for it.
  if (partition === undefined && appId === undefined) throw libvirtError('PLAIN', 'An error occurred, but the cause is unknown');
  return { ...(partition !== undefined && { partition }), ...(appId !== undefined && { fibrechannelAppId: appId }) };
}

export function writeResource(writer: XmlWriter, { partition, fibrechannelAppId }: DomainDefinition): void {
  if (partition === undefined && fibrechannelAppId === undefined) return;
  writer.block('resource', [], () => {
    writer.text('partition', partition);
    if (fibrechannelAppId !== undefined) writer.empty('fibrechannel', [['appid', fibrechannelAppId]]);
  });
}
