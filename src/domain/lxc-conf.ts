// The configuration files of the lxc tools (lxc.container.conf(5)): lines `key = value`, in their order. Pure.

import { libvirtError } from '../errors.ts';

export interface ConfEntry {
  key: string;
  value: string;
}

/** Throws PLAIN `configuration file syntax error: …` for what is no assignment. */
export function parseLxcConf(text: string): ConfEntry[] {
  const entries: ConfEntry[] = [];
  text.split('\n').forEach((line, i) => {
    const content = line.trim();
    if (content === '' || content.startsWith('#')) return;
    const match = /^([A-Za-z_][\w.-]*)[ \t]*(=?)[ \t]*(.*)$/.exec(content);
    const wrong = (expected: string) =>
      libvirtError('PLAIN', `configuration file syntax error: memory conf:${i + 1}: expecting ${expected}`);
    if (!match) throw wrong('a name');
    const [, key, assignment, value] = match;
    if (assignment === '') throw wrong('an assignment');
    entries.push({ key: key!, value: unquoted(value!) });
  });
  return entries;
}

function unquoted(value: string): string {
  return /^(["']).*\1$/s.test(value) && value.length > 1 ? value.slice(1, -1) : value;
}
