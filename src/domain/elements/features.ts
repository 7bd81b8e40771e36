// <features>: privnet and capabilities count; the rest belongs to other hypervisors and is kept.

import { libvirtError } from '../../errors.ts';
import { parseUint32 } from '../../values/numbers.ts';
import { LARGEST_SIZE, scaledValue } from '../../values/units.ts';
import { enumAttribute, missingAttribute, ON_OFF, requiredEnum } from '../../xml/attributes.ts';
import type { EchoedElement } from '../../xml/echoed.ts';
import {
  type AttributeReader,
  type EchoRule,
  echo,
  echoedElement,
  flag,
  oneOf,
  onOff,
  orElse,
  required,
  sizeInKiB,
  writeEchoed,
} from '../../xml/echoed.ts';
import { attributeOf, childrenOf, elementsOf, textOf, type XmlElement } from '../../xml/element.ts';
import type { XmlWriter } from '../../xml/writer.ts';
import { CAPABILITIES } from '../capabilities.ts';
import type { CapabilityPolicy, DomainFeatures } from '../definition.ts';

const POLICIES: readonly CapabilityPolicy[] = ['default', 'allow', 'deny'];

/** A switch that is on unless it says otherwise. */
const stated = (name: string): EchoRule => ({ name, attributes: [['state', orElse(onOff, 'on')]] });
const mustState = (name: string): EchoRule => ({ name, attributes: [['state', required(onOff)]] });
const valued = (name: string, attribute: string, read: AttributeReader): EchoRule => ({
  name,
  omitEmpty: true,
  attributes: [[attribute, read]],
});

const SMM: EchoRule = {
  name: 'smm',
  attributes: [['state', orElse(onOff, 'on')]],
  children: [{ name: 'tseg', finish: (_echoed, element) => tseg(element) }],
  finish: (echoed) => (isOn(echoed) ? echoed : { ...echoed, children: [] }),
};

const HYPERV: EchoRule = {
  name: 'hyperv',
  open: true,
  attributes: [['mode', orElse(oneOf('none', 'custom', 'passthrough'), 'custom')]],
  finish: (echoed, element) => ({ ...echoed, children: subfeatures(element, HYPERV_PARTS, 'HyperV Enlightenment') }),
};

const HYPERV_PARTS: readonly EchoRule[] = [
  mustState('relaxed'),
  mustState('vapic'),
  { name: 'spinlocks', attributes: [['state', required(onOff)]], finish: (echoed, element) => spinlocks(echoed, element) },
  mustState('vpindex'),
  mustState('runtime'),
  mustState('synic'),
  {
    name: 'stimer',
    attributes: [['state', required(onOff)]],
    finish: (echoed, element) => ({ ...echoed, children: isOn(echoed) ? stimerParts(element) : [] }),
  },
  mustState('reset'),
  { name: 'vendor_id', attributes: [['state', required(onOff)]], finish: (echoed, element) => vendorId(echoed, element) },
  mustState('frequencies'),
  mustState('reenlightenment'),
  mustState('tlbflush'),
  mustState('ipi'),
  mustState('evmcs'),
  mustState('avic'),
];

const KVM: EchoRule = {
  name: 'kvm',
  open: true,
  finish: (echoed, element) => ({ ...echoed, children: subfeatures(element, KVM_PARTS, 'KVM') }),
};

const KVM_PARTS: readonly EchoRule[] = [
  mustState('hidden'),
  mustState('hint-dedicated'),
  mustState('poll-control'),
  mustState('pv-ipi'),
  { name: 'dirty-ring', attributes: [['state', required(onOff)]], finish: (echoed, element) => dirtyRing(echoed, element) },
];

const XEN: EchoRule = {
  name: 'xen',
  open: true,
  finish: (echoed, element) => ({ ...echoed, children: subfeatures(element, XEN_PARTS, 'Xen') }),
};

const XEN_PARTS: readonly EchoRule[] = [
  mustState('e820_host'),
  {
    name: 'passthrough',
    attributes: [
      ['state', required(onOff)],
      ['mode', oneOf('sync_pt', 'share_pt')],
    ],
    finish: (echoed) => (isOn(echoed) ? echoed : { ...echoed, attributes: echoed.attributes.filter(([name]) => name !== 'mode') }),
  },
];

