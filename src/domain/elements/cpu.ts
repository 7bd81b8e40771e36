// <cpu>: kept and printed; only its NUMA cells say anything that other elements are measured by.

import { libvirtError } from '../../errors.ts';
import { formatBitmap, parseBitmap } from '../../values/bitmap.ts';
import { LARGEST_SIZE, scaledValue } from '../../values/units.ts';
import { enumAttribute, ON_OFF, unsignedAttribute, YES_NO } from '../../xml/attributes.ts';
import type { EchoedElement } from '../../xml/echoed.ts';
import {
  type EchoRule,
  echoChildren,
  echoedAttribute,
  echoedElement,
  isBare,
  nonNegative,
  oneOf,
  orElse,
  required,
  string,
  unsigned,
  unsigned64,
} from '../../xml/echoed.ts';
import { attributeOf, childOf, childrenOf, textOf, type XmlElement } from '../../xml/element.ts';
import { CPU_MASK_BITS } from './vcpu.ts';

export interface ParsedCpu {
  cpu: EchoedElement | undefined;
  numa: { cells: number; memoryKiB: number; cpus: number; highestCpu: number };
}

const NO_NUMA: ParsedCpu['numa'] = { cells: 0, memoryKiB: 0, cpus: 0, highestCpu: 0 };
const MODES = ['custom', 'host-model', 'host-passthrough', 'maximum'];

export function parseCpu(domain: XmlElement): ParsedCpu {
  const element = childOf(domain, 'cpu');
  if (element === undefined) return { cpu: undefined, numa: NO_NUMA };
  const modeText = attributeOf(element, 'mode');
  if (modeText !== undefined && !MODES.includes(modeText)) throw libvirtError('CONFIG_UNSUPPORTED', `Invalid mode attribute '${modeText}'`);
  const modelElement = childOf(element, 'model');
  const mode = modeText ?? 'custom';
  const matchGiven = enumAttribute(element, 'match', ['minimum', 'exact', 'strict']);
  const check = enumAttribute(element, 'check', ['none', 'partial', 'full']);
  const migratable = enumAttribute(element, 'migratable', ON_OFF);
  if (migratable !== undefined && mode !== 'host-passthrough' && mode !== 'maximum')
    throw libvirtError('CONFIG_UNSUPPORTED', "Attribute migratable is only allowed for 'host-passthrough' / 'maximum' CPU mode");
  const model = modelElement && parseModel(modelElement, mode);
  const children: EchoedElement[] = model ? [model] : [];
  const hasModel = modelElement !== undefined && textOf(modelElement) !== '';
  const named = mode === 'custom' || mode === 'host-model';
  if (named) children.push(...echoChildren([{ name: 'vendor', text: (text) => text || undefined }], element));
  if (childOf(element, 'vendor') && !hasModel) throw libvirtError('XML_ERROR', 'CPU vendor specified without CPU model');
  children.push(...parseTopology(element));
  const features = parseFeatures(element, mode, hasModel);
  if (childrenOf(element, 'cache').length > 1) throw libvirtError('XML_ERROR', 'at most one CPU cache element may be specified');
  children.push(...echoChildren([CACHE, MAXPHYSADDR], element), ...features);
  const { numa, cells } = parseNuma(element);
  if (check !== undefined && mode === 'custom' && !hasModel)
    throw libvirtError('CONFIG_UNSUPPORTED', 'check attribute specified for CPU with no model');
  if (numa) children.push(numa);
  const match = mode === 'custom' && hasModel ? (matchGiven ?? 'exact') : undefined;
  const cpu = echoedElement(
    'cpu',
    [
      ['mode', mode === 'custom' && !hasModel ? undefined : mode],
      ['match', match],
      ['check', check],
      ['migratable', migratable],
    ],
    children,
  );
  return { cpu: isBare(cpu) ? undefined : cpu, numa: cells };
}

function parseModel(element: XmlElement, mode: string): EchoedElement | undefined {
  const fallback = attributeOf(element, 'fallback');
  if (fallback && fallback !== 'allow' && fallback !== 'forbid') throw libvirtError('CONFIG_UNSUPPORTED', 'Invalid fallback attribute');
  const vendorId = attributeOf(element, 'vendor_id');
  if (vendorId !== undefined && vendorId.length !== 12) throw libvirtError('XML_ERROR', 'vendor_id must be exactly 12 characters long');
  if (vendorId?.includes(',')) throw libvirtError('XML_ERROR', 'vendor id is invalid');
  const text = textOf(element);
  // The two modes that take the host's CPU as it is have no model to name.
  if (mode === 'host-passthrough' || mode === 'maximum') return undefined;
  if (text !== '') {
    return echoedElement(
      'model',
      [
        ['fallback', fallback || 'allow'],
        ['vendor_id', vendorId],
      ],
      [],
      text,
    );
  }
  const kept = echoedElement('model', [['vendor_id', vendorId]]);
  return isBare(kept) ? undefined : kept;
}

