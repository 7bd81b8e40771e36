// Lists of parameters that have a name and a type each. Pure.

import { entryOf } from '../domain/table.ts';
import { libvirtError } from '../errors.ts';
import type { TypedParameter, TypedValue } from './types.ts';

type Kind = TypedValue['kind'];
type ValueOfKind<K extends Kind> = K extends 'string' ? string : K extends 'llong' | 'ullong' ? bigint : number;

/**
 * The values by their names. Throws as libvirt does: ARGUMENT_UNSUPPORTED for a name that `types` has not, INVALID_ARG for
 * another type, or a name that is there twice.
 */
export function valuesOf<const T extends Readonly<Record<string, Kind>>>(
  given: readonly TypedParameter[],
  types: T,
): { [Name in keyof T]?: ValueOfKind<T[Name]> } {
  const values = new Map<string, unknown>();
  for (const { field, value } of given) {
    const expected = entryOf(types, field);
    if (expected === undefined) throw libvirtError('ARGUMENT_UNSUPPORTED', `parameter '${field}' not supported`);
    if (value.kind !== expected)
      throw libvirtError('INVALID_ARG', `invalid type '${value.kind}' for parameter '${field}', expected '${expected}'`);
    if (values.has(field)) throw libvirtError('INVALID_ARG', `parameter '${field}' occurs multiple times`);
    values.set(field, value.value);
  }
  return Object.fromEntries(values) as { [Name in keyof T]?: ValueOfKind<T[Name]> };
}

const make =
  <K extends Kind>(kind: K) =>
  (field: string, value: ValueOfKind<K>): TypedParameter => ({ field, value: { kind, value } as TypedValue });

export const intParameter = make('int');
export const uintParameter = make('uint');
export const llongParameter = make('llong');
export const ullongParameter = make('ullong');
export const doubleParameter = make('double');
export const stringParameter = make('string');

/** What a client that has `room` for so many is sent: one that has none asks how many there are. */
export const inRoom = (all: readonly TypedParameter[], room: number): { parameters: readonly TypedParameter[]; count: number } => ({
  parameters: room === 0 ? [] : all.slice(0, room),
  count: all.length,
});
