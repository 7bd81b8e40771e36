// Sets of CPUs or NUMA nodes in their written form: `0-3,^2,7`.

import { libvirtError } from '../errors.ts';

/** The members in ascending order. Throws INVALID_ARG for what is no such list or has a member at or above `size`. */
export function parseBitmap(text: string, size: number): number[] {
  const bad = () => libvirtError('INVALID_ARG', `Failed to parse bitmap '${text}'`);
  const members = new Uint8Array(size);
  let at = 0;
  const spaces = () => {
    while (' \t\n\v\f\r'.includes(text[at] ?? '\0')) at++;
  };
  const number = (): number => {
    const start = at;
    while (isDigit(text.charCodeAt(at))) at++;
    if (at === start) throw bad();
    const value = Number(text.slice(start, at));
    if (value >= members.length) throw bad();
    return value;
  };
  spaces();
  if (at >= text.length) throw bad();
  while (at < text.length) {
    const negated = text[at] === '^';
    if (negated) at++;
    const start = number();
    spaces();
    if (at >= text.length || text[at] === ',') {
      members[start] = negated ? 0 : 1;
    } else if (text[at] === '-' && !negated) {
      at++;
      spaces();
      const end = number();
      if (end < start) throw bad();
      members.fill(1, start, end + 1);
      spaces();
    } else throw bad();
    if (text[at] === ',') {
      at++;
      spaces();
      if (at >= text.length) break;
    } else if (at < text.length) throw bad();
  }
  const found: number[] = [];
  for (let member = members.indexOf(1); member >= 0; member = members.indexOf(1, member + 1)) found.push(member);
  return found;
}

const isDigit = (code: number): boolean => code >= 0x30 && code <= 0x39;

/** `0-3,7`. */
export function formatBitmap(members: readonly number[]): string {
  const parts: string[] = [];
  for (let i = 0; i < members.length; i++) {
    const start = members[i] as number;
    let end = start;
    while (members[i + 1] === end + 1) {
      end++;
      i++;
    }
    parts.push(start === end ? `${start}` : `${start}-${end}`);
  }
  return parts.join(',');
}

/** A bit mask of `0-3,^2,8`, as the kernel takes it. */
export function numberMask(list: string, bits: number): Buffer {
  const mask = Buffer.alloc(bits / 8);
  for (const part of list.split(',')) {
    const match = /^(\^?)(\d+)(?:-(\d+))?$/.exec(part.trim());
    if (!match) continue;
    for (let n = Number(match[2]); n <= Number(match[3] ?? match[2]) && n < bits; n++) {
      const at = n >> 3;
      mask[at] = match[1] ? mask[at]! & ~(1 << (n & 7)) : mask[at]! | (1 << (n & 7));
    }
  }
  return mask;
}