function parseTopology(element: XmlElement): EchoedElement[] {
  const topology = childOf(element, 'topology');
  if (topology === undefined) return [];
  const attributes = ['sockets', 'dies', 'cores', 'threads'].map((name): [string, string] => {
    const value = unsignedAttribute(topology, name, { required: name !== 'dies', nonZero: true });
    return [name, String(value ?? 1)];
  });
  return [echoedElement('topology', attributes)];
}

const CACHE: EchoRule = {
  name: 'cache',
  attributes: [
    ['level', nonNegative],
    ['mode', required(oneOf('emulate', 'passthrough', 'disable'))],
  ],
  finish: (echoed) => {
    const level = echoedAttribute(echoed, 'level');
    if (level !== undefined && (level === '0' || Number(level) > 3))
      throw libvirtError('XML_ERROR', 'invalid CPU cache level, must be in range [1,3]');
    return echoed;
  },
};

const MAXPHYSADDR: EchoRule = {
  name: 'maxphysaddr',
  attributes: [
    ['mode', required(oneOf('emulate', 'passthrough'))],
    ['bits', nonNegative],
  ],
};

function parseFeatures(element: XmlElement, mode: string, hasModel: boolean): EchoedElement[] {
  const features = childrenOf(element, 'feature');
  if (features.length > 0 && mode === 'custom' && !hasModel)
    throw libvirtError('XML_ERROR', 'Non-empty feature list specified without CPU model');
  const seen = new Set<string>();
  return features.map((feature) => {
    const policy = attributeOf(feature, 'policy');
    if (policy !== undefined && !['force', 'require', 'optional', 'disable', 'forbid'].includes(policy))
      throw libvirtError('CONFIG_UNSUPPORTED', 'Invalid CPU feature policy');
    const name = attributeOf(feature, 'name');
    if (!name) throw libvirtError('XML_ERROR', 'Invalid CPU feature name');
    if (seen.has(name)) throw libvirtError('XML_ERROR', `CPU feature '${name}' specified more than once`);
    seen.add(name);
    return echoedElement('feature', [
      ['policy', policy ?? 'require'],
      ['name', name],
    ]);
  });
}

// -- NUMA --------------------------------------------------------------------------------------------------------------------

function parseNuma(element: XmlElement): { numa: EchoedElement | undefined; cells: ParsedCpu['numa'] } {
  const numa = childOf(element, 'numa');
  const cells = numa ? childrenOf(numa, 'cell') : [];
  if (numa === undefined || cells.length === 0) {
    if (numa) throw libvirtError('XML_ERROR', 'NUMA topology defined without NUMA cells');
    return { numa: undefined, cells: NO_NUMA };
  }
  const totals = { cells: cells.length, memoryKiB: 0, cpus: 0, highestCpu: 0 };
  const owners = new Map<number, number>();
  const kept: EchoedElement[] = [];
  cells.forEach((cell, index) => {
    const id = cellId(cell, index, cells.length);
    if (kept[id] !== undefined) throw libvirtError('XML_ERROR', `Duplicate NUMA cell info for cell id '${id}'`);
    const cpusText = attributeOf(cell, 'cpus');
    const cpus = cpusText === undefined ? [] : parseBitmap(cpusText, CPU_MASK_BITS);
    if (cpusText !== undefined && cpus.length === 0) throw libvirtError('CONFIG_UNSUPPORTED', `NUMA cell ${id} has no vCPUs assigned`);
    for (const cpu of cpus) {
      const owner = owners.get(cpu);
      if (owner !== undefined) throw libvirtError('CONFIG_UNSUPPORTED', `NUMA cells ${id} and ${owner} have overlapping vCPU ids`);
      owners.set(cpu, id);
      totals.highestCpu = Math.max(totals.highestCpu, cpu);
    }
    totals.cpus += cpus.length;
    const memory = attributeOf(cell, 'memory');
    if (!memory) throw libvirtError('XML_ERROR', "missing element or attribute './@memory'");
    const bytes = scaledValue(memory, attributeOf(cell, 'unit'), './@memory', { defaultScale: 1024n, limit: LARGEST_SIZE });
    const kib = Number((bytes + 1023n) / 1024n);
    totals.memoryKiB += kib;
    const memAccess = enumAttribute(cell, 'memAccess', ['shared', 'private']);
    const discard = enumAttribute(cell, 'discard', YES_NO);
    kept[id] = echoedElement(
      'cell',
      [
        ['id', String(id)],
        ['cpus', cpusText === undefined ? undefined : formatBitmap(cpus)],
        ['memory', String(kib)],
        ['unit', 'KiB'],
        ['memAccess', memAccess],
        ['discard', discard],
      ],
      echoChildren([NUMA_CACHE], cell),
    );
  });
  addDistances(kept, cells);
  const interconnects = echoChildren([INTERCONNECTS], numa);
  return { numa: echoedElement('numa', [], [...kept, ...interconnects]), cells: totals };
}

