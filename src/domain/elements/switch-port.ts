// <vlan> and <virtualport>: what a switch port is told.

import { libvirtError } from '../../errors.ts';
import type { EchoedElement } from '../definition.ts';
import { parseUint32 } from '../numbers.ts';
import { parseUuid } from '../uuid.ts';
import { attributeOf, childOf, childrenOf, type XmlElement } from '../xml/element.ts';
import { enumAttribute, missingAttribute, unsignedAttribute } from './attributes.ts';
import { echoedElement } from './echoed.ts';

const PORT_TYPES = ['none', '802.1Qbg', '802.1Qbh', 'openvswitch', 'midonet'];

export function parseVlan(parent: XmlElement): EchoedElement | undefined {
  const element = childOf(parent, 'vlan');
  if (element === undefined) return undefined;
  const tags = childrenOf(element, 'tag');
  if (tags.length === 0) throw libvirtError('XML_ERROR', 'missing tag id - each <vlan> must have at least one <tag id="n"/> subelement');
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
  if (trunk !== undefined && trunk !== 'yes') {
    if (trunk === 'no' && tags.length > 1)
      throw libvirtError('XML_ERROR', 'invalid configuration in <vlan> - "trunk=\'no\'" is not allowed with more than one <tag>');
    throw libvirtError('XML_ERROR', `invalid "trunk='${trunk}'" in <vlan> - trunk must be yes or no`);
  }
  return echoedElement('vlan', [['trunk', trunk === 'yes' || tags.length > 1 || native > 0 ? 'yes' : undefined]], kept);
}

/** `allowed`: the interface's type can have one. */
export function parseVirtualPort(parent: XmlElement, allowed: boolean, interfaceType: string): EchoedElement | undefined {
  const element = childOf(parent, 'virtualport');
  if (element === undefined) return undefined;
  if (!allowed) throw libvirtError('CONFIG_UNSUPPORTED', `<virtualport> element unsupported for <interface type='${interfaceType}'>`);
  const type = attributeOf(element, 'type');
  if (type !== undefined && !PORT_TYPES.includes(type)) throw libvirtError('CONFIG_UNSUPPORTED', `unknown virtualport type ${type}`);
  const parameters = childOf(element, 'parameters');
  const given = parameters ? readParameters(parameters) : [];
  return echoedElement('virtualport', [['type', type]], given.length > 0 ? [echoedElement('parameters', given)] : []);
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
    const value = parseUint32(text, 0);
    if (value === undefined) throw libvirtError('XML_ERROR', `cannot parse value of ${name} parameter`);
    if (value > most) throw libvirtError('XML_ERROR', `value of ${name} out of range`);
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
  if (profile !== undefined) {
    if (profile.length >= 40) throw libvirtError('XML_ERROR', 'profileid parameter too long');
    given.push(['profileid', profile]);
  }
  return given;
}
