// <cputune>: shares, period, quota and pins count; schedulers and caches are kept for show.

import { libvirtError } from '../../errors.ts';
import { formatBitmap, parseBitmap } from '../../values/bitmap.ts';
import { parseInt64, parseUint64 } from '../../values/numbers.ts';
import { integerAttribute, requiredEnum, unsignedAttribute } from '../../xml/attributes.ts';
import type { EchoedElement } from '../../xml/echoed.ts';
import { type EchoRule, echoChildren, echoedElement, oneOf, orElse, required, string, unsigned, writeEchoed } from '../../xml/echoed.ts';
import { attributeOf, childOf, childrenOf, mergedChild, textOf, type XmlElement } from '../../xml/element.ts';
import type { XmlWriter } from '../../xml/writer.ts';
import type { Cputune, DomainDefinition } from '../definition.ts';
import { CPU_MASK_BITS } from './vcpu.ts';

const PERIOD_RANGE = [1000, 1000000] as const;
const QUOTA_RANGE = [1000, 17592186044415] as const;
const SHARES_RANGE = [2, 262144] as const;

const BANDWIDTHS: readonly [name: string, word: string][] = [
  ['period', 'period'],
  ['quota', 'quota'],
  ['global_period', 'global period'],
  ['global_quota', 'global quota'],
  ['emulator_period', 'emulator period'],
  ['emulator_quota', 'emulator quota'],
  ['iothread_period', 'iothread period'],
  ['iothread_quota', 'iothread quota'],
];

export interface Processors {
  vcpus: number;
  /** How many of them the domain starts with. */
  online: number;
  /** Ids. */
  iothreads: ReadonlySet<number>;
}

export function parseCputune(domain: XmlElement, { vcpus, online, iothreads }: Processors): Cputune {
  const cputune: Cputune = { others: [] };
  const element = mergedChild(domain, 'cputune');
  if (element === undefined) return cputune;
  const shares = value(element, 'shares', 'shares', parseUint64);
  if (shares !== undefined) cputune.shares = Number(shares);
  for (const [name, word] of BANDWIDTHS) {
    const isQuota = name.endsWith('quota');
    const number = value(element, name, word, isQuota ? parseInt64 : parseUint64);
    if (number === undefined || number === 0n) continue;
    if (name === 'period') cputune.periodUs = Number(number);
    else if (name === 'quota') cputune.quotaUs = Number(number);
    else cputune.others.push(echoedElement(name, [], [], String(number)));
  }
  const pins = parsePins(element, online, iothreads);
  const schedulers = parseSchedulers(element, vcpus, iothreads);
  cputune.others.push(...pins, ...schedulers, ...echoChildren([CACHETUNE, MEMORYTUNE], element));
  return cputune;
}

function value(element: XmlElement, name: string, word: string, parse: (text: string) => bigint | undefined): bigint | undefined {
  const child = childOf(element, name);
  const text = child && textOf(child);
  if (!text) return undefined;
  const number = parse(text);
  if (number === undefined) throw libvirtError('XML_ERROR', `can't parse cputune ${word} value`);
  return number;
}

/** A quota below 0 is none. */
export function validateCputune({ shares, periodUs, quotaUs, others }: Cputune): void {
  inRange('shares', shares, SHARES_RANGE);
  const given = new Map<string, string | number | undefined>([
    ['period', periodUs],
    ['quota', quotaUs],
  ]);
  for (const { name, text } of others) given.set(name, text);
  for (const [name] of BANDWIDTHS) inRange(name, given.get(name), name.endsWith('quota') ? QUOTA_RANGE : PERIOD_RANGE);
}

function inRange(name: string, number: number | string | undefined, [least, most]: readonly [number, number]): void {
  const value = Number(number ?? 0);
  if (value !== 0 && !(value < 0 && name.endsWith('quota')) && (value < least || value > most))
    throw libvirtError('CONFIG_UNSUPPORTED', `Value of cputune '${name}' must be in range [${least}, ${most}]`);
}

function parsePins(element: XmlElement, vcpus: number, iothreads: ReadonlySet<number>): EchoedElement[] {
  const byVcpu = new Map<number, string>();
  for (const pin of childrenOf(element, 'vcpupin')) {
    const vcpu = unsignedAttribute(pin, 'vcpu', { required: true }) as number;
    const cpuset = cpusetOf(pin, 'vcpupin');
    if (byVcpu.has(vcpu)) throw libvirtError('INTERNAL_ERROR', `duplicate vcpupin for vcpu '${vcpu}'`);
    // Pinning of vCPUs that do not exist is forgotten.
    if (vcpu < vcpus) byVcpu.set(vcpu, cpuset);
  }
  const pins = [...byVcpu]
    .sort(([a], [b]) => a - b)
    .map(([vcpu, cpuset]) =>
      echoedElement('vcpupin', [
        ['vcpu', String(vcpu)],
        ['cpuset', cpuset],
      ]),
    );
  const emulator = childrenOf(element, 'emulatorpin');
  if (emulator.length > 1) throw libvirtError('XML_ERROR', 'only one emulatorpin is supported');
  for (const pin of emulator) pins.push(echoedElement('emulatorpin', [['cpuset', cpusetOf(pin, 'emulatorpin')]]));
  const byThread = new Map<number, string>();
  for (const pin of childrenOf(element, 'iothreadpin')) {
    const thread = unsignedAttribute(pin, 'iothread', { required: true, nonZero: true }) as number;
    if (!iothreads.has(thread)) throw libvirtError('CONFIG_UNSUPPORTED', `Cannot find 'iothread' : ${thread}`);
    const cpuset = cpusetOf(pin, 'iothreadpin');
    if (byThread.has(thread)) throw libvirtError('INTERNAL_ERROR', `duplicate iothreadpin for same iothread '${thread}'`);
    byThread.set(thread, cpuset);
  }
  for (const thread of iothreads) {
    const cpuset = byThread.get(thread);
    if (cpuset === undefined) continue;
    pins.push(
      echoedElement('iothreadpin', [
        ['iothread', String(thread)],
        ['cpuset', cpuset],
      ]),
    );
  }
  return pins;
}

