// Elements that mean nothing to a container but are checked, kept and printed all the same. A rule is the element's whole
// definition: its attributes and children in the order of printing, and what each may hold.

import { type ErrorCode, libvirtError } from '../errors.ts';
import { parseInt64, parseUint32 } from '../values/numbers.ts';
import { LARGEST_SIZE, scaledValue } from '../values/units.ts';
import { parseUuid } from '../values/uuid.ts';
import {
  enumAttribute,
  integerAttribute,
  invalidAttribute,
  missingAttribute,
  ON_OFF,
  unsigned64Attribute,
  unsignedAttribute,
  YES_NO,
} from './attributes.ts';
import { attributeOf, childOf, childrenOf, mergedChild, textOf, type XmlElement } from './element.ts';
import type { XmlWriter } from './writer.ts';

/** An element that is kept and printed but has no meaning for containers: name, attributes and children in output order. */
export interface EchoedElement {
  name: string;
  attributes: [name: string, value: string][];
  children: EchoedElement[];
  text?: string;
  /** Printed with a separate end tag even if nothing is in it. */
  open?: boolean;
}

/** Reads one attribute: what to print, undefined for nothing; throws what libvirt would. */
export type AttributeReader = (element: XmlElement, name: string) => string | undefined;

export interface EchoRule {
  name: string;
  /** Attributes in the order of printing. */
  attributes?: readonly (readonly [name: string, read: AttributeReader])[];
  /** Children in the order of printing; only the first of each name counts unless `many`. */
  children?: readonly EchoRule[];
  many?: boolean;
  /** Several elements count as one with the attributes and children of all. */
  merged?: boolean;
  /** Reads the text; undefined: the element is left out. */
  text?: (text: string, element: XmlElement) => string | undefined;
  /** Left out if it would be printed as `<name/>`. */
  omitEmpty?: boolean;
  /** Never printed as `<name/>`. */
  open?: boolean;
  /** For what the above cannot express: changes or drops the result. */
  finish?: (echoed: EchoedElement, element: XmlElement) => EchoedElement | undefined;
}

// -- readers -----------------------------------------------------------------------------------------------------------------

export const string: AttributeReader = (element, name) => attributeOf(element, name);
export const yesNo: AttributeReader = (element, name) => enumAttribute(element, name, YES_NO);
export const onOff: AttributeReader = (element, name) => enumAttribute(element, name, ON_OFF);
export const unsigned: AttributeReader = (element, name) => print(unsignedAttribute(element, name));
export const unsigned64: AttributeReader = (element, name) => print(unsigned64Attribute(element, name));
export const integer: AttributeReader = (element, name) => print(integerAttribute(element, name));

/** A number below 0 is refused: libvirt uses -1 for none. */
export const nonNegative: AttributeReader = (element, name) => print(integerAttribute(element, name, { nonNegative: true }));

/** In any base of C's. */
export const integer64: AttributeReader = (element, name) => {
  const text = attributeOf(element, name);
  if (text === undefined) return undefined;
  const value = parseInt64(text, 0);
  if (value === undefined) throw invalidAttribute(element, name, text, 'long long integer value');
  return String(value);
};

/** An unsigned number that counts as absent when it is 0. */
export const positive: AttributeReader = (element, name) => print(unsignedAttribute(element, name) || undefined);

/** The same with twice the bits. */
export const positive64: AttributeReader = (element, name) => print(unsigned64Attribute(element, name) || undefined);

/** An unsigned number that must not be 0. */
export const nonZero: AttributeReader = (element, name) => print(unsignedAttribute(element, name, { nonZero: true }));

export const uuid: AttributeReader = (element, name) => {
  const text = attributeOf(element, name);
  if (text === undefined) return undefined;
  const parsed = parseUuid(text);
  if (parsed === undefined) throw invalidAttribute(element, name, text, 'UUID');
  return parsed;
};

export function oneOf(...values: string[]): AttributeReader {
  return (element, name) => enumAttribute(element, name, values);
}

/** An enum whose complaint is older than the common wording: `message VALUE` or `message 'VALUE'`, as `code`. */
export function oldEnum(
  values: readonly string[],
  message: (value: string) => string,
  code: ErrorCode = 'CONFIG_UNSUPPORTED',
): AttributeReader {
  return (element, name) => {
    const value = attributeOf(element, name);
    if (value !== undefined && !values.includes(value)) throw libvirtError(code, message(value));
    return value;
  };
}

/** An unsigned number whose complaint is older than the common wording; 0 counts as absent. */
export function oldPositive(message: (value: string) => string, code: ErrorCode = 'XML_ERROR'): AttributeReader {
  return (element, name) => {
    const text = attributeOf(element, name);
    if (text === undefined) return undefined;
    const value = parseUint32(text);
    if (value === undefined) throw libvirtError(code, message(text));
    return print(value || undefined);
  };
}

