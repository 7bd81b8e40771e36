// Reads an unfinished line as the parser (parse.ts) would read a finished one: quotes may still be open, the last word incomplete.

export interface OpenLine {
  /** The words of its last command; the last of them, maybe empty, is the one at its end. */
  readonly words: readonly string[];
  /** The last word as it was typed, with its quotes. */
  readonly typed: string;
}

export function openLine(line: string): OpenLine {
  let words: string[] = [];
  let word = '';
  let start = 0;
  let quote = '';
  let inWord = false;
  for (let at = 0; at < line.length; at++) {
    const char = line[at]!;
    if (!quote && (char === ' ' || char === '\t' || char === ';' || char === '\n')) {
      if (inWord) words.push(word);
      if (char === ';' || char === '\n') words = [];
      word = '';
      inWord = false;
      start = at + 1;
      continue;
    }
    inWord = true;
    if (char === quote) quote = '';
    else if (!quote && (char === '"' || char === "'")) quote = char;
    else if (char === '\\' && quote !== "'") word += line[++at] ?? '';
    else word += char;
  }
  return { words: [...words, word], typed: line.slice(start) };
}

/** `texts` as they would be typed in place of a word that began as `typed`: in quotes if one of them needs any, which are not closed yet. */
export function typedAs(texts: readonly string[], typed: string): string[] {
  const all = texts.join('');
  const needed = /[\s;"'\\#]/.test(all) ? (all.includes("'") ? '"' : "'") : '';
  const quote = /^["']/.exec(typed)?.[0] ?? needed;
  return texts.map((text) => quote + (quote === '"' ? text.replace(/["\\]/g, '\\$&') : text));
}

/** The same as a whole word. */
export const closed = (word: string): string => word + (/^["']/.exec(word)?.[0] ?? '');
