// <vlan> and <virtualport>: what a switch port is told.

import { libvirtError } from '../../errors.ts';
import { parseWrapping } from '../../values/numbers.ts';
import { parseUuid } from '../../values/uuid.ts';
import { enumAttribute, missingAttribute, unsignedAttribute } from '../../xml/attributes.ts';
import type { EchoedElement } from '../../xml/echoed.ts';
import { echoedElement } from '../../xml/echoed.ts';
import { attributeOf, childOf, childrenOf, type XmlElement } from '../../xml/element.ts';
import { entryOf } from '../table.ts';

const PORT_TYPES = ['802.1Qbg', '802.1Qbh', 'openvswitch', 'midonet'];

export function parseVlan(parent: XmlElement): EchoedElement | undefined {
  const element = childOf(parent, 'vlan');
  if (element === undefined) return undefined;
  const tags = childrenOf(element, 'tag');
  if (tags.length === 0) throw libvirtError('XML_ERROR', "missing tag id - each <vlan> must have at least one <tag id='n'/> subelement");
  let native = 0;
  const kept = tags.map((tag) => {
    const id = unsignedAttribute(tag, 'id');
    if (id === undefined) throw missingAttribute(tag, 'id');
    if (id > 4095) throw libvirtError('XML_ERROR', `vlan tag id ${id} too large (maximum 4095)`);
    const mode = enumAttribute(tag, 'nativeMode', ['tagged', 'untagged']);
    if (mode && ++native > 1) throw libvirtError('XML_ERROR', 'duplicate native vlan setting');
    return echoedElement('tag', [
      ['id', String(id)],
      ['nativeMode', mode],
    ]);
  });
  const trunk = attributeOf(element, 'trunk');
  if (trunk && trunk !== 'yes' && tags.length > 1)
    throw libvirtError('XML_ERROR', `invalid "trunk='${trunk}'" in <vlan> - trunk='yes' is required for more than one vlan tag`);
  if (trunk && trunk !== 'yes' && trunk !== 'no')
    throw libvirtError('XML_ERROR', `invalid "trunk='${trunk}'" in <vlan> - must be yes or no`);
  return echoedElement('vlan', [['trunk', trunk === 'yes' || tags.length > 1 || native > 0 ? 'yes' : undefined]], kept);
}

/** Parameters that each type takes; `!`: it must have it, `+`: made up where absent. */
const TYPE_PARAMETERS: Readonly<Record<string, string>> = {
  '802.1Qbg': 'managerid! typeid! typeidversion! instanceid+',
  '802.1Qbh': 'profileid!',
  openvswitch: 'interfaceid+ profileid',
  midonet: 'interfaceid!',
};

const TYPED_INTERFACES = ['bridge', 'direct', 'hostdev'];

export function parseVirtualPort(
  parent: XmlElement,
  interfaceType: string,
  { randomUuid }: { randomUuid(): string },
): EchoedElement | undefined {
  const element = childOf(parent, 'virtualport');
  if (element === undefined) return undefined;
  const typed = TYPED_INTERFACES.includes(interfaceType);
  if (!typed && interfaceType !== 'network')
    throw libvirtError('CONFIG_UNSUPPORTED', `<virtualport> element unsupported for <interface type='${interfaceType}'>`);
  const type = attributeOf(element, 'type');
  if (type === undefined && typed) throw libvirtError('XML_ERROR', 'missing required virtualport type');
  if (type !== undefined && !PORT_TYPES.includes(type)) throw libvirtError('CONFIG_UNSUPPORTED', `unknown virtualport type ${type}`);
  const parameters = childOf(element, 'parameters');
  const given = new Map(parameters ? readParameters(parameters) : []);
  const kept = type === undefined ? anyParameters(given, randomUuid) : typedParameters(type, given, randomUuid);
  return echoedElement('virtualport', [['type', type]], kept.length > 0 ? [echoedElement('parameters', kept)] : []);
}

