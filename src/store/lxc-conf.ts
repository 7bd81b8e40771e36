// lxc.conf: what holds for all containers of this host. The file is read whenever somebody asks: a prompt lives long.
import { libvirtError } from '../errors.ts';
import { readIfThere } from './atomic-write.ts';
import { paths } from './paths.ts';

/** The value of `key` as it is written; undefined where the file does not set it. */
function setting(key: string): string | undefined {
  return new RegExp(`^[ \\t]*${key}[ \\t]*=[ \\t]*(.*)$`, 'm').exec(readIfThere(paths.lxcConf) ?? '')?.[1];
}

function wrong(key: string, expected: string) {
  return libvirtError('CONF_SYNTAX', `${paths.lxcConf}: expecting ${expected} for ${key}`);
}

/** Throws CONF_SYNTAX for a value that is no string in quotes. */
export function lxcText(key: string): string | undefined {
  const written = setting(key);
  if (written === undefined) return undefined;
  const value = /^(?:"([^"]+)"|'([^']+)')\s*(?:#.*)?$/.exec(written);
  if (!value) throw wrong(key, 'a quoted string');
  return value[1] ?? value[2];
}

/** Throws CONF_SYNTAX for any other string. */
export function lxcWord<W extends string>(key: string, words: readonly W[]): W | undefined {
  const text = lxcText(key);
  if (text !== undefined && !words.includes(text as W)) throw wrong(key, `one of ${words.map((word) => `"${word}"`).join(', ')}`);
  return text as W | undefined;
}

/** Throws CONF_SYNTAX for what is no whole number from 0 on. */
export function lxcNumber(key: string): number | undefined {
  const written = setting(key);
  if (written === undefined) return undefined;
  const value = /^(\d{1,15})\s*(?:#.*)?$/.exec(written);
  if (!value) throw wrong(key, 'a number');
  return Number(value[1]);
}

/** Throws CONF_SYNTAX for what is neither 0 nor 1. */
export function lxcFlag(key: string): boolean | undefined {
  const number = lxcNumber(key);
  if (number !== undefined && number > 1) throw wrong(key, '0 or 1');
  return number === undefined ? undefined : number === 1;
}

/** Differs from libvirt, which has no such key: what init finds in its variable `container`. */
export const containerVariable = (): string | undefined => lxcText('container_variable');
