// What a command that containers do not have does when it is called: the vocabulary of the tables beside this file.

import type { DomainRef } from '../../../domain/ref.ts';
import { inContext, type LibvirtError, libvirtError } from '../../../errors.ts';
import { type Arguments, type CommandContext, failure, type OptionDefinition } from '../../command.ts';
import { readDescription } from '../files.ts';

export interface Call {
  readonly context: CommandContext;
  readonly args: Arguments<readonly OptionDefinition[]>;
  /** The domain that was named, and whether it runs; undefined where the command names none, and before it is looked up. */
  readonly domain: DomainRef | undefined;
  readonly active: boolean | undefined;
}

export interface Outcome {
  /** Looked at before the domain is looked up. */
  readonly early?: boolean;
  /** True: done. Undefined: not for this call, the next outcome is. Throws what the user is to see. */
  apply(call: Call): Promise<boolean | undefined> | boolean | undefined;
}

/**
 * The two lines of a function that the driver does not have. In the first, as in every text of this vocabulary, `{option}` is
 * that option's value, and `{name}` the domain's name whatever it was called by.
 */
export function refused(api: string, doing?: string): Outcome {
  return {
    apply(call) {
      const { context } = call;
      const error = refusal(context, api);
      throw doing === undefined ? error : inContext(fill(doing, call), error);
    },
  };
}

/** What calling a function that the driver does not have ends in. */
export function refusal({ connection }: Pick<CommandContext, 'connection'>, api: string): LibvirtError {
  const forbidden = connection.readonly && (!READS.test(api) || NOT_FOR_READERS.test(api));
  return libvirtError(forbidden ? 'OPERATION_FORBIDDEN_READONLY' : 'NO_SUPPORT', api);
}

/** Functions that a read-only connection may call. */
const READS = /Get|List|Num$|Lookup|Current|Compare|Baseline/;
/** What they learn comes from inside the domain, or may hold secrets. */
const NOT_FOR_READERS = /FSInfo|LaunchSecurity|SSHKeys|MaxSpeed|SaveImage|GuestVcpus|GuestInfo|GetTime|SEVInfo/;

/** One line, said by the command itself. */
export function says(message: string): Outcome {
  return {
    apply(call) {
      throw failure(fill(message, call));
    },
  };
}

/** `outcome`, if `test` holds. */
export function when(test: (call: Call) => boolean, outcome: Outcome): Outcome {
  return { ...outcome, apply: (call) => (test(call) ? outcome.apply(call) : undefined) };
}

/** `message`, if the option is given and none of these words. */
export function oneOf(option: string, words: string, message: string): Outcome {
  return when((call) => isGiven(call, option) && !words.split(' ').includes(String(call.args[option])), says(message));
}

/** These lines, which the command itself knows. */
export function prints(...lines: string[]): Outcome {
  return {
    apply({ context }) {
      context.print(lines.map((line) => `${line}\n`).join(''));
      return true;
    },
  };
}

/** `outcome`, if one of these options is given. */
export function given(names: string, outcome: Outcome): Outcome {
  return when((call) => anyGiven(call, names), outcome);
}

/** `outcome`, if an option that is none of these is given. */
export function givenOther(names: string, outcome: Outcome): Outcome {
  const known = names.split(' ');
  return when((call) => Object.keys(call.args).some((name) => !known.includes(name) && isGiven(call, name)), outcome);
}

/** `message`, if none of these options is given. */
export function missing(names: string, message: string): Outcome {
  return when((call) => !anyGiven(call, names), says(message));
}

/** `option` makes sense only with `other`. */
export function requires(option: string, other: string): Outcome {
  return before(given(option, missing(other, `Option --${other} is required by option --${option}`)));
}

/**
 * Options, each with the name of its flag, of which libvirt's library lets nobody pass two: the first pair in the order given.
 * What it says is told as a refusal is.
 */
export function exclusiveFlags(flags: readonly (readonly [option: string, flag: string])[], doing: string): Outcome {
  return {
    apply(call) {
      const [one, other] = flags.filter(([option]) => isGiven(call, option));
      if (one && other) throw inContext(fill(doing, call), failure(`Flags '${one[1]}' and '${other[1]}' are mutually exclusive`));
      return undefined;
    },
  };
}

/** `outcome`, if the domain does not run. */
export function off(outcome: Outcome): Outcome {
  return when((call) => call.active === false, outcome);
}

const GOES_ON: Outcome = { apply: () => undefined };

/** `outcome`, after the file that this option names has been read; nothing without that option. */
export function file(name: string, outcome = GOES_ON): Outcome {
  return {
    ...outcome,
    apply(call) {
      const path = call.args[name];
      if (typeof path !== 'string') return undefined;
      readDescription(path);
      return outcome.apply(call);
    },
  };
}

/** `outcome`, after a connection to the URI that this option names has been opened. */
export function connects(name: string, outcome: Outcome): Outcome {
  return {
    async apply(call) {
      const { openConnection } = await import('../../../driver/connection.ts');
      openConnection(String(call.args[name]), { readonly: false });
      return outcome.apply(call);
    },
  };
}

/** `outcome`, before the domain is looked up. */
export function before(outcome: Outcome): Outcome {
  return { ...outcome, early: true };
}

/** A table without rows: what there could be, there is none of. */
export function emptyTable(...header: string[]): Outcome {
  return {
    async apply({ context }) {
      const { formatTable } = await import('../../../vsh/table.ts');
      context.print(formatTable(context.settings.quiet ? undefined : header, []));
      return true;
    },
  };
}

/** The two lines of a name that means nothing; `{name}` in both is the option's value. */
export function unknown(doing: string, reason: string): Outcome {
  return {
    apply(call) {
      throw inContext(fill(doing, call), failure(fill(reason, call)));
    },
  };
}

/** `outcome`, if the option's value has the form of a uuid; else what libvirt says to a word that has not. */
export function uuidOnly(option: string, api: string, doing: string, outcome: Outcome): Outcome {
  return {
    apply(call) {
      if (/^[0-9a-f]{8}(-?[0-9a-f]{4}){3}-?[0-9a-f]{12}$/i.test(String(call.args[option]))) return outcome.apply(call);
      throw inContext(fill(doing, call), failure(`uuidstr in ${api} must be a valid UUID`));
    },
  };
}

function anyGiven(call: Call, names: string): boolean {
  return names.split(' ').some((name) => isGiven(call, name));
}

function isGiven({ args }: Call, name: string): boolean {
  const value: unknown = args[name];
  return value !== undefined && value !== false && !(Array.isArray(value) && value.length === 0);
}

function fill(text: string, { args, domain }: Call): string {
  return text.replace(/\{([\w-]+)\}/g, (_, name: string) => (name === 'name' && domain ? domain.name : String(args[name])));
}