/** Of a network or a group of ports: an interface that uses it may say the rest, so nothing has to be there or is made up. */
export function parsePartialVirtualPort(parent: XmlElement): EchoedElement | undefined {
  const element = childOf(parent, 'virtualport');
  if (element === undefined) return undefined;
  const type = attributeOf(element, 'type');
  if (type !== undefined && !PORT_TYPES.includes(type)) throw libvirtError('CONFIG_UNSUPPORTED', `unknown virtualport type ${type}`);
  const parameters = childOf(element, 'parameters');
  const given = new Map(parameters ? readParameters(parameters) : []);
  const kept = type === undefined ? inOrder(given) : keptParameters(type, given);
  return echoedElement('virtualport', [['type', type]], kept.length > 0 ? [echoedElement('parameters', kept)] : []);
}

const ORDER = ['managerid', 'typeid', 'typeidversion', 'instanceid', 'interfaceid', 'profileid'];

function inOrder(given: ReadonlyMap<string, string>): [string, string][] {
  return ORDER.flatMap((name): [string, string][] => {
    const value = given.get(name);
    return value === undefined ? [] : [[name, value]];
  });
}

/** A network's own port type is known only when the domain starts: both identities are made ready. */
function anyParameters(given: Map<string, string>, randomUuid: () => string): [string, string][] {
  for (const name of ['instanceid', 'interfaceid']) if (!given.has(name)) given.set(name, randomUuid());
  return inOrder(given);
}

function typedParameters(type: string, given: Map<string, string>, randomUuid: () => string): [string, string][] {
  const wanted = (entryOf(TYPE_PARAMETERS, type) ?? '').split(' ');
  for (const word of wanted) {
    const name = word.replace(/[!+]$/, '');
    if (given.has(name)) continue;
    if (word.endsWith('!')) throw libvirtError('XML_ERROR', `missing ${name} in <virtualport type='${type}'>`);
    if (word.endsWith('+')) given.set(name, randomUuid());
  }
  return keptParameters(type, given);
}

/** Throws XML_ERROR for a parameter that the type has no use for; midonet drops it without a word. */
function keptParameters(type: string, given: ReadonlyMap<string, string>): [string, string][] {
  const known = (entryOf(TYPE_PARAMETERS, type) ?? '').split(' ').map((word) => word.replace(/[!+]$/, ''));
  const extra = ORDER.find((name) => given.has(name) && !known.includes(name));
  if (extra !== undefined && type !== 'midonet')
    throw libvirtError('XML_ERROR', `extra ${extra} unsupported in <virtualport type='${type}'>`);
  return inOrder(given).filter(([name]) => known.includes(name));
}

const PARAMETERS: readonly [name: string, most: number][] = [
  ['managerid', 0xff],
  ['typeid', 0xffffff],
  ['typeidversion', 0xff],
];

function readParameters(element: XmlElement): [string, string][] {
  const given: [string, string][] = [];
  for (const [name, most] of PARAMETERS) {
    const text = attributeOf(element, name);
    if (text === undefined) continue;
    const value = parseWrapping(text, 32, 0);
    if (value === undefined) throw libvirtError('XML_ERROR', `cannot parse value of ${name} parameter`);
    if (value > most) throw libvirtError('XML_ERROR', `value ${name === 'typeid' ? 'for' : 'of'} ${name} out of range`);
    given.push([name, String(value)]);
  }
  for (const name of ['instanceid', 'interfaceid']) {
    const text = attributeOf(element, name);
    if (text === undefined) continue;
    const parsed = parseUuid(text);
    if (parsed === undefined) throw libvirtError('XML_ERROR', `cannot parse ${name} parameter as a uuid`);
    given.push([name, parsed]);
  }
  const profile = attributeOf(element, 'profileid');
  if (profile) {
    if (profile.length >= 40) throw libvirtError('XML_ERROR', 'profileid parameter too long');
    given.push(['profileid', profile]);
  }
  return given;
}
