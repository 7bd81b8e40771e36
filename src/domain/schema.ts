// `--validate`: is this a document that has only what a domain can have? places.ts names the elements and attributes of each place;
// values are tried with the readers of parse.ts. A valid document must not be refused. The words and their order are those that
// libvirt's schema validator gives for the top-level element that does not fit.

import { LibvirtError, libvirtError } from '../errors.ts';
import { attributeOf, childOf, childrenOf, elementsOf, textOf, type XmlElement } from '../xml/element.ts';
import { parseXml } from '../xml/reader.ts';
import { parseBlkiotune } from './elements/blkiotune.ts';
import { parseClock } from './elements/clock.ts';
import { parseCputune } from './elements/cputune.ts';
import { parseDevices } from './elements/devices.ts';
import { parseFeatures } from './elements/features.ts';
import { parseIdmap } from './elements/idmap.ts';
import { parseLifecycle } from './elements/lifecycle.ts';
import { parseMemory } from './elements/memory.ts';
import { parseMemtune } from './elements/memtune.ts';
import { parseNumatune } from './elements/numatune.ts';
import { parseVcpu } from './elements/vcpu.ts';
import type { ParseHost } from './parse.ts';
import { DOMAIN, NOTHING, type Place } from './places.ts';
import { entryOf } from './table.ts';

const SCHEMA_FILE = '/usr/share/libvirt/schemas/domain.rng';

const REPEATABLE = new Set(['sysinfo', 'seclabel']);

/** Elements of the schema's inner groups: a failure there is reported one line longer. */
const INNER = new Set(
  'name uuid genid memory maxMemory currentMemory memoryBacking vcpu vcpus iothreads iothreadids defaultiothread blkiotune memtune cputune numatune resource on_reboot on_poweroff on_crash on_lockfailure'.split(
    ' ',
  ),
);

const VIRT_TYPES = 'qemu kqemu kvm xen lxc uml openvz test vmware hyperv vbox phyp vz bhyve hvf'.split(' ');

/** Other drivers' namespaces, and ours, whose elements are part of the schema. */
const NAMESPACES = /^(http:\/\/libvirt\.org\/schemas\/domain\/(qemu|xen|bhyve|vmware)\/1\.0|urn:virsh-lxc:domain:1\.0)$/;

const LXC_NAMESPACE = 'http://libvirt.org/schemas/domain/lxc/1.0';
const SHARED: Readonly<Record<string, RegExp>> = { sharenet: /^(netns|name|pid)$/, shareipc: /^(name|pid)$/, shareuts: /^(name|pid)$/ };

/** Of <lxc:namespace>, whose elements each say what is shared, once. */
function namespaceProblem(element: XmlElement, isSecond: boolean): string | undefined {
  if (element.local !== 'namespace') return `Element domain has extra content: ${element.local}\n`;
  const misfit = 'Extra element namespace in interleave\nElement domain failed to validate content\n';
  const attribute = element.attributes[0]?.local;
  if (attribute !== undefined) return `Invalid attribute ${attribute} for element namespace\n${misfit}`;
  const seen = new Set<string>();
  for (const node of element.children) {
    const isText = node.kind === 'text' && node.text.trim() !== '';
    if (isText) return `Element namespace has extra content: text\n${misfit}`;
    if (node.kind !== 'element') continue;
    const types = node.uri === LXC_NAMESPACE ? entryOf(SHARED, node.local) : undefined;
    if (types === undefined) return `Element namespace has extra content: ${node.local}\n${misfit}`;
    const isWhole = types.test(attributeOf(node, 'type') ?? '') && attributeOf(node, 'value') !== undefined && node.attributes.length === 2;
    if (!isWhole || seen.has(node.local)) return `Extra element ${node.local} in interleave\n${misfit}`;
    seen.add(node.local);
  }
  return isSecond ? misfit : undefined;
}

/** Throws XML_INVALID_SCHEMA for a document that is not one of the schema's; other mistakes are parseDomain()'s to find. */
export function validateDomain(xml: string | Uint8Array): void {
  const root = parseXml(xml, '(domain_definition)');
  if (root.local !== 'domain') return;
  const problem = problemOf(root);
  if (problem !== undefined) throw libvirtError('XML_INVALID_SCHEMA', `Unable to validate doc against ${SCHEMA_FILE}\n${problem}`);
}

