// @type, @id, <name>, <uuid>, <genid>, <title>, <description>, <bootloader>.

import { libvirtError } from '../../errors.ts';
import { parseInteger } from '../../values/numbers.ts';
import { parseUuid } from '../../values/uuid.ts';
import { attributeOf, childOf, childrenOf, childText, textOf, type XmlElement } from '../../xml/element.ts';
import type { DomainDefinition } from '../definition.ts';
import type { ParseHost } from '../parse.ts';

/** The type of a domain that says of none what runs it. */
export const ANY_TYPE = 'none';

const VIRT_TYPES = 'none qemu kqemu kvm xen lxc uml openvz test vmware hyperv vbox phyp parallels bhyve vz hvf'.split(' ');

export interface Identity {
  virtType: string;
  id: number | null;
  name: string;
  uuid: string;
  uuidGiven: boolean;
  genid?: string;
}

export function parseIdentity(root: XmlElement, host: ParseHost, live: boolean): Identity {
  const id = live ? parseInteger(attributeOf(root, 'id') ?? '') : undefined;
  const name = childText(root, 'name');
  if (name === undefined) throw libvirtError('NO_NAME');
  const uuidText = childText(root, 'uuid');
  const uuid = uuidText === undefined ? host.randomUuid() : parseUuid(uuidText);
  if (uuid === undefined) throw libvirtError('INTERNAL_ERROR', 'malformed uuid element');
  const genid = parseGenid(root, host);
  const virtType = attributeOf(root, 'type');
  if (!virtType) throw libvirtError('INTERNAL_ERROR', 'missing domain type attribute');
  if (!VIRT_TYPES.includes(virtType)) throw libvirtError('CONFIG_UNSUPPORTED', `invalid domain type ${virtType}`);
  return {
    virtType,
    id: id === undefined || id < 0n ? null : Number(id),
    name,
    uuid,
    uuidGiven: uuidText !== undefined,
    ...(genid !== undefined && { genid }),
  };
}

function parseGenid(root: XmlElement, host: ParseHost): string | undefined {
  const elements = childrenOf(root, 'genid');
  if (elements.length > 1) throw libvirtError('XML_ERROR', "element 'genid' can only appear once");
  const [element] = elements;
  if (element === undefined) return undefined;
  const text = textOf(element);
  const genid = text === '' ? host.randomUuid() : parseUuid(text);
  if (genid === undefined) throw libvirtError('INTERNAL_ERROR', 'malformed genid element');
  return genid;
}

type Texts = Pick<DomainDefinition, 'title' | 'description' | 'bootloader' | 'bootloaderArgs'>;

export function parseTexts(root: XmlElement): Texts {
  const texts: Texts = {};
  const title = childText(root, 'title');
  if (title?.includes('\n')) throw libvirtError('XML_ERROR', "Domain title can't contain newlines");
  if (title !== undefined) texts.title = title;
  const description = childText(root, 'description');
  if (description !== undefined) texts.description = description;
  const bootloader = childOf(root, 'bootloader');
  if (bootloader) texts.bootloader = textOf(bootloader);
  const bootloaderArgs = childText(root, 'bootloader_args');
  if (bootloaderArgs !== undefined) texts.bootloaderArgs = bootloaderArgs;
  return texts;
}

/** Names are names of files. Differs from libvirt: one of nothing but white space is refused. */
export function validateName(name: string): void {
  if (name.includes('/')) throw libvirtError('XML_ERROR', `name ${name} cannot contain '/'`);
  if (name.trim() === '') throw libvirtError('XML_ERROR', `domain name '${name}' must not be only white space`);
}

/** A newline would break every list; looked for when all else is well. */
export function rejectNewline(name: string): void {
  if (name.includes('\n')) throw libvirtError('PLAIN', 'invalid char in name: \n');
}
