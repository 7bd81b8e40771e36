// <numatune>: which NUMA nodes the container's memory comes from.

import { libvirtError } from '../../errors.ts';
import { formatBitmap, parseBitmap } from '../../values/bitmap.ts';
import { enumAttribute, unsignedAttribute } from '../../xml/attributes.ts';
import type { EchoedElement } from '../../xml/echoed.ts';
import { echoedElement, writeEchoed } from '../../xml/echoed.ts';
import { attributeOf, childOf, childrenOf, type XmlElement } from '../../xml/element.ts';
import type { XmlWriter } from '../../xml/writer.ts';
import type { DomainDefinition } from '../definition.ts';

export const NUMA_MODES = ['strict', 'preferred', 'interleave', 'restrictive'] as const;
type Mode = (typeof NUMA_MODES)[number];
export const NODE_MASK_BITS = 1024;

type Numatune = NonNullable<DomainDefinition['numatune']>;

export interface ParsedNumatune {
  numatune: Numatune | undefined;
  numaNodes: EchoedElement[];
}

/** `autoVcpus`: the vCPUs are placed automatically, and memory follows. `cells`: NUMA cells that <cpu> defines. */
export function parseNumatune(domain: XmlElement, autoVcpus: boolean, cells: number): ParsedNumatune {
  const [element, ...more] = childrenOf(domain, 'numatune');
  if (more.length > 0) throw libvirtError('XML_ERROR', 'only one numatune is supported');
  const numatune = element && parseMemoryNodes(element, autoVcpus);
  const numaNodes = element ? parseNodes(element, cells, numatune?.placement === 'auto') : [];
  return { numatune: numatune ?? (autoVcpus && !hasMemory(element) ? { mode: 'strict', placement: 'auto' } : undefined), numaNodes };
}

function hasMemory(element: XmlElement | undefined): boolean {
  return element !== undefined && childOf(element, 'memory') !== undefined;
}

function parseMemoryNodes(element: XmlElement, autoVcpus: boolean): Numatune | undefined {
  const memory = childOf(element, 'memory');
  if (memory === undefined) return undefined;
  const mode = modeOf(memory);
  const text = attributeOf(memory, 'placement');
  if (text !== undefined && text !== 'default' && text !== 'static' && text !== 'auto')
    throw libvirtError('CONFIG_UNSUPPORTED', `Unsupported NUMA memory placement mode '${text}'`);
  const nodeset = nodesetOf(memory);
  if (text === undefined && attributeOf(memory, 'mode') === undefined && nodeset === undefined && !autoVcpus) return undefined;
  const given = text === 'default' ? undefined : text;
  const placement = given ?? (nodeset !== undefined || !autoVcpus ? 'static' : 'auto');
  if (placement === 'auto') return { mode, placement };
  if (nodeset === undefined)
    throw libvirtError('CONFIG_UNSUPPORTED', "nodeset for NUMA memory tuning must be set if 'placement' is 'static'");
  return { mode, nodeset, placement };
}

function modeOf(memory: XmlElement): Mode {
  const text = attributeOf(memory, 'mode');
  const mode = text === undefined ? 'strict' : NUMA_MODES.find((known) => known === text);
  if (mode === undefined) throw libvirtError('CONFIG_UNSUPPORTED', `Unsupported NUMA memory tuning mode '${text}'`);
  return mode;
}

function nodesetOf(element: XmlElement): string | undefined {
  const text = attributeOf(element, 'nodeset');
  if (text === undefined) return undefined;
  const nodes = parseBitmap(text, NODE_MASK_BITS);
  if (nodes.length === 0) throw libvirtError('CONFIG_UNSUPPORTED', `Invalid value of 'nodeset': ${text}`);
  return formatBitmap(nodes);
}

function parseNodes(element: XmlElement, cells: number, auto: boolean): EchoedElement[] {
  const nodes = childrenOf(element, 'memnode');
  if (nodes.length > 0 && auto)
    throw libvirtError('CONFIG_UNSUPPORTED', 'Per-node binding is not compatible with automatic NUMA placement.');
  if (nodes.length > 0 && cells === 0) throw libvirtError('XML_ERROR', "Element 'memnode' is invalid without any guest NUMA cells");
  const seen = new Set<number>();
  const kept = nodes.map((node): [number, EchoedElement] => {
    const cell = unsignedAttribute(node, 'cellid', { required: true }) as number;
    if (cell >= cells)
      throw libvirtError('XML_ERROR', `Argument 'cellid' in memnode element must correspond to existing guest's NUMA cell`);
    if (seen.has(cell)) throw libvirtError('XML_ERROR', 'Multiple memnode elements with cellid ' + cell);
    seen.add(cell);
    const mode = enumAttribute(node, 'mode', NUMA_MODES) ?? 'strict';
    const text = attributeOf(node, 'nodeset');
    if (text === undefined) throw libvirtError('XML_ERROR', 'Missing required nodeset attribute in memnode element');
    return [
      cell,
      echoedElement('memnode', [
        ['cellid', String(cell)],
        ['mode', mode],
        ['nodeset', nodesetOf(node)],
      ]),
    ];
  });
  return kept.sort(([a], [b]) => a - b).map(([, node]) => node);
}

export function writeNumatune(writer: XmlWriter, { numatune, numaNodes }: DomainDefinition): void {
  writer.optionalBlock('numatune', [], () => {
    if (numatune)
      writer.empty('memory', [
        ['mode', numatune.mode],
        ['nodeset', numatune.placement === 'static' ? numatune.nodeset : undefined],
        ['placement', numatune.placement === 'auto' ? 'auto' : undefined],
      ]);
    for (const node of numaNodes) writeEchoed(writer, node);
  });
}
