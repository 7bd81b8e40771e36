// <memory>, <currentMemory>, <maxMemory>, <memoryBacking>.

import { libvirtError } from '../../errors.ts';
import { formatBitmap, parseBitmap } from '../../values/bitmap.ts';
import { parseUint32 } from '../../values/numbers.ts';
import { LARGEST_SIZE, scaledValue } from '../../values/units.ts';
import { onOff as onOffAttribute } from '../../xml/attributes.ts';
import type { EchoedElement } from '../../xml/echoed.ts';
import {
  type EchoRule,
  echoChild,
  echoedAttribute,
  echoedElement,
  flag,
  oldEnum,
  oldPositive,
  unlessEmpty,
  writeEchoed,
} from '../../xml/echoed.ts';
import { attributeOf, childOf, mergedChild, type XmlElement } from '../../xml/element.ts';
import { memoryChild } from '../../xml/scaled.ts';
import type { XmlWriter } from '../../xml/writer.ts';
import type { DomainDefinition } from '../definition.ts';
import { NODE_MASK_BITS } from './numatune.ts';

export interface MemorySizes {
  memoryKiB: number;
  currentMemoryKiB: number | undefined;
  memoryDumpCore?: 'on' | 'off';
  maxMemoryKiB: number | undefined;
  slots: number | undefined;
}

export function parseMemory(domain: XmlElement): MemorySizes {
  const memoryKiB = memoryChild(domain, 'memory') ?? 0;
  const currentMemoryKiB = memoryChild(domain, 'currentMemory');
  const maxMemoryKiB = memoryChild(domain, 'maxMemory');
  const maxMemory = mergedChild(domain, 'maxMemory');
  const slotsText = (maxMemory && attributeOf(maxMemory, 'slots')) || undefined;
  const slots = slotsText === undefined ? undefined : parseUint32(slotsText);
  if (slotsText !== undefined && slots === undefined) throw libvirtError('XML_ERROR', 'Failed to parse memory slot count');
  const memory = childOf(domain, 'memory');
  const dumpCore = memory && onOffAttribute(memory, 'dumpCore');
  return { memoryKiB, currentMemoryKiB, maxMemoryKiB, slots, ...(dumpCore && { memoryDumpCore: dumpCore }) };
}

/** The sizes that count, `numaKiB` being what the NUMA cells of <cpu> add up to. */
export function settleMemory(sizes: MemorySizes, numaKiB: number): { memoryKiB: number; currentMemoryKiB: number } {
  const memoryKiB = sizes.memoryKiB || numaKiB;
  if (memoryKiB === 0) throw libvirtError('XML_ERROR', 'Memory size must be specified via <memory> or in the <numa> configuration');
  const wanted = sizes.currentMemoryKiB ?? 0;
  const currentMemoryKiB = wanted > memoryKiB || wanted === 0 ? memoryKiB : wanted;
  const { maxMemoryKiB = 0, slots = 0 } = sizes;
  if ((maxMemoryKiB === 0) !== (slots === 0))
    throw libvirtError('XML_ERROR', 'both maximum memory size and memory slot count must be specified');
  if (maxMemoryKiB !== 0 && maxMemoryKiB < memoryKiB)
    throw libvirtError('XML_ERROR', 'maximum memory size must be equal or greater than the actual memory size');
  return { memoryKiB, currentMemoryKiB };
}

/** A container cannot be given more memory than it was started with. */
export function rejectMaxMemory({ maxMemoryKiB }: MemorySizes): void {
  if (maxMemoryKiB)
    throw libvirtError('CONFIG_UNSUPPORTED', 'memory hotplug tunables <maxMemory> are not supported by this hypervisor driver');
}

const HUGEPAGES: EchoRule = {
  name: 'hugepages',
  merged: true,
  children: [
    {
      name: 'page',
      many: true,
      attributes: [],
      finish: (_echoed, page): EchoedElement => {
        const size = attributeOf(page, 'size');
        if (!size) throw libvirtError('XML_ERROR', "missing element or attribute './@size'");
        const bytes = scaledValue(size, attributeOf(page, 'unit'), './@size', { defaultScale: 1024n, limit: LARGEST_SIZE });
        if (bytes === 0n) throw libvirtError('PLAIN', "hugepage size can't be zero");
        const nodeset = attributeOf(page, 'nodeset');
        return echoedElement('page', [
          ['size', String((bytes + 1023n) / 1024n)],
          ['unit', 'KiB'],
          ['nodeset', nodeset === undefined ? undefined : nodesOf(nodeset)],
        ]);
      },
    },
  ],
};

function nodesOf(text: string): string {
  const nodes = parseBitmap(text, NODE_MASK_BITS);
  if (nodes.length === 0) throw libvirtError('CONFIG_UNSUPPORTED', `Invalid value of 'nodeset': ${text}`);
  return formatBitmap(nodes);
}

const MEMORY_BACKING: EchoRule = {
  name: 'memoryBacking',
  merged: true,
  omitEmpty: true,
  children: [
    HUGEPAGES,
    flag('nosharepages'),
    flag('locked'),
    {
      name: 'source',
      omitEmpty: true,
      attributes: [
        ['type', unlessEmpty(oldEnum(['file', 'anonymous', 'memfd'], (value) => `unknown memoryBacking/source/type '${value}'`))],
      ],
    },
    {
      name: 'access',
      omitEmpty: true,
      attributes: [['mode', unlessEmpty(oldEnum(['shared', 'private'], (value) => `unknown memoryBacking/access/mode '${value}'`))]],
    },
    {
      name: 'allocation',
      omitEmpty: true,
      attributes: [
        ['mode', unlessEmpty(oldEnum(['immediate', 'ondemand'], (value) => `unknown memoryBacking/allocation/mode '${value}'`))],
        ['threads', unlessEmpty(oldPositive(() => 'Failed to parse memory allocation threads'))],
      ],
    },
    flag('discard'),
  ],
};

export function parseMemoryBacking(domain: XmlElement): EchoedElement | undefined {
  return echoChild(MEMORY_BACKING, domain);
}

/** Huge pages are for NUMA nodes that the guest has, of which there are `cells`; one size at most is for the rest. */
export function validateMemoryBacking(backing: EchoedElement | undefined, cells: number): void {
  const pages = backing?.children.find(({ name }) => name === 'hugepages')?.children ?? [];
  let master: string | undefined;
  for (const page of pages) {
    const nodeset = echoedAttribute(page, 'nodeset');
    const size = echoedAttribute(page, 'size') ?? '';
    if (nodeset === '0' && cells === 0) page.attributes = page.attributes.filter(([name]) => name !== 'nodeset');
    else if (nodeset !== undefined) {
      const missing = parseBitmap(nodeset, NODE_MASK_BITS).find((node) => node >= cells);
      if (missing !== undefined) throw libvirtError('PLAIN', `hugepages: node ${missing} not found`);
      continue;
    }
    if (master !== undefined) throw libvirtError('PLAIN', `two master hugepages detected: ${size} and ${master}`);
    master = size;
  }
}

export function writeMemory(writer: XmlWriter, definition: DomainDefinition): void {
  writer.text('memory', definition.memoryKiB, [
    ['dumpCore', definition.memoryDumpCore],
    ['unit', 'KiB'],
  ]);
  writer.text('currentMemory', definition.currentMemoryKiB, [['unit', 'KiB']]);
}

export function writeMemoryBacking(writer: XmlWriter, definition: DomainDefinition): void {
  if (definition.memoryBacking) writeEchoed(writer, definition.memoryBacking);
}
