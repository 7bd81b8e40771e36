// <idmap>: the user namespace's uid and gid ranges.

import { libvirtError } from '../../errors.ts';
import { parseUint32 } from '../../values/numbers.ts';
import { attributeOf, childrenOf, mergedChild, type XmlElement } from '../../xml/element.ts';
import type { XmlWriter } from '../../xml/writer.ts';
import type { DomainDefinition, IdRange } from '../definition.ts';

export function parseIdmap(domain: XmlElement): DomainDefinition['idmap'] {
  const element = mergedChild(domain, 'idmap');
  const uid = element ? parseRanges(element, 'uid') : [];
  const gid = element ? parseRanges(element, 'gid') : [];
  return { uid, gid };
}

/** Both kinds or none, and the root user among them. */
export function validateIdmap({ uid, gid }: DomainDefinition['idmap']): void {
  if ((uid.length === 0) !== (gid.length === 0)) throw libvirtError('CONFIG_UNSUPPORTED', 'uid and gid should be mapped both');
  if (uid[0]?.start || gid[0]?.start) throw libvirtError('CONFIG_UNSUPPORTED', 'You must map the root user of container');
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
  return ranges.sort((a, b) => a.start - b.start);
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
