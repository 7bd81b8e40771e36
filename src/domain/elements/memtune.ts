// <memtune>: limits of the memory cgroup.

import { mergedChild, type XmlElement } from '../../xml/element.ts';
import { memoryChild } from '../../xml/scaled.ts';
import type { XmlWriter } from '../../xml/writer.ts';
import { type DomainDefinition, MEMORY_UNLIMITED_KIB, type Memtune } from '../definition.ts';

const LIMITS: readonly [name: string, property: keyof Memtune][] = [
  ['hard_limit', 'hardLimitKiB'],
  ['soft_limit', 'softLimitKiB'],
  ['min_guarantee', 'minGuaranteeKiB'],
  ['swap_hard_limit', 'swapHardLimitKiB'],
];

export function parseMemtune(domain: XmlElement): Memtune {
  const element = mergedChild(domain, 'memtune');
  const memtune: Memtune = {};
  if (element === undefined) return memtune;
  for (const [name, property] of LIMITS) {
    const limit = memoryChild(element, name, `./memtune/${name}[1]`);
    if (limit === undefined || limit >= MEMORY_UNLIMITED_KIB) continue;
    // No guarantee is none; the limits may be 0.
    if (limit > 0 || property !== 'minGuaranteeKiB') memtune[property] = limit;
  }
  return memtune;
}

export function writeMemtune(writer: XmlWriter, { memtune }: DomainDefinition): void {
  writer.optionalBlock('memtune', [], () => {
    for (const [name, property] of LIMITS) {
      const limit = memtune[property];
      if (limit !== undefined && limit < MEMORY_UNLIMITED_KIB) writer.text(name, limit, [['unit', 'KiB']]);
    }
  });
}
