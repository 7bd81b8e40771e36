// The global options and the environment variables that stand for them.

import type { CompletedGlobal } from '../vsh/complete-globals.ts';
import { parseGlobals, UsageError } from '../vsh/parse.ts';
import type { Settings } from './command.ts';

/** libvirt has it since 11.4. */
const NO_AGENT = 'no-pkttyagent';

export const GLOBAL_OPTIONS: readonly (CompletedGlobal & { readonly placeholder?: string })[] = [
  {
    letter: 'c',
    long: 'connect',
    value: 'required',
    placeholder: 'URI',
    completes: ['lxc:///'],
    help: 'which hypervisor: lxc:/// (default)',
  },
  {
    letter: 'd',
    long: 'debug',
    value: 'required',
    placeholder: 'NUM',
    completes: ['0', '1', '2', '3', '4'],
    help: 'how much to log: 0 (all) to 4 (errors)',
  },
  { letter: 'e', long: 'escape', value: 'required', placeholder: 'CHAR', help: 'what ends a console: a character or ^X' },
  { letter: 'h', long: 'help', help: 'these options and all commands' },
  { letter: 'k', long: 'keepalive-interval', value: 'required', placeholder: 'NUM', help: 'accepted; there is no daemon to keep alive' },
  { letter: 'K', long: 'keepalive-count', value: 'required', placeholder: 'NUM', help: 'accepted; there is no daemon to keep alive' },
  { letter: 'l', long: 'log', value: 'required', placeholder: 'FILE', completes: 'file', help: 'append log messages to FILE' },
  { long: NO_AGENT, help: 'accepted; nobody is asked for passwords' },
  { letter: 'q', long: 'quiet', help: 'only data: no messages of success, no table headers' },
  { letter: 'r', long: 'readonly', help: 'refuse whatever would change something' },
  { letter: 't', long: 'timing', help: 'say how long each command took' },
  {
    letter: 'v',
    long: 'version',
    value: 'optional',
    placeholder: 'TYPE',
    completes: ['long', 'short'],
    help: 'the version; TYPE is short (default) or long',
  },
  { letter: 'V', help: "the long form: with the program's own version" },
];

export interface CommandLine {
  readonly settings: Settings;
  /** What is left after the global options. */
  readonly words: readonly string[];
  /** Set when the program is only to tell about itself. */
  readonly about: 'help' | 'version' | 'long-version' | undefined;
  /** Said on standard error before anything else. */
  readonly complaints: readonly string[];
  /** An option that libvirt 9.0 has not. */
  readonly newer: string | undefined;
}

/** Default of -d: errors only. */
const QUIETEST_LEVEL = 4;

/** Of a command line and an environment that say nothing. */
export const DEFAULT_SETTINGS: Settings = {
  uri: undefined,
  connectsFirst: false,
  readonly: false,
  quiet: false,
  timing: false,
  escape: { byte: 0x1d, text: '^]' },
  interactive: false,
  debugLevel: QUIETEST_LEVEL,
  logFile: undefined,
};

const DECIMAL = /^\s*[+-]?\d+$/;

/** Throws UsageError, which has the complaints that come before it. */
export function readCommandLine(argv: readonly string[], environment: NodeJS.ProcessEnv): CommandLine {
  const complaints: string[] = [];
  try {
    return read(argv, environment, complaints);
  } catch (error) {
    throw error instanceof UsageError ? new UsageError(...complaints, ...error.lines) : error;
  }
}

function read(argv: readonly string[], environment: NodeJS.ProcessEnv, complaints: string[]): CommandLine {
  let about: CommandLine['about'];
  let newer: CommandLine['newer'];
  const settings = {
    ...DEFAULT_SETTINGS,
    uri: environment['VIRSH_DEFAULT_CONNECT_URI'] || undefined,
    debugLevel: environmentDebugLevel(environment, complaints),
    logFile: environment['VIRSH_LOG_FILE'] || undefined,
  };
  const words = parseGlobals(argv, GLOBAL_OPTIONS, (letter, value = '', spelling = `-${letter}`) => {
    if (letter === 'c') Object.assign(settings, { uri: value, connectsFirst: true });
    else if (letter === 'd') settings.debugLevel = debugLevel(spelling, value, complaints) ?? settings.debugLevel;
    else if (letter === 'e') settings.escape = escapeSequence(value);
    else if (letter === 'h') about = 'help';
    else if (letter === 'k' || letter === 'K') checkKeepalive(spelling, value);
    else if (letter === 'l') settings.logFile = value;
    else if (letter === NO_AGENT) newer = spelling;
    else if (letter === 'q') settings.quiet = true;
    else if (letter === 'r') settings.readonly = true;
    else if (letter === 't') settings.timing = true;
    else if (letter === 'v') about = value === 'long' ? 'long-version' : 'version';
    else if (letter === 'V') about = 'long-version';
    return about === undefined;
  });
  settings.interactive = words.length === 0;
  // As virsh: the variable is read again while no level is chosen, so its mistakes are reported twice.
  if (settings.debugLevel === QUIETEST_LEVEL) environmentDebugLevel(environment, complaints);
  return { settings, words, about, complaints, newer };
}

function environmentDebugLevel(environment: NodeJS.ProcessEnv, complaints: string[]): number {
  const value = environment['VIRSH_DEBUG'];
  if (value === undefined) return QUIETEST_LEVEL;
  const level = DECIMAL.test(value) ? Number(value) : Number.NaN;
  if (level >= 0 && level <= QUIETEST_LEVEL) return level;
  complaints.push('VIRSH_DEBUG not set with a valid numeric value');
  return QUIETEST_LEVEL;
}

function debugLevel(spelling: string, value: string, complaints: string[]): number | undefined {
  const level = DECIMAL.test(value) ? Number(value) : Number.NaN;
  if (!(Math.abs(level) < 2 ** 31)) throw new UsageError(`option ${spelling} takes a numeric argument`);
  if (level >= 0 && level <= QUIETEST_LEVEL) return level;
  complaints.push(`ignoring debug level ${level} out of range [0-${QUIETEST_LEVEL}]`);
  return undefined;
}

/** One character, or `^` and one of `@A-Z[\]^_` (any case). */
function escapeSequence(value: string): Settings['escape'] {
  const bytes = Buffer.from(value, 'utf8');
  if (bytes.length === 1 && value !== '^') return { byte: bytes[0]!, text: value };
  const control = /^\^([@-_a-z])$/.exec(value)?.[1]?.toUpperCase();
  if (control === undefined) throw new UsageError(`Invalid string '${value}' for escape sequence`);
  return { byte: control.charCodeAt(0) ^ 0x40, text: value };
}

/** Numbers are written as in C: 0x10, 010. */
function checkKeepalive(spelling: string, value: string): void {
  const [, sign, digits] = /^\s*([+-]?)(0x[0-9a-f]+|0[0-7]*|[1-9]\d*)$/i.exec(value) ?? [];
  const number = Number(digits?.replace(/^0(?=[0-7])/, '0o'));
  if (!(number < 2 ** 31)) throw new UsageError(`Invalid value for option ${spelling}`);
  if (sign === '-' && number > 0) throw new UsageError(`option ${spelling} requires a positive integer argument`);
}
