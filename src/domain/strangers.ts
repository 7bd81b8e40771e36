// What a document loses because nobody knows it: `<filesytem>` is no mistake to libvirt, and to its author a file system less. Pure.

import { elementsOf, type XmlElement } from '../xml/element.ts';
import { parseXml } from '../xml/reader.ts';
import { DEVICES, DOMAIN, NOTHING, type Place } from './places.ts';
import { entryOf } from './table.ts';

/** More than so many are not told one by one. */
const MOST_TOLD = 8;
const LONGEST_NAME = 60;

interface Stranger {
  /** By local names, an attribute behind a `@`. */
  path: string;
  warning: string;
}

/** Warnings about what of a domain's document is not in `kept`, the document that was made of it, and not of libvirt's schema either. */
export function strangersIn(root: XmlElement, kept: () => string): string[] {
  const strangers = lookAt(root, { attributes: 'type id', children: DOMAIN }, root.local, lookWithin);
  if (strangers.length === 0) return [];
  const known = new Set<string>();
  collectPaths(parseXml(kept(), ''), '', known);
  return told(strangers.filter(({ path }) => !known.has(path)));
}

/** The same of a device's document, by the schema alone. */
export function strangersInDevice(device: XmlElement): string[] {
  const place = entryOf(DEVICES.children ?? NOTHING, device.local);
  return place === undefined || place.any ? [] : told(lookAt(device, place, device.local, () => []));
}

function told(strangers: readonly Stranger[]): string[] {
  const warnings = [...new Set(strangers.map(({ warning }) => warning))];
  const more = warnings.length - MOST_TOLD;
  return more > 0 ? [...warnings.slice(0, MOST_TOLD), `${more} more elements or attributes that are not known are left out`] : warnings;
}

type Look = (element: XmlElement, path: string) => Stranger[];

/** `within` looks at those parts that the tables do not have. */
function lookAt(element: XmlElement, place: Place, path: string, within: Look): Stranger[] {
  const strangers: Stranger[] = [];
  const known = place.attributes?.split(' ') ?? [];
  for (const { local, uri } of element.attributes) {
    if (uri !== undefined || known.includes(local)) continue;
    strangers.push(strangeAttribute(local, element, path));
  }
  for (const child of elementsOf(element)) {
    if (child.uri !== undefined) continue;
    const inner = entryOf(place.children ?? NOTHING, child.local);
    const childPath = `${path}/${child.local}`;
    if (inner === undefined) strangers.push(stranger(child, element, childPath));
    else if (!inner.any) strangers.push(...lookAt(child, inner, childPath, within));
    else if (child.local !== 'metadata') strangers.push(...within(child, childPath));
  }
  return strangers;
}

/** Of a part that the tables do not have: whatever is lost, but for what only a running domain has. */
function lookWithin(element: XmlElement, path: string): Stranger[] {
  const attributes = element.attributes
    .filter(({ uri }) => uri === undefined)
    .map(({ local }) => strangeAttribute(local, element, path))
    .filter((attribute) => !LIVE_ATTRIBUTE.test(attribute.path));
  const children = elementsOf(element).flatMap((child) => {
    if (child.uri !== undefined || LIVE.has(child.local)) return [];
    const childPath = `${path}/${child.local}`;
    return [stranger(child, element, childPath), ...lookWithin(child, childPath)];
  });
  return [...attributes, ...children];
}

const LIVE = new Set(['alias', 'address', 'privateData', 'backingStore']);
const LIVE_ATTRIBUTE = /\/console@tty$|\/(console|serial|parallel|channel)\/source@path$|\/source@index$/;

const stranger = (element: XmlElement, parent: XmlElement, path: string): Stranger => ({
  path,
  warning: `unknown element <${short(element.local)}> in <${short(parent.local)}> is left out`,
});

const strangeAttribute = (name: string, element: XmlElement, path: string): Stranger => ({
  path: `${path}@${name}`,
  warning: `unknown attribute '${short(name)}' of <${short(element.local)}> is left out`,
});

const short = (name: string): string => (name.length > LONGEST_NAME ? `${name.slice(0, LONGEST_NAME)}...` : name);

function collectPaths(element: XmlElement, above: string, paths: Set<string>): void {
  const path = above === '' ? element.local : `${above}/${element.local}`;
  paths.add(path);
  for (const { local } of element.attributes) paths.add(`${path}@${local}`);
  for (const child of elementsOf(element)) collectPaths(child, path, paths);
}
