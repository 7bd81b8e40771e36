// virt-host-validate: libvirt's program of that name for what this driver runs, containers. Its options are read as getopt_long(3)
// reads them, and its words are libvirt's; --containers and the checks after libvirt's are ours.
import process from 'node:process';
import { checkLine, type HostCheck, libvirtChecks, ownChecks } from '../driver/node/host-checks.ts';
import { hostFacts } from '../driver/node/host-facts.ts';
import { securityLevel } from '../security/level.ts';
import { Output, writeFully } from '../vsh/output.ts';
import { findLong, type GlobalOption } from '../vsh/parse.ts';
import { isTerminal } from '../vsh/terminal.ts';
import { LIBVIRT_VERSION } from './version.ts';

const OPTIONS: readonly (GlobalOption & { letter: string; long: string; help: string; placeholder?: string })[] = [
  { letter: 'h', long: 'help', help: 'Display command line help' },
  { letter: 'v', long: 'version', help: 'Display command version' },
  { letter: 'q', long: 'quiet', help: "Don't display progress information" },
  { letter: 'c', long: 'containers', value: 'required', placeholder: 'N', help: 'Check that the limits allow N containers' },
];

/** How many containers the limits are checked for where nobody says. */
const CONTAINERS = 10;
/** libvirt allows one word too many. */
const MAX_WORDS = 2;

/** As libvirt has them, which ends a colour with "reset". */
const COLOURS: Readonly<Record<HostCheck['verdict'], string>> = { PASS: '\u001b[32m', WARN: '\u001b[33m', FAIL: '\u001b[31m' };
const RESET = '\u001b[0m';

/** A wrong command line; `usage`: the options are told, too. */
class Misuse extends Error {
  readonly usage: boolean;
  constructor(message: string, usage: boolean) {
    super(message);
    this.usage = usage;
  }
}

/** Runs `virt-host-validate ARGV...`; the result is the exit status. `name`: what it was called by. */
export async function runHostValidate(argv: readonly string[], name: string): Promise<number> {
  const output = await Output.open();
  try {
    return report(readWords(argv), name, output);
  } catch (error) {
    if (!(error instanceof Misuse)) throw error;
    say(`${name}: ${error.message}\n${error.usage ? usage(name) : ''}`);
    return 1;
  } finally {
    output.flush();
  }
}

interface Request {
  about?: 'help' | 'version';
  quiet: boolean;
  containers: number | undefined;
  words: string[];
}

function report({ about, quiet, containers, words }: Request, name: string, output: Output): number {
  if (about) {
    output.print(about === 'help' ? usage(name) : `version: ${name} ${LIBVIRT_VERSION}\n`);
    return 0;
  }
  if (words.length > MAX_WORDS) throw new Misuse('too many command line arguments', true);
  if (words[0] !== undefined && words[0] !== 'lxc') throw new Misuse(`unsupported hypervisor name ${words[0]}`, false);
  const facts = hostFacts();
  const { checks, error } = libvirtChecks(facts);
  // At level libvirt nothing differs from libvirt, but for what is asked for.
  const withOwn = containers !== undefined || securityLevel({}) !== 'libvirt';
  const own = withOwn ? ownChecks(facts, { containers: containers ?? CONTAINERS, isAsked: containers !== undefined }) : [];
  if (error !== undefined) say(`${error}\n`);
  const all = [...checks, ...own];
  const isColoured = isTerminal(1) && !process.env['NO_COLOR'];
  const paint = (verdict: HostCheck['verdict']) => (isColoured ? `${COLOURS[verdict]}${verdict}${RESET}` : verdict);
  if (!quiet) for (const check of all) output.print(checkLine(check, paint));
  return error === undefined && all.every(({ verdict }) => verdict !== 'FAIL') ? 0 : 1;
}

const say = (text: string): void => writeFully(2, Buffer.from(text, 'utf8'));

/** Options may stand after words, up to "--". Throws Misuse. */
function readWords(argv: readonly string[]): Request {
  const request: Request = { quiet: false, containers: undefined, words: [] };
  const rest = [...argv];
  while (rest.length > 0 && !request.about) {
    const word = rest.shift()!;
    if (word === '--') request.words.push(...rest.splice(0));
    else if (word.startsWith('--')) readLong(word.slice(2), rest, request);
    else if (word.startsWith('-') && word !== '-') readLetters(word.slice(1), rest, request);
    else request.words.push(word);
  }
  return request;
}

function readLong(word: string, rest: string[], request: Request): void {
  const [, name = '', value] = /^([^=]*)(?:=(.*))?$/s.exec(word) ?? [];
  const option = findLong(name, OPTIONS);
  if (!option) throw new Misuse(`unrecognized option '--${word}'`, true);
  if (!option.value && value !== undefined) throw new Misuse(`option '--${option.long}' doesn't allow an argument`, true);
  if (option.value && value === undefined && rest.length === 0) throw new Misuse(`option '--${option.long}' requires an argument`, true);
  take(option.letter, option.value ? (value ?? rest.shift()!) : '', request);
}

function readLetters(letters: string, rest: string[], request: Request): void {
  for (let i = 0; i < letters.length && !request.about; i++) {
    const option = OPTIONS.find(({ letter }) => letter === letters[i]);
    if (!option) throw new Misuse(`invalid option -- '${letters[i]}'`, true);
    if (!option.value) {
      take(option.letter, '', request);
      continue;
    }
    const value = letters.slice(i + 1) || rest.shift();
    if (value === undefined) throw new Misuse(`option requires an argument -- '${option.letter}'`, true);
    take(option.letter, value, request);
    return;
  }
}

function take(letter: string, value: string, request: Request): void {
  if (letter === 'h') request.about = 'help';
  else if (letter === 'v') request.about = 'version';
  else if (letter === 'q') request.quiet = true;
  else if (/^[1-9]\d{0,5}$/.test(value)) request.containers = Number(value);
  else throw new Misuse(`'${value}' is no number of containers`, false);
}

function usage(name: string): string {
  const forms = OPTIONS.map(({ letter, long, placeholder }) => `-${letter}, --${long}${placeholder ? ` ${placeholder}` : ''}`);
  const width = Math.max(...OPTIONS.filter(({ placeholder }) => !placeholder).map((_, i) => forms[i]!.length));
  return [
    '',
    `syntax: ${name} [OPTIONS] [HVTYPE]`,
    '',
    ' Hypervisor types:',
    '',
    '   - lxc',
    '',
    ' Options:',
    ...OPTIONS.map(({ help }, i) => `   ${forms[i]!.padEnd(width)}  ${help}`),
    '',
    '',
  ].join('\n');
}
