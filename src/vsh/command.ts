// What a command is: data (words, options) and a handler. Parsing, help, the man page and completion all read this data.
// A program adds to it what its own commands need (src/virsh/command.ts).

import { type LibvirtError, libvirtError } from '../errors.ts';

export type OptionType = 'bool' | 'int' | 'string' | 'scaled' | 'argv';

/** What completes a value. The program gives further kinds their meaning (Session.candidates). */
export type CompletionKind = 'command' | 'file' | 'directory' | (string & {});

/** The values that were given before the word that is completed, by the option's name. */
export type GivenValues = ReadonlyMap<string, string>;

export interface OptionDefinition {
  readonly name: string;
  /** `int`: a decimal number; `scaled`: a size with a suffix, in bytes; `argv`: all words that are left. */
  readonly type: OptionType;
  readonly help: string;
  readonly required?: boolean;
  /** Set by `--name value` only, never by a word that stands alone. */
  readonly namedOnly?: boolean;
  /** `--name ''` is a value; elsewhere it is an error. */
  readonly emptyAllowed?: boolean;
  /** What help calls the value; by default what the type suggests. */
  readonly valueWord?: 'number' | 'string';
  /** Of `argv`: what follows its first word is all its own, options and -- too. */
  readonly takesRest?: boolean;
  /** Older names: understood, not shown. `NAME=VALUE`: `--NAME` alone means the option with that value. */
  readonly aliases?: readonly string[];
  /** Least value of an `int`; default: any 32-bit number. */
  readonly min?: number;
  readonly max?: number;
  /** `scaled`: how many bytes a number without suffix counts for; default 1024. */
  readonly unitBytes?: number;
  /** What completes the value: these words, or what there is of a kind. */
  readonly completes?: CompletionKind | readonly string[];
  /** It may be the path of a file as well. */
  readonly orFile?: boolean;
  /** The value is a list, joined by commas. */
  readonly joined?: boolean;
}

/** The value that a handler gets for option `O`. */
type ValueOf<O extends OptionDefinition> = O['type'] extends 'bool'
  ? boolean
  : O['type'] extends 'argv'
    ? readonly string[]
    : PresentValue<O> | (O extends { readonly required: true } ? never : undefined);

type PresentValue<O extends OptionDefinition> = O['type'] extends 'int' ? number : O['type'] extends 'scaled' ? bigint : string;

/**
 * Option values by name. Reading one checks it: a malformed number or an empty word throws virsh's error for it. So
 * the order in which a handler reads is the order of its errors.
 */
export type Arguments<Options extends readonly OptionDefinition[]> = {
  readonly [O in Options[number] as O['name']]: ValueOf<O>;
};

/** The program whose commands these are. */
export interface Program {
  /** In the prompt, the log, names of files. */
  readonly name: string;
  /** What the prompt begins with. */
  readonly banner: string;
}

/** What the shell lets a handler do. */
export interface CommandContext {
  readonly program: Program;
  readonly settings: Settings;
  /** What `help` and completion describe. */
  readonly table: CommandTable;
  /** Data: goes to standard output as it is. */
  print(text: string): void;
  /** The same for what may be no text. */
  printBytes(bytes: Buffer): void;
  /** Success messages: as `print`, but silent with --quiet. */
  extra(text: string): void;
  /** One `error: ` line, without ending the command. */
  error(line: string): void;
  /** Logs a line about the running command for -d; level 0 is the most detailed. */
  debugCommand(level: 0 | 1, text: string): void;
  /** Writes what was printed so far. Call it before anything else uses the terminal. */
  flush(): void;
  /** Says on a terminal what a slow operation waits for. */
  readonly onWaiting: (what: string) => void;
  /** Tells a person at a terminal something that no script expects. */
  readonly onNotice: (text: string) => void;
  /** Warns a person at a terminal. */
  readonly onWarning: (text: string) => void;
  /** Sets the exit status of the program, instead of 0 or 1. The last call counts. */
  exitWith(status: number): void;
  /** Registers an action for the end of the program. */
  atEnd(action: () => Promise<void>): void;
}

/** The global options that every shell has. */
export interface Settings {
  readonly quiet: boolean;
  readonly timing: boolean;
  /** True while commands come from a prompt. */
  readonly interactive: boolean;
  readonly debugLevel: number;
  readonly logFile: string | undefined;
}

export interface GroupDefinition {
  readonly name: string;
  /** The word that `help` knows it by. */
  readonly keyword: string;
  readonly commands: readonly CommandDefinition[];
}

/** All commands there are. */
export interface CommandTable {
  readonly groups: readonly GroupDefinition[];
  /** Groups that are made when they are asked for, as most runs never do: of rarer commands, and of those that are known and refused. */
  laterGroups(): readonly GroupDefinition[];
  /** By name or alias. */
  find(name: string): CommandDefinition | undefined;
  /** Commands that are called so elsewhere. */
  meantBy?(word: string): readonly string[];
}

/** How two options of one command depend on each other. */
export interface OptionRule {
  readonly kind: 'excludes' | 'needs';
  readonly option: string;
  readonly other: string;
}

/** The two cannot be given together. */
export function excludes(option: string, other: string): OptionRule {
  return { kind: 'excludes', option, other };
}

/** `option` makes sense only with `other`. */
export function needs(option: string, other: string): OptionRule {
  return { kind: 'needs', option, other };
}

/** False: the command failed and has said so itself. */
export type Outcome = boolean | undefined;

export interface CommandDefinition {
  readonly name: string;
  readonly aliases?: readonly string[];
  /** The keyword of its group. */
  readonly group: string;
  /** One line for the list of commands. */
  readonly summary: string;
  /** A paragraph or more for `help COMMAND` and the man page. */
  readonly description: string;
  readonly options: readonly OptionDefinition[];
  /** In the order in which virsh checks them. */
  readonly rules?: readonly OptionRule[];
  /** Not listed by `help`. */
  readonly hidden?: boolean;
  /** True: always refused; kept out of the man page's list of commands. */
  readonly unsupported?: boolean;
  /** True, or an option is given: its output is somebody else's, to the byte; no empty line follows. */
  readonly isVerbatim?: true | { readonly with: string };
  /** True: nothing runs after it. */
  readonly leaves?: boolean;
  readonly run: (context: CommandContext, args: Arguments<readonly OptionDefinition[]>) => Promise<Outcome> | Outcome;
}

export type Handler<Options extends readonly OptionDefinition[], Context> = (
  context: Context,
  args: Arguments<Options>,
) => Promise<Outcome> | Outcome;

/** Types the handler's arguments by the options. */
export function defineCommand<const Options extends readonly OptionDefinition[]>(
  definition: Omit<CommandDefinition, 'options' | 'run'> & { readonly options: Options; readonly run: Handler<Options, CommandContext> },
): CommandDefinition {
  // The parser builds exactly what `Options` describes, so the typed handler may stand for the untyped one.
  return definition as unknown as CommandDefinition;
}

/** The error of one line that a command itself finds. */
export function failure(message: string, cause?: unknown): LibvirtError {
  return libvirtError('PLAIN', message, cause);
}
