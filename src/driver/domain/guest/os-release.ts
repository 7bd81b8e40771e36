// /etc/os-release (os-release(5)): assignments as a shell takes them. Pure.

/** The variables by their names. What is no assignment is passed over. */
export function parseOsRelease(text: string): Map<string, string> {
  const found = new Map<string, string>();
  for (const line of text.split('\n')) {
    const [, name, raw = ''] = /^\s*([A-Z][A-Z0-9_]*)=(.*?)\s*$/.exec(line) ?? [];
    if (name !== undefined) found.set(name, unquoted(raw));
  }
  return found;
}

function unquoted(raw: string): string {
  const single = /^'([^']*)'$/.exec(raw);
  if (single) return single[1]!;
  const double = /^"((?:[^"\\]|\\.)*)"$/.exec(raw);
  return (double ? double[1]! : raw).replace(/\\(["'$`\\])/g, '$1');
}