function problemOf(root: XmlElement): string | undefined {
  const attribute = root.attributes.find(({ name, value }) => name !== 'type' && !(name === 'id' && /^\s*\+?\d+\s*$/.test(value)));
  if (!VIRT_TYPES.includes(attributeOf(root, 'type') ?? '')) return 'Element domain failed to validate content\n';
  if (attribute !== undefined) return `Invalid attribute ${attribute.local} for element domain\n`;
  const seen = new Set<string>();
  for (const node of root.children) {
    if (node.kind === 'text' || node.kind === 'cdata') {
      if (node.text.trim() !== '') return `Element domain has extra content: ${node.kind === 'text' ? 'text' : 'cdata-section'}\n`;
      continue;
    }
    if (node.kind !== 'element') continue;
    if (node.uri === LXC_NAMESPACE) {
      const problem = namespaceProblem(node, seen.has('lxc:namespace'));
      if (problem !== undefined) return problem;
      seen.add('lxc:namespace');
      continue;
    }
    if (node.uri !== undefined && NAMESPACES.test(node.uri)) continue;
    const place = node.uri === undefined ? entryOf(DOMAIN, node.local) : undefined;
    if (place === undefined) return `Element domain has extra content: ${node.local}\n`;
    if (node.local === 'name' && !/^[^\n]+$/.test(textOf(node)))
      return 'Error validating datatype string\nElement name failed to validate content\n';
    const repeated = seen.has(node.local) && !REPEATABLE.has(node.local);
    seen.add(node.local);
    if (repeated || !fits(node, place)) return misfit(node);
  }
  if (childOf(root, 'name') === undefined)
    return 'Expecting an element name, got nothing\nInvalid sequence in interleave\nInvalid sequence in interleave\nElement domain failed to validate content\n';
  return valueProblem(root);
}

function misfit(element: XmlElement): string {
  const { local } = element;
  let lines = '';
  if (local === 'os') lines += childOf(element, 'type') ? 'Error validating value \n' : 'Expecting an element type, got nothing\n';
  const text = textOf(element);
  if (local === 'memory' && text !== '' && !/^\s*\+?\d+\s*$/.test(text)) lines += `Type unsignedLong doesn't allow value '${text}'\n`;
  else {
    const attribute = blamedAttribute(element);
    if (attribute !== undefined) lines += `Invalid attribute ${attribute} for element ${local}\n`;
  }
  if (local === 'numatune' && childOf(element, 'memory')) lines += 'Extra element memory in interleave\n';
  if (local === 'clock' && !['utc', 'localtime', 'timezone', 'variable', 'absolute'].includes(attributeOf(element, 'offset') ?? ''))
    lines += 'Element clock failed to validate attributes\n';
  lines += `Extra element ${local} in interleave\n`;
  if (INNER.has(local)) lines += 'Invalid sequence in interleave\n';
  return `${lines}Element domain failed to validate content\n`;
}

/** Of the two elements whose attributes the validator names: the one that is unknown, or has no value of its kind. */
function blamedAttribute(element: XmlElement): string | undefined {
  const { local } = element;
  const values = entryOf(ATTRIBUTE_VALUES, local);
  if (values === undefined) return undefined;
  return (
    strayAttribute(element, entryOf(DOMAIN, local) as Place) ??
    element.attributes.find(({ name, value }) => !(entryOf(values, name)?.test(value) ?? true))?.name
  );
}

const ATTRIBUTE_VALUES: Readonly<Record<string, Readonly<Record<string, RegExp>>>> = {
  memory: { unit: /^(b|bytes?|[kmgtpe](i?b)?)$/i, dumpCore: /^(on|off)$/ },
  seclabel: { type: /^(dynamic|static|none)$/ },
};

function strayAttribute(element: XmlElement, place: Place): string | undefined {
  const known = place.attributes?.split(' ') ?? [];
  return element.attributes.find(({ name }) => !known.includes(name))?.name;
}

function fits(element: XmlElement, place: Place): boolean {
  if (!(entryOf(PECULIAR, element.local) ?? always)(element)) return false;
  if (place.any) return true;
  if (strayAttribute(element, place) !== undefined) return false;
  if (place.required?.split(' ').some((name) => attributeOf(element, name) === undefined)) return false;
  const many = place.many?.split(' ') ?? [];
  const seen = new Set<string>();
  for (const child of elementsOf(element)) {
    const inner = child.uri === undefined ? entryOf(place.children ?? NOTHING, child.local) : undefined;
    if (inner === undefined) return false;
    if (seen.has(child.local) && !many.includes(child.local)) return false;
    seen.add(child.local);
    if (!fits(child, inner)) return false;
  }
  return true;
}

const always = (): boolean => true;

const isWithin = (text: string, least: number, most: number): boolean =>
  /^\s*\d+\s*$/.test(text) && Number(text) >= least && Number(text) <= most;

const UUID = /^\s*[0-9a-fA-F]{8}(-?[0-9a-fA-F]{4}){3}-?[0-9a-fA-F]{12}\s*$/;

/** What tables cannot say, by element. */
const PECULIAR: Readonly<Record<string, (element: XmlElement) => boolean>> = {
  os: osFits,
  disk: diskFits,
  filesystem: filesystemFits,
  hostdev: hostdevFits,
  interface: interfaceFits,
  emulator: (element) => textOf(element).startsWith('/'),
  uuid: (element) => UUID.test(textOf(element)),
  genid: (element) => textOf(element) === '' || UUID.test(textOf(element)),
  title: (element) => !textOf(element).includes('\n'),
  metadata: (element) => element.children.every((node) => node.kind !== 'text' || node.text.trim() === ''),
  weight: (element) => isWithin(textOf(element), 100, 1000),
  iothreads: (element) => isWithin(textOf(element), 0, 2 ** 32 - 1),
  partition: (element) => textOf(element).startsWith('/'),
  ...Object.fromEntries(['period', 'global_period', 'emulator_period', 'iothread_period'].map((name) => [name, periodFits])),
  seclabel: (element) => blamedAttribute(element) === undefined,
  vcpu: (element) => [textOf(element), attributeOf(element, 'current') ?? '1'].every((count) => isWithin(count, 1, 65535)),
};