/** An empty attribute counts as absent. */
export function unlessEmpty(read: AttributeReader): AttributeReader {
  return (element, name) => (attributeOf(element, name) === '' ? undefined : read(element, name));
}

export function required(read: AttributeReader): AttributeReader {
  return (element, name) => {
    if (attributeOf(element, name) === undefined) throw missingAttribute(element, name);
    return read(element, name);
  };
}

/** `fallback` where the attribute is absent. */
export function orElse(read: AttributeReader, fallback: string): AttributeReader {
  return (element, name) => read(element, name) ?? fallback;
}

/** A required attribute whose absence has a message of its own. */
export function demanded(read: AttributeReader, code: ErrorCode, message: string): AttributeReader {
  return (element, name) => {
    if (attributeOf(element, name) === undefined) throw libvirtError(code, message);
    return read(element, name);
  };
}

/** 0x and at least `digits` hexadecimal digits. */
export function hexadecimal(digits: number, options: { upper?: boolean } = {}): AttributeReader {
  return (element, name) => {
    const value = unsignedAttribute(element, name, { base: 0 });
    return value === undefined ? undefined : hex(value, digits, options.upper);
  };
}

export function hex(value: number | bigint, digits: number, upper = false): string {
  const text = value.toString(16).padStart(digits, '0');
  return `0x${upper ? text.toUpperCase() : text}`;
}

function print(value: number | bigint | undefined): string | undefined {
  return value === undefined ? undefined : String(value);
}

// -- rules -------------------------------------------------------------------------------------------------------------------

/** `<name/>` that is there or not. */
export function flag(name: string): EchoRule {
  return { name };
}

/** `<name unit='KiB'>N</name>`. */
export function sizeInKiB(name: string, path = `./${name}`): EchoRule {
  return {
    name,
    finish: (_echoed, element) => {
      const text = textOf(element);
      if (text === '') return undefined;
      const bytes = scaledValue(text, attributeOf(element, 'unit'), path, { defaultScale: 1024n, limit: LARGEST_SIZE });
      return echoedElement(name, [['unit', 'KiB']], [], String((bytes + 1023n) / 1024n));
    },
  };
}

export function echoedElement(
  name: string,
  attributes: readonly (readonly [name: string, value: string | undefined])[],
  children: EchoedElement[] = [],
  text?: string,
): EchoedElement {
  const echoed: EchoedElement = { name, attributes: [], children };
  for (const [attribute, value] of attributes) if (value !== undefined) echoed.attributes.push([attribute, value]);
  if (text !== undefined) echoed.text = text;
  return echoed;
}

/** What is kept of `element`; undefined for nothing. */
export function echo(rule: EchoRule, element: XmlElement): EchoedElement | undefined {
  const echoed: EchoedElement = { name: rule.name, attributes: [], children: [] };
  for (const [name, read] of rule.attributes ?? []) {
    const value = read(element, name);
    if (value !== undefined) echoed.attributes.push([name, value]);
  }
  if (rule.children) echoed.children = echoChildren(rule.children, element);
  if (rule.text) {
    const text = rule.text(textOf(element), element);
    if (text === undefined) return undefined;
    echoed.text = text;
  }
  if (rule.open) echoed.open = true;
  const finished = rule.finish ? rule.finish(echoed, element) : echoed;
  return finished !== undefined && rule.omitEmpty && isBare(finished) ? undefined : finished;
}

export function echoChildren(rules: readonly EchoRule[], element: XmlElement): EchoedElement[] {
  const kept: EchoedElement[] = [];
  for (const rule of rules) {
    for (const child of elementsFor(rule, element)) {
      const echoed = echo(rule, child);
      if (echoed) kept.push(echoed);
    }
  }
  return kept;
}

/** The echo of the first child of the rule's name. */
export function echoChild(rule: EchoRule, element: XmlElement): EchoedElement | undefined {
  return echoChildren([rule], element)[0];
}

function elementsFor({ name, many, merged }: EchoRule, element: XmlElement): XmlElement[] {
  if (many) return childrenOf(element, name);
  const child = merged ? mergedChild(element, name) : childOf(element, name);
  return child ? [child] : [];
}

export function isBare(element: EchoedElement): boolean {
  return element.attributes.length === 0 && element.children.length === 0 && element.text === undefined;
}

export function echoedAttribute(element: EchoedElement, name: string): string | undefined {
  return element.attributes.find(([known]) => known === name)?.[1];
}

export function writeEchoed(writer: XmlWriter, element: EchoedElement): void {
  if (element.text !== undefined) writer.text(element.name, element.text, element.attributes);
  else if (element.open || element.children.length > 0)
    writer.openBlock(element.name, element.attributes, () => {
      for (const child of element.children) writeEchoed(writer, child);
    });
  else writer.empty(element.name, element.attributes);
}
