// AppArmor's patterns as regular expressions, as far as ours use them (apparmor.d(5), Globbing).

/** Does `pattern` match the whole of `path`? */
export const globMatches = (pattern: string, path: string): boolean => new RegExp(`^${toRegExp(pattern)}$`, 's').test(path);

function toRegExp(pattern: string): string {
  const tokens = pattern.match(/\\.|\*\*|\[[^\]]*\]|./gs) ?? [];
  let depth = 0;
  return tokens
    .map((token) => {
      if (token === '**') return '.*';
      if (token === '*') return '[^/]*';
      if (token === '?') return '[^/]';
      if (token === '{') {
        depth++;
        return '(?:';
      }
      if (token === '}') {
        depth--;
        return ')';
      }
      if (token === ',' && depth > 0) return '|';
      if (token.startsWith('[')) return token;
      return token.at(-1)!.replace(/[.*+?^${}()|[\]\\/]/, '\\$&');
    })
    .join('');
}
