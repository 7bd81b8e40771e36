// libvirt's configuration files: assignments of strings, numbers and lists of strings, and comments (libvirt's manual, each file's head).
import { libvirtError } from '../errors.ts';

export type ConfValue = string | number | readonly string[];

/** Quotes are in no way escaped within their kind. What is between three of them may have several lines. */
const STRING = /"""([\s\S]*?)"""|"([^"\n]*)"|'([^'\n]*)'/y;
const SPACE = /(?:[ \t\r\n;]|#[^\n]*)*/y;
const BLANKS = /[ \t]*/y;
const NAME = /[A-Za-z_][\w.-]*/y;
const NUMBER = /-?\d+/y;
const LINE_END = /[ \t]*(?:#[^\n]*|\r)?(?:\n|$|(?=;))/y;

/** The assignments of `text`; the last one of a name counts. Throws CONF_SYNTAX with the line's number in `file`. */
export function parseConf(text: string, file: string): Map<string, ConfValue> {
  const values = new Map<string, ConfValue>();
  let at = 0;
  const take = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at;
    const match = pattern.exec(text);
    if (match) at = pattern.lastIndex;
    return match;
  };
  const wrong = (expected: string) => libvirtError('CONF_SYNTAX', `${file}:${text.slice(0, at).split('\n').length}: ${expected}`);
  const string = (): string | undefined => {
    const match = take(STRING);
    return match ? (match[1] ?? match[2] ?? match[3]!) : undefined;
  };
  const list = (): string[] => {
    const items: string[] = [];
    for (take(SPACE); text[at] !== ']'; take(SPACE)) {
      const item = string();
      if (item === undefined) throw wrong('expecting a value');
      items.push(item);
      take(SPACE);
      if (text[at] === ',') at++;
      else if (text[at] !== ']') throw wrong('expecting a separator in list');
    }
    at++;
    return items;
  };
  const value = (): ConfValue => {
    if (text[at] === '[') {
      at++;
      return list();
    }
    const quoted = string();
    if (quoted !== undefined) return quoted;
    const number = take(NUMBER)?.[0];
    if (number === undefined) throw wrong(/["']/.test(text[at] ?? '') ? 'unterminated string' : 'expecting a value');
    return Number(number);
  };
  for (take(SPACE); at < text.length; take(SPACE)) {
    const name = take(NAME)?.[0];
    if (name === undefined) throw wrong('expecting a name');
    take(BLANKS);
    if (text[at] !== '=') throw wrong('expecting an assignment');
    at++;
    take(BLANKS);
    values.set(name, value());
    if (!take(LINE_END)) throw wrong('expecting a separator');
  }
  return values;
}

/** The settings of one file, by their kind. Each throws INTERNAL_ERROR for a value of another kind, with libvirt's words. */
export class Conf {
  readonly #values: ReadonlyMap<string, ConfValue>;
  readonly #file: string;

  /** Throws CONF_SYNTAX. */
  constructor(text: string, file: string) {
    this.#values = text === '' ? new Map() : parseConf(text, file);
    this.#file = file;
  }

  text(key: string): string | undefined {
    const value = this.#values.get(key);
    if (value === undefined || typeof value === 'string') return value;
    throw this.#wrong(key, 'a string');
  }

  /** Throws CONF_SYNTAX for any other word. */
  word<W extends string>(key: string, words: readonly W[]): W | undefined {
    const text = this.text(key);
    if (text !== undefined && !words.includes(text as W))
      throw libvirtError('CONF_SYNTAX', `${this.#file}: expecting one of ${words.map((word) => `"${word}"`).join(', ')} for ${key}`);
    return text as W | undefined;
  }

  /** A whole number from 0 on. */
  number(key: string): number | undefined {
    const value = this.#values.get(key);
    if (value === undefined) return undefined;
    if (typeof value !== 'number' || value < 0 || !Number.isSafeInteger(value)) throw this.#wrong(key, 'an unsigned integer');
    return value;
  }

  flag(key: string): boolean | undefined {
    const number = this.number(key);
    if (number !== undefined && number > 1) throw this.#wrong(key, '0 or 1');
    return number === undefined ? undefined : number === 1;
  }

  /** One string counts as a list of it. */
  list(key: string): readonly string[] | undefined {
    const value = this.#values.get(key);
    if (typeof value === 'number') throw this.#wrong(key, 'a string list');
    return typeof value === 'string' ? [value] : value;
  }

  #wrong(key: string, expected: string) {
    return libvirtError('INTERNAL_ERROR', `${this.#file}: expected ${expected} for '${key}' parameter`);
  }
}