const MITIGATIONS = ['broken', 'workaround', 'fixed'];

/** Other hypervisors' features in the order of printing. */
const RULES: readonly EchoRule[] = [
  flag('acpi'),
  { name: 'apic', attributes: [['eoi', onOff]] },
  flag('pae'),
  stated('hap'),
  flag('viridian'),
  HYPERV,
  KVM,
  stated('pvspinlock'),
  stated('pmu'),
  stated('vmport'),
  { name: 'gic', attributes: [['version', oneOf('host', '2', '3')]] },
  SMM,
  valued('ioapic', 'driver', oneOf('qemu', 'kvm')),
  {
    name: 'hpt',
    omitEmpty: true,
    attributes: [['resizing', oneOf('enabled', 'disabled', 'required')]],
    children: [sizeInKiB('maxpagesize', './hpt/maxpagesize')],
  },
  stated('vmcoreinfo'),
  mustState('htm'),
  mustState('nested-hv'),
  { name: 'msrs', attributes: [['unknown', required(oneOf('ignore', 'fault'))]] },
  mustState('ccf-assist'),
  XEN,
  valued('cfpc', 'value', oneOf(...MITIGATIONS)),
  valued('sbbc', 'value', oneOf(...MITIGATIONS)),
  valued('ibs', 'value', oneOf('broken', 'workaround', 'fixed-ibs', 'fixed-ccd', 'fixed-na')),
  { name: 'tcg', omitEmpty: true, children: [sizeInKiB('tb-cache', './tcg/tb-cache')] },
];

/** Features that are printed before <privnet>, and those between it and <capabilities>. */
const BEFORE_PRIVNET = new Set(['acpi', 'apic', 'pae', 'hap', 'viridian']);
const BEFORE_CAPABILITIES = new Set(['hyperv', 'kvm', 'pvspinlock']);

export function parseFeatures(domain: XmlElement): DomainFeatures {
  const features: DomainFeatures = { privnet: false, capabilities: { policy: 'default', states: [] }, others: [] };
  const others = new Map<string, EchoedElement>();
  for (const group of childrenOf(domain, 'features'))
    for (const child of elementsOf(group)) {
      if (child.local === 'privnet') features.privnet = true;
      else if (child.local === 'capabilities') parseCapabilities(child, features.capabilities);
      else {
        const rule = RULES.find(({ name }) => name === child.local);
        if (rule === undefined) throw libvirtError('CONFIG_UNSUPPORTED', `unexpected feature '${child.local}'`);
        const echoed = echo(rule, child);
        if (echoed) others.set(rule.name, echoed);
      }
    }
  for (const rule of RULES) {
    const echoed = others.get(rule.name);
    if (echoed) features.others.push(echoed);
  }
  return features;
}

function parseCapabilities(element: XmlElement, capabilities: DomainFeatures['capabilities']): void {
  capabilities.policy = enumAttribute(element, 'policy', POLICIES) ?? 'default';
  const states = new Map(capabilities.states.map(({ name, state }) => [name, state]));
  for (const child of elementsOf(element)) {
    if (!CAPABILITIES.some(([name]) => name === child.local))
      throw libvirtError('CONFIG_UNSUPPORTED', `unexpected capability feature '${child.local}'`);
    states.set(child.local, enumAttribute(child, 'state', ON_OFF) ?? 'on');
  }
  capabilities.states = CAPABILITIES.flatMap(([name]) => {
    const state = states.get(name);
    return state ? [{ name, state }] : [];
  });
}

function isOn(element: EchoedElement): boolean {
  return element.attributes.some(([name, value]) => name === 'state' && value === 'on');
}

function subfeatures(element: XmlElement, parts: readonly EchoRule[], family: string): EchoedElement[] {
  const kept = new Map<string, EchoedElement>();
  for (const child of elementsOf(element)) {
    const rule = parts.find(({ name }) => name === child.local);
    if (rule === undefined) throw libvirtError('CONFIG_UNSUPPORTED', `unsupported ${family} feature: ${child.local}`);
    const echoed = echo(rule, child);
    if (echoed) kept.set(rule.name, echoed);
  }
  return parts.flatMap(({ name }) => kept.get(name) ?? []);
}

