// virsh's two grammars: the global options (getopt_long(3) that stops at the first operand) and command lines.
// Written by hand: no general parser can be told virsh's rules (no reordering, words that fill options in the order of their
// definition, its own error messages).

import type { CommandDefinition, CommandTable, OptionDefinition } from './command.ts';

/** What is wrong with a command line; every line is printed after `error: `. Nothing has run yet. */
export class UsageError extends Error {
  readonly lines: readonly string[];

  constructor(...lines: string[]) {
    super(lines.join('\n'));
    this.name = 'UsageError';
    this.lines = lines;
  }
}

/** A word that means nothing, in place of one that is known. */
export class UnknownWord extends UsageError {
  readonly word: string;
  readonly known: readonly string[];
  /** What it is called here, if it is another program's word. */
  readonly meant: readonly string[];

  constructor(
    line: string,
    { word, known, meant = [] }: { word: string; known: readonly string[]; meant?: readonly string[] | undefined },
  ) {
    super(line);
    this.word = word;
    this.known = known;
    this.meant = meant;
  }
}

/** The raw words given for each option; `true` for a bool. */
export type RawValues = ReadonlyMap<string, true | readonly string[]>;

export interface ParsedCommand {
  readonly definition: CommandDefinition;
  readonly values: RawValues;
}

/** Words that mean this command, in whatever order its own were. */
export function wordsOf({ definition, values }: ParsedCommand): string[] {
  return [
    definition.name,
    ...[...values].flatMap(([option, words]) => (words === true ? `--${option}` : words.map((word) => `--${option}=${word}`))),
  ];
}

/** Called with each option's word as it is read; `true` for a bool. */
export type OnOption = (command: CommandDefinition, option: OptionDefinition, word: string | true) => void;

const tellNobody: OnOption = () => {};

type Token = { readonly kind: 'word'; readonly text: string } | { readonly kind: 'separator' } | { readonly kind: 'end' };

const SEPARATOR: Token = { kind: 'separator' };
const END: Token = { kind: 'end' };

/** Several words: each is one token as it stands, and there is one command. */
export function parseWords(words: readonly string[], table: CommandTable, onOption = tellNobody): ParsedCommand[] {
  let at = 0;
  const next = (): Token => {
    const text = words[at++];
    return text === undefined ? END : { kind: 'word', text };
  };
  return parseCommands(next, table, onOption);
}

/** One string: blanks separate words, `;` and newline separate commands, quotes and `#` as in a shell. */
export function parseLine(line: string, table: CommandTable, onOption = tellNobody): ParsedCommand[] {
  return parseCommands(lineTokens(line), table, onOption);
}

function lineTokens(line: string): () => Token {
  let at = 0;
  return () => {
    while (at < line.length && (isBlank(line[at]) || (line[at] === '\\' && line[at + 1] === '\n'))) at += line[at] === '\\' ? 2 : 1;
    if (line[at] === '#') while (at < line.length && line[at] !== '\n') at++;
    if (at >= line.length) return END;
    if (isTerminator(line[at])) {
      at++;
      return SEPARATOR;
    }
    let text = '';
    let quoted = false;
    while (at < line.length && (quoted || !(isBlank(line[at]) || isTerminator(line[at])))) {
      const char = line[at++]!;
      if (char === '"') {
        quoted = !quoted;
      } else if (char === "'" && !quoted) {
        // An apostrophe that is never closed quotes the rest of the line.
        const close = line.indexOf("'", at);
        const end = close < 0 ? line.length : close;
        text += line.slice(at, end);
        at = end + 1;
      } else if (char === '\\') {
        const escaped = line[at++];
        if (escaped === undefined) throw new UsageError('dangling \\');
        if (escaped !== '\n') text += escaped;
      } else {
        text += char;
      }
    }
    if (quoted) throw new UsageError('missing "');
    return { kind: 'word', text };
  };
}

function isBlank(char: string | undefined): boolean {
  return char === ' ' || char === '\t';
}

function isTerminator(char: string | undefined): boolean {
  return char === ';' || char === '\n';
}