function cellId(cell: XmlElement, fallback: number, count: number): number {
  const id = unsignedAttribute(cell, 'id') ?? fallback;
  if (id >= count)
    throw libvirtError(
      'XML_ERROR',
      `Exactly one 'cell' element per guest NUMA cell allowed, non-contiguous ranges or ranges not starting from 0 are not allowed`,
    );
  return id;
}

const LOCAL_DISTANCE = 10;

/** A distance counts both ways, and every cell is near to itself. */
function addDistances(kept: readonly EchoedElement[], cells: readonly XmlElement[]): void {
  const table = new Map<number, Map<number, number>>();
  const set = (from: number, to: number, value: number): void => {
    const row = table.get(from) ?? new Map<number, number>();
    if (!row.has(to)) row.set(to, value);
    table.set(from, row);
  };
  cells.forEach((cell, index) => {
    const from = unsignedAttribute(cell, 'id') ?? index;
    const distances = childOf(cell, 'distances');
    for (const sibling of distances ? childrenOf(distances, 'sibling') : []) {
      const to = unsignedAttribute(sibling, 'id', { required: true }) as number;
      if (to >= cells.length)
        throw libvirtError('XML_ERROR', `'sibling_id ${to}' does not refer to a valid cell within NUMA 'cell id ${from}'`);
      const value = unsignedAttribute(sibling, 'value', { required: true }) as number;
      if (value < LOCAL_DISTANCE || value > 255)
        throw libvirtError('XML_ERROR', `'value ${value}' is invalid for 'sibling id ${to}' under NUMA 'cell id ${from}'`);
      if (to === from && value !== LOCAL_DISTANCE)
        throw libvirtError('XML_ERROR', `'value ${value}' is invalid for 'sibling id ${to}' under NUMA 'cell id ${from}'`);
      table.get(from)?.delete(to);
      set(from, to, value);
      set(to, from, value);
      set(from, from, LOCAL_DISTANCE);
      set(to, to, LOCAL_DISTANCE);
    }
  });
  for (const [from, row] of table) {
    const siblings = [...row]
      .sort(([a], [b]) => a - b)
      .map(([to, value]) =>
        echoedElement('sibling', [
          ['id', String(to)],
          ['value', String(value)],
        ]),
      );
    kept[from]?.children.unshift(echoedElement('distances', [], siblings));
  }
}

const MEASURE = (name: string): EchoRule => ({
  name,
  attributes: [
    ['value', required(unsigned)],
    ['unit', orElse(string, 'KiB')],
  ],
});

const NUMA_CACHE: EchoRule = {
  name: 'cache',
  many: true,
  attributes: [
    ['level', required(unsigned)],
    ['associativity', required(oneOf('none', 'direct', 'full'))],
    ['policy', required(oneOf('none', 'writeback', 'writethrough'))],
  ],
  children: [MEASURE('size'), MEASURE('line')],
};

const LINK_ATTRIBUTES: NonNullable<EchoRule['attributes']> = [
  ['initiator', required(unsigned)],
  ['target', required(unsigned)],
  ['cache', unsigned],
  ['type', required(oneOf('access', 'read', 'write'))],
  ['value', required(unsigned64)],
];

const INTERCONNECTS: EchoRule = {
  name: 'interconnects',
  omitEmpty: true,
  children: [
    { name: 'latency', many: true, attributes: LINK_ATTRIBUTES },
    { name: 'bandwidth', many: true, attributes: [...LINK_ATTRIBUTES, ['unit', orElse(string, 'KiB')]] },
  ],
};
