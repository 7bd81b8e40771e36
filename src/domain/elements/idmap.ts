// <idmap>: the user namespace's uid and gid ranges.

import { libvirtError } from '../../errors.ts';
import type { DomainDefinition, IdRange } from '../definition.ts';
import { parseUint32 } from '../numbers.ts';
import { attributeOf, childOf, childrenOf, type XmlElement } from '../xml/element.ts';
import type { XmlWriter } from '../xml/writer.ts';

export function parseIdmap(domain: XmlElement): DomainDefinition['idmap'] {
  const element = childOf(domain, 'idmap');
  const uid = element ? parseRanges(element, 'uid') : [];
  const gid = element ? parseRanges(element, 'gid') : [];
  if ((uid.length === 0) !== (gid.length === 0)) throw libvirtError('CONFIG_UNSUPPORTED', 'uid and gid should be mapped both');
  return { uid, gid };
}

function parseRanges(element: XmlElement, name: 'uid' | 'gid'): IdRange[] {
  const ranges = childrenOf(element, name).map((child) => {
    const start = parseUint32(attributeOf(child, 'start') ?? '');
    const target = parseUint32(attributeOf(child, 'target') ?? '');
    const count = parseUint32(attributeOf(child, 'count') ?? '');
    if (start === undefined || target === undefined || count === undefined)
      throw libvirtError('XML_ERROR', 'invalid idmap start/target/count settings');
    return { start, target, count };
  });
  ranges.sort((a, b) => a.start - b.start);
  if (ranges[0] !== undefined && ranges[0].start !== 0) throw libvirtError('CONFIG_UNSUPPORTED', 'You must map the root user of container');
  return ranges;
}

export function writeIdmap(writer: XmlWriter, { idmap }: DomainDefinition): void {
  writer.optionalBlock('idmap', [], () => {
    for (const name of ['uid', 'gid'] as const)
      for (const { start, target, count } of idmap[name])
        writer.empty(name, [
          ['start', start],
          ['target', target],
          ['count', count],
        ]);
  });
}