function parseCommands(next: () => Token, table: CommandTable, onOption: OnOption): ParsedCommand[] {
  const commands: ParsedCommand[] = [];
  for (;;) {
    const token = next();
    if (token.kind === 'end') return commands;
    if (token.kind === 'separator') continue;
    if (token.text.startsWith('#')) {
      if (skipWords(next)) return commands;
      continue;
    }
    const definition = table.find(token.text);
    if (!definition) {
      const word = token.text;
      throw new UnknownWord(`unknown command: '${word}'`, { word, known: commandNames(table), meant: table.meantBy?.(word) });
    }
    const { values, ended } = parseOptions(definition, next, onOption);
    commands.push(checked(definition, values, table));
    if (ended) return commands;
  }
}

/** Those that are listed. */
function commandNames({ groups, laterGroups }: CommandTable): string[] {
  return [...groups, ...laterGroups()].flatMap(({ commands }) =>
    commands.flatMap(({ name, hidden, unsupported }) => (hidden || unsupported ? [] : [name])),
  );
}

/** Skips a comment that stands in place of a command; true if nothing follows. */
function skipWords(next: () => Token): boolean {
  for (;;) {
    const { kind } = next();
    if (kind !== 'word') return kind === 'end';
  }
}

const HELP_OPTION: OptionDefinition = { name: 'help', type: 'bool', help: 'print help for this command' };

function parseOptions(
  definition: CommandDefinition,
  next: () => Token,
  onOption: OnOption,
): { values: Map<string, true | string[]>; ended: boolean } {
  const values = new Map<string, true | string[]>();
  const unfilled = definition.options.filter((option) => option.type !== 'bool' && !option.namedOnly);
  const add = (option: OptionDefinition, word: string | undefined) => {
    onOption(definition, option, word ?? true);
    if (word === undefined) values.set(option.name, true);
    else if (option.type === 'argv') {
      const words = values.get(option.name);
      if (Array.isArray(words)) words.push(word);
      else values.set(option.name, [word]);
    } else values.set(option.name, [word]);
    const index = unfilled.indexOf(option);
    if (option.type !== 'argv' && index >= 0) unfilled.splice(index, 1);
  };
  let wordsOnly = false;
  for (;;) {
    const token = next();
    if (token.kind !== 'word') return { values, ended: token.kind === 'end' };
    const text = token.text;
    if (!wordsOnly && /^--[0-9A-Za-z]/.test(text)) {
      const equals = text.indexOf('=');
      const name = equals < 0 ? text.slice(2) : text.slice(2, equals);
      const option = findOption(definition, name, values);
      if (!option) continue;
      const preset = option.aliases?.find((alias) => alias.startsWith(`${name}=`))?.slice(name.length + 1);
      if (option.type === 'bool' || preset !== undefined) {
        if (equals >= 0) throw new UsageError(`invalid '=' after option --${preset === undefined ? option.name : name}`);
        add(option, preset);
      } else if (equals >= 0) {
        add(option, text.slice(equals + 1));
      } else {
        const value = next();
        if (value.kind !== 'word') throw new UsageError(`expected syntax: --${option.name} <${valueWord(option)}>`);
        add(option, value.text);
      }
    } else if (!wordsOnly && text === '--') {
      wordsOnly = true;
    } else {
      const option = unfilled[0];
      // Too many words after `help` are not an error.
      if (!option && definition.name === 'help') continue;
      if (!option) throw new UsageError(`unexpected data '${text}'`);
      add(option, text);
      if (option.takesRest) return { values, ended: takeRest(next, (word) => add(option, word)) };
    }
  }
}

/** True at the end of the line, false at the end of the command. */
function takeRest(next: () => Token, add: (word: string) => void): boolean {
  for (;;) {
    const token = next();
    if (token.kind !== 'word') return token.kind === 'end';
    add(token.text);
  }
}

/** The placeholder of an option's value in help and errors. */
export function valueWord(option: OptionDefinition): 'number' | 'string' {
  return option.valueWord ?? (option.type === 'int' || option.type === 'scaled' ? 'number' : 'string');
}

/** All names of an option. */
export function namesOf({ name, aliases = [] }: { readonly name: string; readonly aliases?: readonly string[] }): string[] {
  return [name, ...aliases.map((alias) => alias.split('=', 1)[0]!)];
}