function spinlocks(echoed: EchoedElement, element: XmlElement): EchoedElement {
  if (!isOn(echoed)) return echoed;
  const text = attributeOf(element, 'retries');
  if (text === undefined) throw missingAttribute(element, 'retries');
  const retries = parseUint32(text);
  if (retries === undefined)
    throw libvirtError(
      'XML_ERROR',
      `Invalid value for attribute 'retries' in element 'spinlocks': '${text}'. Expected non-negative integer value`,
    );
  if (retries < 4095) throw libvirtError('XML_ERROR', 'HyperV spinlock retry count must be at least 4095');
  return { ...echoed, attributes: [...echoed.attributes, ['retries', String(retries)]] };
}

function stimerParts(element: XmlElement): EchoedElement[] {
  return elementsOf(element).map((child) => {
    if (child.local !== 'direct') throw libvirtError('CONFIG_UNSUPPORTED', `unsupported Hyper-V stimer feature: ${child.local}`);
    return echoedElement('direct', [['state', requiredEnum(child, 'state', ON_OFF)]]);
  });
}

function vendorId(echoed: EchoedElement, element: XmlElement): EchoedElement {
  if (!isOn(echoed)) return echoed;
  const value = attributeOf(element, 'value');
  if (!value) throw libvirtError('XML_ERROR', "missing 'value' attribute for HyperV feature 'vendor_id'");
  if (value.length > 12) throw libvirtError('XML_ERROR', 'HyperV vendor_id value must not be more than 12 characters.');
  if (value.includes(',')) throw libvirtError('XML_ERROR', 'HyperV vendor_id value is invalid');
  return { ...echoed, attributes: [...echoed.attributes, ['value', value]] };
}

function dirtyRing(echoed: EchoedElement, element: XmlElement): EchoedElement {
  if (!isOn(echoed)) return echoed;
  const size = parseUint32(attributeOf(element, 'size') ?? '');
  if (attributeOf(element, 'size') === undefined) throw missingAttribute(element, 'size');
  if (size === undefined || (size & (size - 1)) !== 0 || size < 1024 || size > 65536)
    throw libvirtError('XML_ERROR', 'dirty ring must be power of 2 and ranges [1024, 65536]');
  return { ...echoed, attributes: [...echoed.attributes, ['size', String(size)]] };
}

/** Printed in the largest unit that divides it. */
function tseg(element: XmlElement): EchoedElement | undefined {
  const text = textOf(element);
  if (text === '') return undefined;
  let size = scaledValue(text, attributeOf(element, 'unit'), 'string(./features/smm/tseg)', {
    defaultScale: 1024n * 1024n,
    limit: LARGEST_SIZE,
  });
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB', 'EiB'];
  let unit = 0;
  while (size !== 0n && size % 1024n === 0n && unit < units.length - 1) {
    size /= 1024n;
    unit++;
  }
  return echoedElement('tseg', [['unit', units[unit]]], [], String(size));
}

export function writeFeatures(writer: XmlWriter, features: DomainFeatures): void {
  const { policy, states } = features.capabilities;
  const shown = policy !== 'default' || states.length > 0;
  if (!shown && !features.privnet && features.others.length === 0) return;
  const others = (wanted: (name: string) => boolean): void => {
    for (const other of features.others) if (wanted(other.name)) writeEchoed(writer, other);
  };
  writer.block('features', [], () => {
    others((name) => BEFORE_PRIVNET.has(name));
    if (features.privnet) writer.empty('privnet');
    others((name) => BEFORE_CAPABILITIES.has(name));
    if (shown)
      writer.block('capabilities', [['policy', policy]], () => {
        for (const { name, state } of states) writer.empty(name, [['state', state]]);
      });
    others((name) => !BEFORE_PRIVNET.has(name) && !BEFORE_CAPABILITIES.has(name));
  });
}
