// What a command is: data (words, options) and a handler. Parsing, help, the man page and completion all read this data.

import type { Connection } from '../driver/connection.ts';
import { type LibvirtError, libvirtError } from '../errors.ts';

export type OptionType = 'bool' | 'int' | 'string' | 'scaled' | 'argv';

export type DomainKind = 'domain' | `${'active' | 'running' | 'paused' | 'inactive' | 'persistent'}-domain`;
export type NetworkKind = 'network' | `${'active' | 'inactive' | 'persistent'}-network`;

/** What a value can be one of. Those of a domain or network are of the one that the command names before. */
export type CompletionKind =
  | 'command'
  | 'file'
  | 'directory'
  | DomainKind
  | 'console'
  | 'disk'
  | 'interface'
  | 'interface-device'
  | 'interface-mac'
  | 'interface-source'
  | NetworkKind
  | 'network-port'
  | 'lease-mac';

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
  /** Older names; understood, not shown. `NAME=VALUE`: `--NAME` alone says the option with that value. */
  readonly aliases?: readonly string[];
  /** Least value of an `int`; default: any 32-bit number. */
  readonly min?: number;
  readonly max?: number;
  /** `scaled`: how many bytes a number without suffix counts for; default 1024. */
  readonly unitBytes?: number;
  /** What completes the value: these words, or what there is of a kind. */
  readonly completes?: CompletionKind | readonly string[];
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
 * Option values by name. Reading one checks it: a malformed number or an empty word throws virsh's error for it, so that
 * a handler's order of reading is the order of its errors.
 */
export type Arguments<Options extends readonly OptionDefinition[]> = {
  readonly [O in Options[number] as O['name']]: ValueOf<O>;
};

export type CommandGroup = 'domain' | 'monitor' | 'events' | 'host' | 'network' | 'virsh' | (string & {});

/** What a handler may do besides calling the driver. */
export interface CommandContext {
  /** Opened before the handler runs, unless the command says `connection: false`. */
  readonly connection: Connection;
  readonly settings: Settings;
  /** What `help` and completion tell about. */
  readonly table: CommandTable;
  /** Data: goes to standard output as it is. */
  print(text: string): void;
  /** Success messages: as `print`, but silent with --quiet. */
  extra(text: string): void;
  /** One `error: ` line, without ending the command. */
  error(line: string): void;
  /** A line for -d, about the command that runs; `level` 0 is the most talkative. */
  debugCommand(level: 0 | 1, text: string): void;
  /** Writes out what was printed so far; needed before anything else uses the terminal. */
  flush(): void;
  /** Says on a terminal what a slow operation waits for. */
  readonly onWaiting: (what: string) => void;
  /** Tells a person at a terminal something that no script expects. */
  readonly onNotice: (text: string) => void;
  /** Warns a person at a terminal. The driver puts the same words into the domain's log (store/log.ts, warn). */
  readonly onWarning: (text: string) => void;
  /** What the program exits with, in place of 0 or 1; the last one counts. */
  exitWith(status: number): void;
  /** Leaves something to be done when the program ends. */
  atEnd(action: () => Promise<void>): void;
  /** `connect`: replaces the connection; without a URI by another one to the same, that stays read-only if it was. */
  connect(uri: string | undefined, readonly: boolean): Promise<void>;
}

/** The global options. */
export interface Settings {
  readonly uri: string | undefined;
  /** The URI was given by -c. */
  readonly connectsFirst: boolean;
  readonly readonly: boolean;
  readonly quiet: boolean;
  readonly timing: boolean;
  /** The byte that ends a console, and how it is spelt (`^]`). */
  readonly escape: { readonly byte: number; readonly text: string };
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
  /** virsh's commands that containers do not have: known by name, not listed. */
  unsupportedGroups(): readonly GroupDefinition[];
  /** By name or alias. */
  find(name: string): CommandDefinition | undefined;
  /** What there is of a kind now. Throws LibvirtError where it cannot be known. */
  candidates(
    kind: Exclude<CompletionKind, 'command' | 'file' | 'directory'>,
    connection: Connection,
    given: GivenValues,
  ): Promise<string[]>;
}

/** What two options of one command have to do with each other. */
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
  readonly group: CommandGroup;
  /** One line for the list of commands. */
  readonly summary: string;
  /** A paragraph or more for `help COMMAND` and the man page. */
  readonly description: string;
  readonly options: readonly OptionDefinition[];
  /** In the order in which virsh looks at them. */
  readonly rules?: readonly OptionRule[];
  /** Not listed by `help`. */
  readonly hidden?: boolean;
  /** False: works without a connection. */
  readonly connection?: boolean;
  /** False: looks at no domain or network, so that it works while a libvirtd has them. */
  readonly store?: boolean;
  /** True: refused by the LXC driver; kept out of the man page's list of commands. */
  readonly unsupported?: boolean;
  readonly run: (context: CommandContext, args: Arguments<readonly OptionDefinition[]>) => Promise<Outcome> | Outcome;
}

type Handler<Options extends readonly OptionDefinition[]> = (
  context: CommandContext,
  args: Arguments<Options>,
) => Promise<Outcome> | Outcome;

/** Types the handler's arguments by the options. */
export function defineCommand<const Options extends readonly OptionDefinition[]>(
  definition: Omit<CommandDefinition, 'options' | 'run'> & { readonly options: Options; readonly run: Handler<Options> },
): CommandDefinition {
  // The parser builds exactly what `Options` describes, so the typed handler may stand for the untyped one.
  return definition as unknown as CommandDefinition;
}

/** The first operand of most commands; `completes` tells which domains the command is for. */
export function domainOption({ completes = 'domain', help = 'domain name, id or uuid' }: { completes?: DomainKind; help?: string } = {}) {
  return { name: 'domain', type: 'string', required: true, completes, help } as const;
}

/** That of a command which needs the container. */
export const activeDomainOption = () => domainOption({ completes: 'active-domain' });

/** --config, --live and --current, in this order. */
export function configLiveCurrent() {
  return [
    { name: 'config', type: 'bool', help: 'affect the stored definition, used from the next start on' },
    { name: 'live', type: 'bool', help: 'affect the running domain' },
    { name: 'current', type: 'bool', help: 'affect the running domain, or the stored definition if it does not run (default)' },
  ] as const;
}

/** The rules of `configLiveCurrent`. */
export const CURRENT_EXCLUDES: readonly OptionRule[] = [excludes('current', 'live'), excludes('current', 'config')];

/** The error of one line that a command itself finds. */
export function failure(message: string, cause?: unknown): LibvirtError {
  return libvirtError('PLAIN', message, cause);
}
