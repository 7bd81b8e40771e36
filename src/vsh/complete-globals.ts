// Completion of the options before the command.

import type { Candidate } from './complete.ts';
import { findLong, type GlobalOption } from './parse.ts';

export type CompletedGlobal = GlobalOption & {
  readonly help: string;
  /** What completes the value. */
  readonly completes?: 'file' | readonly string[];
};

export interface GlobalsBefore {
  readonly globals: readonly string[];
  /** The command and what follows it; the last word is the one that is completed. */
  readonly rest: readonly string[];
  /** Set if that word belongs to the global options. */
  readonly candidates?: Candidate[];
}

/** Splits `words`, which end with the one that is completed. What cannot be understood is passed over. */
export function globalsBefore(words: readonly string[], options: readonly CompletedGlobal[]): GlobalsBefore {
  const before = words.slice(0, -1);
  const last = words.at(-1) ?? '';
  let at = 0;
  while (at < before.length) {
    const word = before[at]!;
    if (word === '--') return { globals: before.slice(0, at), rest: words.slice(at + 1) };
    if (word === '-' || !word.startsWith('-')) break;
    const waiting = waitingForValue(word, options);
    if (waiting && at === before.length - 1) {
      return { globals: before.slice(0, at), rest: [last], candidates: values(waiting, last) };
    }
    at += waiting ? 2 : 1;
  }
  const split = { globals: words.slice(0, at), rest: words.slice(at) };
  if (at < before.length || !last.startsWith('-')) return split;
  const [, name, value] = /^--([^=]+)=(.*)$/s.exec(last) ?? [];
  const named = name === undefined ? undefined : findLong(name, options);
  if (named) return { ...split, candidates: values(named, value!).map((one) => (one.isMark ? one : { text: `--${name}=${one.text}` })) };
  const names = options.map(({ long, letter, help }) => ({ text: long === undefined ? `-${letter}` : `--${long}`, about: help }));
  return { ...split, candidates: names.filter(({ text }) => text.startsWith(last)) };
}

/** The option of this word whose value the next word is. */
function waitingForValue<Option extends GlobalOption>(word: string, options: readonly Option[]): Option | undefined {
  if (word.startsWith('--')) {
    const option = word.includes('=') ? undefined : findLong(word.slice(2), options);
    return option?.value === 'required' ? option : undefined;
  }
  const letters = [...word.slice(1)].map((letter) => options.find((option) => option.letter === letter));
  const first = letters.findIndex((option) => option?.value === 'required');
  return first === letters.length - 1 ? letters[first] : undefined;
}

function values({ completes = [] }: CompletedGlobal, start: string): Candidate[] {
  if (completes === 'file') return [{ text: ':files', isMark: true }];
  return completes.filter((text) => text.startsWith(start)).map((text) => ({ text }));
}
