// Attributes with libvirt's checks and wording. Every function answers undefined for an attribute that is absent.

import { type LibvirtError, libvirtError } from '../errors.ts';
import { type NumberBase, parseInt32, parseUint32, parseUint64 } from '../values/numbers.ts';
import { attributeOf, type XmlElement } from './element.ts';

export const YES_NO = ['yes', 'no'] as const;
export const ON_OFF = ['on', 'off'] as const;

export function invalidAttribute(element: XmlElement, name: string, value: string, expected = ''): LibvirtError {
  const hint = expected === '' ? '' : ` Expected ${expected}`;
  return libvirtError('XML_ERROR', `Invalid value for attribute '${name}' in element '${element.local}': '${value}'.${hint}`);
}

export function missingAttribute(element: XmlElement, name: string): LibvirtError {
  return libvirtError('XML_ERROR', `Missing required attribute '${name}' in element '${element.local}'`);
}

/** The attribute; MISSING if there is none. */
export function requiredAttribute(element: XmlElement, name: string): string {
  const value = attributeOf(element, name);
  if (value === undefined) throw missingAttribute(element, name);
  return value;
}

/** One of `values`. */
export function enumAttribute<T extends string>(element: XmlElement, name: string, values: readonly T[]): T | undefined {
  const value = attributeOf(element, name);
  if (value === undefined) return undefined;
  const known = values.find((candidate) => candidate === value);
  if (known === undefined) throw invalidAttribute(element, name, value);
  return known;
}

export function requiredEnum<T extends string>(element: XmlElement, name: string, values: readonly T[]): T {
  const value = enumAttribute(element, name, values);
  if (value === undefined) throw missingAttribute(element, name);
  return value;
}

export function yesNo(element: XmlElement, name: string): 'yes' | 'no' | undefined {
  return enumAttribute(element, name, YES_NO);
}

export function onOff(element: XmlElement, name: string): 'on' | 'off' | undefined {
  return enumAttribute(element, name, ON_OFF);
}

export interface NumberOptions {
  base?: NumberBase;
  required?: boolean;
  nonZero?: boolean;
}

export function unsignedAttribute(element: XmlElement, name: string, options: NumberOptions = {}): number | undefined {
  return numberAttribute(element, name, options, 'non-negative integer value', parseUint32);
}

export function unsigned64Attribute(element: XmlElement, name: string, options: NumberOptions = {}): bigint | undefined {
  return numberAttribute(element, name, options, 'non-negative integer value', parseUint64);
}

export function integerAttribute(
  element: XmlElement,
  name: string,
  options: NumberOptions & { nonNegative?: boolean } = {},
): number | undefined {
  const value = numberAttribute(element, name, options, 'integer value', parseInt32);
  if (options.nonNegative && value !== undefined && value < 0)
    throw invalidAttribute(element, name, attributeOf(element, name) ?? '', 'non-negative value');
  return value;
}

function numberAttribute<T extends number | bigint>(
  element: XmlElement,
  name: string,
  options: NumberOptions,
  expected: string,
  parse: (text: string, base: NumberBase) => T | undefined,
): T | undefined {
  const text = attributeOf(element, name);
  if (text === undefined) {
    if (options.required) throw missingAttribute(element, name);
    return undefined;
  }
  const value = parse(text, options.base ?? 10);
  if (value === undefined) throw invalidAttribute(element, name, text, expected);
  if (options.nonZero && Number(value) === 0)
    throw libvirtError('XML_ERROR', `Invalid value for attribute '${name}' in element '${element.local}': Zero is not permitted`);
  return value;
}