function cpusetOf(pin: XmlElement, kind: string): string {
  const text = attributeOf(pin, 'cpuset');
  if (text === undefined) throw libvirtError('INTERNAL_ERROR', `missing cpuset for ${kind}`);
  const cpus = parseBitmap(text, CPU_MASK_BITS);
  if (cpus.length === 0) throw libvirtError('CONFIG_UNSUPPORTED', `Invalid value of 'cpuset': ${text}`);
  return formatBitmap(cpus);
}

/** One line for each vCPU or thread, whatever the grouping was. */
function parseSchedulers(element: XmlElement, vcpus: number, iothreads: ReadonlySet<number>): EchoedElement[] {
  return [
    ...listedSchedulers(element, 'vcpusched', 'vcpus', (vcpu) => {
      if (vcpu >= vcpus) throw libvirtError('CONFIG_UNSUPPORTED', `vCPU '${vcpu}' is not present in domain definition`);
    }),
    ...listedSchedulers(element, 'iothreadsched', 'iothreads', (thread) => {
      if (!iothreads.has(thread)) throw libvirtError('CONFIG_UNSUPPORTED', `Cannot find 'iothread' : ${thread}`);
    }),
    ...emulatorScheduler(element),
  ];
}

function listedSchedulers(element: XmlElement, name: string, attribute: string, check: (member: number) => void): EchoedElement[] {
  const chosen = new Map<number, ReturnType<typeof policy>>();
  for (const child of childrenOf(element, name)) {
    const text = attributeOf(child, attribute);
    if (text === undefined) throw libvirtError('XML_ERROR', `Missing attribute '${attribute}' in element '${name}'`);
    const members = parseBitmap(text, CPU_MASK_BITS);
    if (members.length === 0) throw libvirtError('CONFIG_UNSUPPORTED', `'${attribute}' scheduler bitmap '${text}' is empty`);
    const scheduler = policy(child);
    for (const member of members) {
      check(member);
      if (chosen.has(member)) throw libvirtError('PLAIN', `'${name}' attributes '${attribute}' must not overlap`);
      chosen.set(member, scheduler);
    }
  }
  return [...chosen]
    .sort(([a], [b]) => a - b)
    .map(([member, scheduler]) => echoedElement(name, [[attribute, String(member)], ...scheduler]));
}

function policy(element: XmlElement): [string, string | undefined][] {
  const scheduler = requiredEnum(element, 'scheduler', ['batch', 'idle', 'fifo', 'rr']);
  const realTime = scheduler === 'fifo' || scheduler === 'rr';
  const priority = realTime ? integerAttribute(element, 'priority', { required: true }) : undefined;
  return [
    ['scheduler', scheduler],
    ['priority', priority === undefined ? undefined : String(priority)],
  ];
}

function emulatorScheduler(element: XmlElement): EchoedElement[] {
  const found = childrenOf(element, 'emulatorsched');
  if (found.length > 1) throw libvirtError('XML_ERROR', 'only one emulatorsched is supported');
  return found.map((child) => echoedElement('emulatorsched', policy(child)));
}

const CACHETUNE: EchoRule = {
  name: 'cachetune',
  many: true,
  omitEmpty: true,
  attributes: [['vcpus', string]],
  children: [
    {
      name: 'cache',
      many: true,
      attributes: [
        ['id', required(unsigned)],
        ['level', required(unsigned)],
        ['type', required(oneOf('both', 'code', 'data'))],
        ['size', string],
        ['unit', orElse(string, 'KiB')],
      ],
    },
    {
      name: 'monitor',
      many: true,
      attributes: [
        ['level', required(unsigned)],
        ['vcpus', string],
      ],
    },
  ],
};

const MEMORYTUNE: EchoRule = {
  name: 'memorytune',
  many: true,
  omitEmpty: true,
  attributes: [['vcpus', string]],
  children: [
    {
      name: 'node',
      many: true,
      attributes: [
        ['id', required(unsigned)],
        ['bandwidth', required(unsigned)],
      ],
    },
  ],
};

export function writeCputune(writer: XmlWriter, { cputune }: DomainDefinition): void {
  writer.optionalBlock('cputune', [], () => {
    writer.text('shares', cputune.shares);
    writer.text('period', cputune.periodUs || undefined);
    writer.text('quota', cputune.quotaUs || undefined);
    for (const other of cputune.others) writeEchoed(writer, other);
  });
}
