// Figures in the text of a cgroup's files, one a line: `NAME NUMBER`. Pure.

/** The digits behind `name` at the begin of a line; undefined where there is no such line. A search: some files have fifty lines. */
export function fieldIn(text: string, name: string): string | undefined {
  const word = `${name} `;
  let at = text.startsWith(word) ? 0 : text.indexOf(`\n${word}`) + 1;
  if (at === 0 && !text.startsWith(word)) return undefined;
  at += word.length;
  const end = text.indexOf('\n', at);
  return text.slice(at, end < 0 ? undefined : end);
}

export function numberIn(text: string, name: string): number | undefined {
  const digits = fieldIn(text, name);
  return digits === undefined ? undefined : Number(digits);
}

export function bigintIn(text: string, name: string): bigint | undefined {
  const digits = fieldIn(text, name);
  return digits === undefined || !/^\d+$/.test(digits) ? undefined : BigInt(digits);
}