function periodFits(element: XmlElement): boolean {
  return isWithin(textOf(element), 1000, 1000000);
}

function filesystemFits(element: XmlElement): boolean {
  const source = childOf(element, 'source');
  return source === undefined || ['dir', 'file', 'dev'].every((name) => (attributeOf(source, name) ?? '/').startsWith('/'));
}

const DEVICE_NAME = /^[a-zA-Z0-9_.\-\\:/]+$/;
const ABSOLUTE = /^(\/|[a-zA-Z]:\\)./;

/** False: the child has this attribute, and not as it is to be. */
function hasIt(element: XmlElement, child: string, attribute: string, pattern: RegExp): boolean {
  const inner = childOf(element, child);
  const value = inner && attributeOf(inner, attribute);
  return value === undefined || pattern.test(value);
}

function diskFits(disk: XmlElement): boolean {
  if (!hasIt(disk, 'target', 'dev', /^(ioemu:)?(fd|hd|sd|vd|xvd|ubd)[a-zA-Z0-9_]+$/)) return false;
  return (attributeOf(disk, 'type') ?? 'file') !== 'file' || hasIt(disk, 'source', 'file', /^((\/|[a-zA-Z]:\\)|\[[^\]]+\] )./);
}

function interfaceFits(element: XmlElement): boolean {
  return hasIt(element, 'target', 'dev', DEVICE_NAME) && hasIt(element, 'guest', 'dev', DEVICE_NAME);
}

function hostdevFits(hostdev: XmlElement): boolean {
  const source = attributeOf(hostdev, 'mode') === 'capabilities' ? childOf(hostdev, 'source') : undefined;
  return (source ? elementsOf(source) : []).every((named) => (named.local === 'interface' ? DEVICE_NAME : ABSOLUTE).test(textOf(named)));
}

/** Paths are absolute, variables have names, and a user comes with a group. */
function osFits(os: XmlElement): boolean {
  if (childrenOf(os, 'initenv').some((variable) => !/^[a-zA-Z_][a-zA-Z0-9_]*$/.test(attributeOf(variable, 'name') ?? 'A'))) return false;
  if (childOf(os, 'type') === undefined) return false;
  for (const name of ['init', 'initdir']) {
    const path = childOf(os, name);
    if (path && !textOf(path).startsWith('/')) return false;
  }
  return (childOf(os, 'inituser') === undefined) === (childOf(os, 'initgroup') === undefined);
}

/** Values are tried and thrown away. */
const NOBODY: ParseHost = { arch: '', emulator: '', randomUuid: () => '', randomMac: () => '' };

/** Elements whose values the readers do not take. */
function valueProblem(root: XmlElement): string | undefined {
  const readers: readonly [name: string, read: () => unknown][] = [
    ['memory', () => parseMemory(root)],
    ['vcpu', () => parseVcpu(root)],
    ['blkiotune', () => parseBlkiotune(root)],
    ['memtune', () => parseMemtune(root)],
    ['cputune', () => parseCputune(root, { vcpus: 0, online: 0, iothreads: new Set() })],
    ['numatune', () => parseNumatune(root, false, 1024)],
    ['features', () => parseFeatures(root)],
    ['clock', () => parseClock(root)],
    ['idmap', () => parseIdmap(root)],
    ['on_reboot', () => parseLifecycle(root)],
    ['devices', () => parseDevices(root, NOBODY, { live: false, readBack: false })],
  ];
  for (const [name, read] of readers) {
    const message = failureOf(read);
    if (message === undefined || !VALUE_MESSAGES.test(message)) continue;
    const blamed =
      /^unsupported configuration: unknown (on_\w+) action/.exec(message)?.[1] ?? /'\.\/(\w+)\[1\]'$/.exec(message)?.[1] ?? name;
    const element = childOf(root, blamed) ?? childOf(root, name);
    if (element) return misfit(element);
  }
  return undefined;
}

/** Of the readers' complaints those about a single value, which a schema would make too. */
const VALUE_MESSAGES =
  /^(XML error: (Invalid value|Missing required|Missing <source>|can't parse|maximum vcpus count must|unable to parse mac|expected unicast|Invalid address|Invalid prefix|invalid idmap|Invalid port|malformed)|unsupported configuration: (unknown|Unknown|unexpected|could not parse|could not convert|Unsupported NUMA)|invalid argument: (unknown suffix|Failed to parse bitmap)|missing (source|target) information)/;

function failureOf(read: () => unknown): string | undefined {
  try {
    read();
    return undefined;
  } catch (error) {
    if (error instanceof LibvirtError) return error.message;
    throw error;
  }
}
