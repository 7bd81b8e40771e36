// JSON as --json prints it. Loaded only for that.

/** undefined stands for null; a number of any size keeps its digits. */
export type Json = string | number | bigint | boolean | null | undefined | readonly Json[] | { readonly [key: string]: Json };

/** One line. JSON.stringify() knows no bigint. */
export const jsonLine = (value: Json): string => `${jsonText(value)}\n`;

function jsonText(value: Json): string {
  if (value === undefined || value === null) return 'null';
  if (typeof value === 'bigint') return value.toString();
  if (typeof value === 'string') return stringText(value);
  if (typeof value !== 'object') return JSON.stringify(value);
  if (isList(value)) return `[${value.map(jsonText).join(',')}]`;
  return `{${Object.entries(value)
    .map(([key, member]) => `${stringText(key)}:${jsonText(member)}`)
    .join(',')}}`;
}

/** Array.isArray() does not tell a readonly array from an object. */
const isList = (value: object): value is readonly Json[] => Array.isArray(value);

/** What a terminal takes for an order is escaped beyond what JSON asks for: names and consoles come from anywhere. */
const stringText = (text: string): string =>
  JSON.stringify(text).replace(/[\x7f-\x9f]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
