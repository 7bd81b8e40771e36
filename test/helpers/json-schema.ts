// Holds a value against a JSON schema: as much of it as src/json-schema uses, and stricter than it has to be.
import fs from 'node:fs';
import path from 'node:path';
import { ROOT } from './requires.ts';

/** A keyword that is not here is a mistake of the schema. */
interface Schema {
  description?: string;
  $ref?: string;
  anyOf?: Schema[];
  type?: string | string[];
  enum?: unknown[];
  const?: unknown;
  pattern?: string;
  minimum?: number;
  maximum?: number;
  properties?: Record<string, Schema>;
  required?: string[];
  additionalProperties?: Schema;
  items?: Schema;
}

export const OUTPUTS: { $defs: Record<string, Schema> } = JSON.parse(
  fs.readFileSync(path.join(ROOT, 'src/json-schema/virsh-lxc.schema.json'), 'utf8'),
);

/** What is wrong with `value`, by its place; a key that the schema does not name is. */
export const complaints = (value: unknown, schema: Schema, place = '$'): string[] =>
  Object.entries(schema).flatMap(([keyword, rule]) => {
    const check = CHECKS[keyword as keyof Schema];
    if (!check) throw new Error(`the schema has '${keyword}' at ${place}`);
    return (check as Check)(value, rule as never, place, schema);
  });

/** Those about a line of a command's output. */
export function outputComplaints(command: string, value: unknown): string[] {
  const schema = OUTPUTS.$defs[command];
  return schema ? complaints(value, schema) : [`there is no schema of ${command}`];
}

type Check = (value: unknown, rule: never, place: string, schema: Schema) => string[];

const CHECKS: {
  readonly [Keyword in keyof Required<Schema>]: (
    value: unknown,
    rule: Required<Schema>[Keyword],
    place: string,
    schema: Schema,
  ) => string[];
} = {
  description: () => [],
  $ref: (value, rule, place) => complaints(value, OUTPUTS.$defs[rule.replace('#/$defs/', '')]!, place),
  anyOf(value, rule, place) {
    const all = rule.map((schema) => complaints(value, schema, place));
    return all.some((found) => found.length === 0) ? [] : [`${place} is none of those: ${all.flat().join('; ')}`];
  },
  type: (value, rule, place) =>
    told(
      [rule].flat().some((type) => TYPES[type]!(value)),
      `${place} is no ${rule}`,
    ),
  enum: (value, rule, place) => told(rule.includes(value), `${place} is none of ${rule}`),
  const: (value, rule, place) => told(value === rule, `${place} is not ${rule}`),
  pattern: (value, rule, place) => told(typeof value !== 'string' || new RegExp(rule, 'u').test(value), `${place} is not like ${rule}`),
  minimum: (value, rule, place) => told(typeof value !== 'number' || value >= rule, `${place} is below ${rule}`),
  maximum: (value, rule, place) => told(typeof value !== 'number' || value <= rule, `${place} is above ${rule}`),
  properties: (value, rule, place, { additionalProperties }) =>
    members(value).flatMap(([key, member]) => {
      if (Object.hasOwn(rule, key)) return complaints(member, rule[key]!, `${place}.${key}`);
      return told(additionalProperties !== undefined, `${place}.${key} is not known`);
    }),
  additionalProperties: (value, rule, place, { properties = {} }) =>
    members(value).flatMap(([key, member]) => (Object.hasOwn(properties, key) ? [] : complaints(member, rule, `${place}.${key}`))),
  required: (value, rule, place) =>
    rule.flatMap((key) =>
      told(
        members(value).some(([name]) => name === key),
        `${place}.${key} is missing`,
      ),
    ),
  items: (value, rule, place) => (Array.isArray(value) ? value.flatMap((item, at) => complaints(item, rule, `${place}[${at}]`)) : []),
};

const told = (holds: boolean, complaint: string): string[] => (holds ? [] : [complaint]);

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null && !Array.isArray(value);

const members = (value: unknown): [string, unknown][] => (isObject(value) ? Object.entries(value) : []);

const TYPES: Record<string, (value: unknown) => boolean> = {
  object: isObject,
  array: Array.isArray,
  string: (value) => typeof value === 'string',
  integer: Number.isInteger,
  number: (value) => typeof value === 'number',
  boolean: (value) => typeof value === 'boolean',
  null: (value) => value === null,
};
