// Patterns of AppArmor's for paths (apparmor.d(5), Globbing). Pure.

/** What stands for itself between quotes. */
const PLAIN = /[\w./+:=~% -]/;
const SPECIAL = /[*?[\]{},^@]/;

/**
 * A quoted pattern for `path`, with `before` and `after`, which are patterns already. A character that the language of profiles might
 * read in another way, or not at all, is written as `?`, one for each byte: it may stand for others then, but it ends nothing.
 */
export function quotedPath(path: string, { before = '', after = '' }: { before?: string; after?: string } = {}): string {
  const escaped = Array.from(path, (character) => {
    if (PLAIN.test(character)) return character;
    return SPECIAL.test(character) ? `\\${character}` : '?'.repeat(Buffer.byteLength(character));
  });
  return `"${before}${escaped.join('')}${after}"`;
}

/**
 * Patterns for every path below a directory, as it is seen from there, but for `kept` and what is below them: the language has no
 * word for "all but". One that ends in `*` keeps all that begins like it. Directories on the way to what is kept are matched by none.
 */
export function allBut(kept: readonly string[]): string[] {
  const names = kept.map((path) => ({ text: path.replace(/\*$/, ''), isPrefix: path.endsWith('*') }));
  const patterns: string[] = [];
  const visit = (start: string) => {
    const further = names.filter(({ text }) => text.startsWith(start));
    const reached = further.filter(({ text }) => text === start);
    if (reached.some(({ isPrefix }) => isPrefix)) return;
    const next = [...new Set(further.flatMap(({ text }) => text[start.length] ?? []))];
    const isDirectory = start === '' || start.endsWith('/') || next.includes('/');
    if (reached.length === 0 && !isDirectory) patterns.push(`${start}{,/{,**}}`);
    patterns.push(`${start}[^${next.join('').replace('/', '')}/]{,**}`);
    for (const character of next) if (reached.length === 0 || character !== '/') visit(start + character);
  };
  visit('');
  return patterns;
}
