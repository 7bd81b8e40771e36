// What could come next on a command line, from the table of commands: commands, options, values.

import { LibvirtError } from '../errors.ts';
import type { CommandDefinition, CommandTable, GivenValues, OptionDefinition } from './command.ts';
import { shownGroups } from './help.ts';
import { namesOf } from './parse.ts';

export interface Candidate {
  readonly text: string;
  /** What it means, for shells that show it. */
  readonly about?: string;
  /** A mark instead of a word: the shell that asked completes file names itself. */
  readonly isMark?: true;
}

export interface Completer {
  readonly table: CommandTable;
  /** Lists what there is of a kind that the program knows. Throws LibvirtError if that cannot be known. */
  candidates(kind: string, given: GivenValues): Promise<readonly string[]>;
  /** The paths that begin with `start`, or a mark. */
  readonly paths: (kind: 'file' | 'directory', start: string) => readonly Candidate[];
}

/** Every word that may stand in place of the last of `words`, which may be empty or incomplete. */
export async function completions(completer: Completer, words: readonly string[]): Promise<Candidate[]> {
  const last = words.at(-1) ?? '';
  if (words.length <= 1) return beginning(last, commandNames(completer.table));
  const command = completer.table.find(words[0]!);
  if (!command) return [];
  const before = readWords(command, words.slice(1, -1));
  if (before.pending) return await values(completer, before.pending, last, before.given);
  if (!before.wordsOnly) {
    const [, name, value] = /^(--[^=]+)=(.*)$/s.exec(last) ?? [];
    if (name !== undefined) return await valuesAfterName(completer, command, { name, value: value!, given: before.given });
    if (last.startsWith('-')) return beginning(last, optionsLeft(command, before));
  }
  const operands = before.next ? await values(completer, before.next, last, before.given) : [];
  return [...operands, ...(last === '' && !before.wordsOnly ? beginning(last, optionsLeft(command, before)) : [])];
}

/** Can more follow without a blank: a file in the directory, the value after `=`, a path after a domain's name? */
export const isOpen = (text: string): boolean => /[/=:]$/.test(text);

/** All marks, then the words that begin with `start`, sorted. */
function beginning(start: string, candidates: readonly Candidate[]): Candidate[] {
  const words = candidates.filter(({ text, isMark }) => !isMark && text.startsWith(start));
  return [...candidates.filter(({ isMark }) => isMark), ...words.sort((a, b) => (a.text < b.text ? -1 : a.text > b.text ? 1 : 0))];
}

function commandNames(table: CommandTable): Candidate[] {
  return shownGroups(table).flatMap((group) =>
    group.commands.filter(({ hidden }) => !hidden).map(({ name, summary }) => ({ text: name, about: summary })),
  );
}

interface WordsBefore {
  readonly given: Map<string, string>;
  /** Names of the options that were given, with values or not. */
  readonly seen: Set<string>;
  /** The option whose value the next word is. */
  readonly pending: OptionDefinition | undefined;
  /** The operand that the next bare word would be. */
  readonly next: OptionDefinition | undefined;
  /** After `--`, where no word is an option. */
  readonly wordsOnly: boolean;
}

/** Reads words as the parser does, but finds no errors. */
function readWords(command: CommandDefinition, words: readonly string[]): WordsBefore {
  const unfilled = command.options.filter((option) => option.type !== 'bool' && !option.namedOnly);
  const given = new Map<string, string>();
  const seen = new Set<string>();
  let pending: OptionDefinition | undefined;
  let wordsOnly = false;
  const take = (option: OptionDefinition, value: string) => {
    given.set(option.name, value);
    seen.add(option.name);
    const index = unfilled.indexOf(option);
    if (option.type !== 'argv' && index >= 0) unfilled.splice(index, 1);
  };
  for (const word of words) {
    if (pending) {
      take(pending, word);
      pending = undefined;
    } else if (wordsOnly || !word.startsWith('--')) {
      if (unfilled[0]) take(unfilled[0], word);
    } else if (word === '--') {
      wordsOnly = true;
    } else {
      const [name, value] = split(word);
      const option = optionCalled(command, name);
      if (option) seen.add(option.name);
      if (option && option.type !== 'bool') {
        if (value === undefined) pending = option;
        else take(option, value);
      }
    }
  }
  return { given, seen, pending, next: unfilled[0], wordsOnly };
}

/** `--name=value`. */
function split(word: string): [name: string, value: string | undefined] {
  const equals = word.indexOf('=');
  return equals < 0 ? [word.slice(2), undefined] : [word.slice(2, equals), word.slice(equals + 1)];
}

function optionCalled(command: CommandDefinition, name: string): OptionDefinition | undefined {
  return command.options.find((option) => namesOf(option).includes(name));
}

/** Leaves out options that were given, and those that exclude one of them. */
function optionsLeft({ options, rules = [] }: CommandDefinition, { seen }: WordsBefore): Candidate[] {
  const excluded = new Set(
    rules.filter(({ kind }) => kind === 'excludes').flatMap(({ option, other }) => [seen.has(option) && other, seen.has(other) && option]),
  );
  return options
    .filter(({ name, type }) => (type === 'argv' || !seen.has(name)) && !excluded.has(name))
    .map(({ name, help }) => ({ text: `--${name}`, about: help }));
}

async function valuesAfterName(
  completer: Completer,
  command: CommandDefinition,
  { name, value, given }: { name: string; value: string; given: GivenValues },
): Promise<Candidate[]> {
  const option = optionCalled(command, name.slice('--'.length));
  if (!option || option.type === 'bool') return [];
  const found = await values(completer, option, value, given);
  return found.map((candidate) => inFront(`${name}=`, candidate));
}

const inFront = (head: string, candidate: Candidate): Candidate =>
  candidate.isMark ? candidate : { ...candidate, text: head + candidate.text };

async function values(completer: Completer, option: OptionDefinition, word: string, given: GivenValues): Promise<Candidate[]> {
  // In a list only the last member is completed, with values that the list does not have yet.
  const head = option.joined ? word.slice(0, word.lastIndexOf(',') + 1) : '';
  const inList = new Set(head.split(','));
  const start = word.slice(head.length);
  const files = option.orFile ? completer.paths('file', start) : [];
  const found = beginning(start, [...files, ...(await valuesOf(completer, option.completes, start, given))]);
  return found.filter(({ text }) => text === '' || !inList.has(text)).map((candidate) => inFront(head, candidate));
}

async function valuesOf(
  completer: Completer,
  completes: OptionDefinition['completes'],
  start: string,
  given: GivenValues,
): Promise<readonly Candidate[]> {
  const { table, paths } = completer;
  if (completes === undefined) return [];
  if (completes === 'file') return paths('file', start);
  if (completes === 'directory') return paths('directory', start);
  if (completes === 'command')
    return [...commandNames(table), ...shownGroups(table).map(({ keyword, name }) => ({ text: keyword, about: `all of ${name}` }))];
  if (typeof completes !== 'string') return completes.map((text) => ({ text }));
  try {
    return (await completer.candidates(completes, given)).map((text) => ({ text }));
  } catch (error) {
    if (error instanceof LibvirtError) return []; // whoever runs the command is told
    throw error;
  }
}
