// Devices as elements of a domain document: found by what a user calls them, changed, and printed as they stand there.
// Pure. Messages are virsh's own.

import { libvirtError } from '../errors.ts';
import { parseMac } from '../values/mac.ts';
import { attributeOf, childOf, childrenOf, newElement, type XmlElement } from '../xml/element.ts';
import { parseXml } from '../xml/reader.ts';
import { serializeVerbatim } from '../xml/serialize.ts';

const problem = (message: string) => libvirtError('PLAIN', message);

function devicesOf(document: string, kind: string): XmlElement[] {
  const devices = childOf(parseXml(document, '(domain_definition)'), 'devices');
  return devices ? childrenOf(devices, kind) : [];
}

/** `attribute` of the child `name`. */
function childAttribute(element: XmlElement, name: string, attribute: string): string | undefined {
  const child = childOf(element, name);
  return child && attributeOf(child, attribute);
}

// -- disks -------------------------------------------------------------------------------------------------------------------

/** The disk with this source or target. Throws where there is none. */
export function diskElement(document: string, name: string): string {
  return serializeVerbatim(findDisk(document, name, () => true));
}

function findDisk(document: string, name: string, isMeant: (disk: XmlElement) => boolean): XmlElement {
  const disks = devicesOf(document, 'disk');
  if (disks.length === 0) throw problem('Failed to get disk information');
  const found = disks.find((disk) => isMeant(disk) && namesOf(disk).includes(name));
  if (!found) throw problem(`No disk found whose source path or target is ${name}`);
  return found;
}

function namesOf(disk: XmlElement): (string | undefined)[] {
  const source = ['file', 'dev', 'dir', 'name'].map((attribute) => childAttribute(disk, 'source', attribute));
  return [...source, childAttribute(disk, 'target', 'dev')];
}

export interface MediaChange {
  action: 'eject' | 'insert' | 'update';
  source: string | undefined;
  /** The new source is a block device. */
  block: boolean;
}

/** The CD or floppy drive with this source or target, after its medium was changed. */
export function diskElementWithMedia(document: string, name: string, { action, source, block }: MediaChange): string {
  const disk = findDisk(document, name, (element) => ['cdrom', 'floppy'].includes(attributeOf(element, 'device') ?? ''));
  const old = childOf(disk, 'source');
  if (action === 'eject' && !old) throw problem(`The disk device '${name}' doesn't have media`);
  if (action !== 'eject' && source === undefined) throw problem('New disk media source was not specified');
  if (action === 'insert' && old) throw problem(`The disk device '${name}' already has media`);
  setAttribute(disk, 'type', block ? 'block' : 'file');
  if (old) disk.children.splice(disk.children.indexOf(old), 1);
  if (action !== 'eject') {
    const policy = old && attributeOf(old, 'startupPolicy');
    const attributes: [string, string][] = [[block ? 'dev' : 'file', source!]];
    if (policy !== undefined) attributes.push(['startupPolicy', policy]);
    insertBefore(disk, 'target', elementWith(disk, 'source', attributes));
  }
  return serializeVerbatim(disk);
}

// -- interfaces --------------------------------------------------------------------------------------------------------------

/** The only interface of `type`, or the one of these that has the MAC address. Throws where there is not exactly one. */
export function interfaceElement(document: string, type: string, mac: string | undefined): string {
  const ofType = devicesOf(document, 'interface').filter((element) => attributeOf(element, 'type') === type);
  if (ofType.length === 0) throw problem(`No interface found whose type is ${type}`);
  if (mac === undefined && ofType.length > 1) {
    throw problem(`Domain has ${ofType.length} interfaces. Please specify which one to detach using --mac`);
  }
  const found = mac === undefined ? ofType : ofType.filter((element) => hasMac(element, mac));
  if (found.length === 0) throw problem(`No interface with MAC address ${mac} was found`);
  if (found.length > 1) {
    throw problem(
      `Domain has multiple interfaces matching MAC address ${mac}. ` +
        'You must use detach-device and specify the device pci address to remove it.',
    );
  }
  return serializeVerbatim(found[0]!);
}

function hasMac(element: XmlElement, mac: string): boolean {
  const parsed = parseMac(mac);
  return parsed !== undefined && childAttribute(element, 'mac', 'address') === parsed;
}

/** Interfaces by MAC address, or by the name of the device on the host. */
function interfacesNamed(interfaces: readonly XmlElement[], name: string): XmlElement[] {
  if (parseMac(name) !== undefined) return interfaces.filter((element) => hasMac(element, name));
  return interfaces.filter((element) => childAttribute(element, 'target', 'dev') === name);
}

/** Whether the cable of the interface is plugged in; `up` where its XML does not say. */
export function interfaceLinkState(document: string, name: string): string {
  const [found, ...more] = interfacesNamed(devicesOf(document, 'interface'), name);
  if (!found) throw problem(`Interface (${parseMac(name) === undefined ? 'dev' : 'mac'}: ${name}) not found.`);
  if (more.length > 0) throw problem('multiple matching interfaces found');
  return childAttribute(found, 'link', 'state') ?? 'up';
}

/** The interface with another link state. */
export function interfaceElementWithLink(document: string, name: string, state: 'up' | 'down'): string {
  const interfaces = devicesOf(document, 'interface');
  if (interfaces.length === 0) throw problem('Failed to extract interface information or no interfaces found');
  const [found] = interfacesNamed(interfaces, name);
  if (!found) throw problem(`interface '${name}' not found`);
  const link = childOf(found, 'link');
  if (link) setAttribute(link, 'state', state);
  else found.children.push(elementWith(found, 'link', [['state', state]]));
  return serializeVerbatim(found);
}

// -- changing a tree ---------------------------------------------------------------------------------------------------------

function setAttribute(element: XmlElement, name: string, value: string): void {
  const known = element.attributes.find(({ local }) => local === name);
  if (known) known.value = value;
  else element.attributes.push({ name, local: name, uri: undefined, value });
}

function elementWith(parent: XmlElement, name: string, attributes: readonly [string, string][]): XmlElement {
  const element = newElement(undefined, name, parent);
  for (const [key, value] of attributes) setAttribute(element, key, value);
  return element;
}

/** Puts `added` on a line of its own before the child `name`. */
function insertBefore(parent: XmlElement, name: string, added: XmlElement): void {
  const at = parent.children.findIndex((child) => child.kind === 'element' && child.local === name);
  const space = parent.children[at - 1];
  parent.children.splice(at, 0, added, ...(space?.kind === 'text' ? [space] : []));
}