function findOption(definition: CommandDefinition, name: string, values: Map<string, unknown>): OptionDefinition | undefined {
  if (name === 'help') return HELP_OPTION;
  const option = definition.options.find((candidate) => namesOf(candidate).includes(name));
  if (!option) {
    // `help` ignores options that it does not know.
    if (definition.name === 'help') return undefined;
    const known = definition.options.map((candidate) => `--${candidate.name}`);
    throw new UnknownWord(`command '${definition.name}' doesn't support option --${name}`, { word: `--${name}`, known });
  }
  if (values.has(option.name) && option.type !== 'argv') throw new UsageError(`option --${option.name} already seen`);
  return option;
}

/** The command, or `help COMMAND` if --help was among its options. */
function checked(definition: CommandDefinition, values: Map<string, true | string[]>, table: CommandTable): ParsedCommand {
  if (values.has('help')) {
    const help = table.find('help');
    if (help) return { definition: help, values: new Map([['command', [definition.name]]]) };
  }
  const missing = definition.options.filter((option) => option.required && !values.has(option.name));
  if (missing.length > 0) {
    throw new UsageError(
      ...missing.map((option) => {
        const shown = valueWord(option) === 'number' ? `--${option.name}` : `<${option.name}>`;
        return `command '${definition.name}' requires ${shown} option`;
      }),
    );
  }
  return { definition, values };
}

/** A global option: its letter, its long name, what it does with its value. One without a letter goes by its long name. */
export interface GlobalOption {
  readonly letter?: string;
  readonly long?: string;
  /** `optional`: only as `--name=value`. */
  readonly value?: 'required' | 'optional';
}

/**
 * Splits leading options from the rest as getopt_long(3) with `+` would: clusters (`-qr`), values joined or apart,
 * unambiguous beginnings of long names; `--` ends the options.
 * `option` is its letter, if it has one; `spelling` its letter or its whole long name, whichever was used. Where `found` answers false, the rest is not
 * looked at. Throws UsageError for what is wrong, after what comes before it was found.
 */
export function parseGlobals(
  words: readonly string[],
  options: readonly GlobalOption[],
  found: (option: string, value: string | undefined, spelling: string) => boolean,
): string[] {
  let at = 0;
  for (; at < words.length; at++) {
    const word = words[at]!;
    if (word === '--') return words.slice(at + 1);
    if (word === '-' || !word.startsWith('-')) break;
    if (word.startsWith('--')) {
      const equals = word.indexOf('=');
      const name = equals < 0 ? word.slice(2) : word.slice(2, equals);
      const option = findLong(name, options);
      if (!option) throw new UsageError(`unsupported option '${word}'. See --help.`);
      if (!option.value && equals >= 0)
        throw new UsageError(`unsupported option '${option.letter === undefined ? word : `-${option.letter}`}'. See --help.`);
      const spelling = `--${option.long}`;
      const apart = option.value === 'required' && equals < 0;
      if (apart && at + 1 >= words.length) throw missingValue(option);
      const value = apart ? words[++at] : equals < 0 ? undefined : word.slice(equals + 1);
      if (!found(option.letter ?? option.long!, value, spelling)) return [];
      continue;
    }
    for (let index = 1; index < word.length; index++) {
      const letter = word[index]!;
      const option = options.find((candidate) => candidate.letter === letter);
      if (!option) throw new UsageError(`unsupported option '-${letter}'. See --help.`);
      if (option.value !== 'required') {
        if (!found(letter, undefined, `-${letter}`)) return [];
        continue;
      }
      const joined = word.slice(index + 1);
      if (joined === '' && at + 1 >= words.length) throw missingValue(option);
      if (!found(letter, joined === '' ? words[++at] : joined, `-${letter}`)) return [];
      break;
    }
  }
  return words.slice(at);
}

/** By its long name or an unambiguous beginning of that. */
export function findLong<Option extends GlobalOption>(name: string, options: readonly Option[]): Option | undefined {
  const exact = options.find((option) => option.long === name);
  if (exact) return exact;
  const beginnings = options.filter((option) => option.long?.startsWith(name));
  return beginnings.length === 1 ? beginnings[0] : undefined;
}

function missingValue(option: GlobalOption): UsageError {
  return new UsageError(`option '-${option.letter}'/'--${option.long}' requires an argument`);
}
