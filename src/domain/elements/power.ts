// <pm>, <perf>, <keywrap>, <launchSecurity>: for virtual machines, kept and printed.

import { libvirtError } from '../../errors.ts';
import { parseUint32 } from '../../values/numbers.ts';
import { requiredEnum, YES_NO } from '../../xml/attributes.ts';
import type { EchoedElement } from '../../xml/echoed.ts';
import { type EchoRule, echo, echoedElement, hex, oneOf, onOff, required, yesNo } from '../../xml/echoed.ts';
import { attributeOf, childOf, childrenOf, mergedChild, textOf, type XmlElement } from '../../xml/element.ts';

const PM: EchoRule = {
  name: 'pm',
  omitEmpty: true,
  children: ['suspend-to-mem', 'suspend-to-disk'].map((name) => ({ name, omitEmpty: true, attributes: [['enabled', yesNo]] })),
};

export function parsePm(domain: XmlElement): EchoedElement | undefined {
  const element = childOf(domain, 'pm');
  return element && echo(PM, element);
}

const EVENTS =
  'cmt mbmt mbml cpu_cycles instructions cache_references cache_misses branch_instructions branch_misses bus_cycles stalled_cycles_frontend stalled_cycles_backend ref_cpu_cycles cpu_clock task_clock page_faults context_switches cpu_migrations page_faults_min page_faults_maj alignment_faults emulation_faults'.split(
    ' ',
  );

export function parsePerf(domain: XmlElement): EchoedElement | undefined {
  const element = mergedChild(domain, 'perf');
  if (element === undefined) return undefined;
  const chosen = new Map<string, string>();
  for (const event of childrenOf(element, 'event')) {
    const name = requiredEnum(event, 'name', EVENTS);
    const enabled = requiredEnum(event, 'enabled', YES_NO);
    if (chosen.has(name)) throw libvirtError('XML_ERROR', `perf event '${name}' was already specified`);
    chosen.set(name, enabled);
  }
  if (chosen.size === 0) return undefined;
  return echoedElement(
    'perf',
    [],
    EVENTS.flatMap((name) => {
      const enabled = chosen.get(name);
      return enabled === undefined
        ? []
        : [
            echoedElement('event', [
              ['name', name],
              ['enabled', enabled],
            ]),
          ];
    }),
  );
}

const CIPHER: EchoRule = {
  name: 'cipher',
  attributes: [
    ['name', required(oneOf('aes', 'dea'))],
    ['state', required(onOff)],
  ],
};

export function parseKeywrap(domain: XmlElement): EchoedElement | undefined {
  const keywrap = mergedChild(domain, 'keywrap');
  if (keywrap === undefined) return undefined;
  const ciphers = new Map<string, EchoedElement>();
  for (const element of childrenOf(keywrap, 'cipher')) {
    const cipher = echo(CIPHER, element)!;
    const name = attributeOf(element, 'name') ?? '';
    if (ciphers.has(name))
      throw libvirtError('INTERNAL_ERROR', `A domain definition can have no more than one cipher node with name ${name}`);
    ciphers.set(name, cipher);
  }
  const kept = ['aes', 'dea'].flatMap((name) => ciphers.get(name) ?? []);
  return kept.length > 0 ? echoedElement('keywrap', [], kept) : undefined;
}

export function parseLaunchSecurity(domain: XmlElement): EchoedElement | undefined {
  const element = childOf(domain, 'launchSecurity');
  return element && readLaunchSecurity(element);
}

function readLaunchSecurity(element: XmlElement): EchoedElement {
  const type = requiredEnum(element, 'type', ['sev', 's390-pv']);
  if (type === 's390-pv') return echoedElement('launchSecurity', [['type', type]]);
  const kernelHashes = yesNo(element, 'kernelHashes');
  const text = (name: string): string | undefined => {
    const child = childOf(element, name);
    return (child && textOf(child)) || undefined;
  };
  const number = (name: string, word: string): string | undefined => {
    const written = text(name);
    if (written === undefined) return undefined;
    const value = parseUint32(written);
    if (value === undefined) throw libvirtError('XML_ERROR', `Invalid format for launch security ${word}`);
    return String(value);
  };
  const policyText = text('policy');
  const policy = policyText === undefined ? undefined : parseUint32(policyText, 16);
  if (policy === undefined) throw libvirtError('XML_ERROR', 'failed to get launch security policy');
  const cbitpos = number('cbitpos', 'cbitpos');
  const reduced = number('reducedPhysBits', 'reduced-phys-bits');
  const children: EchoedElement[] = [];
  const add = (name: string, value: string | undefined): void => {
    if (value !== undefined) children.push(echoedElement(name, [], [], value));
  };
  add('cbitpos', cbitpos);
  add('reducedPhysBits', reduced);
  add('policy', hex(policy, 4));
  add('dhCert', text('dhCert'));
  add('session', text('session'));
  return echoedElement(
    'launchSecurity',
    [
      ['type', type],
      ['kernelHashes', kernelHashes],
    ],
    children,
  );
}
