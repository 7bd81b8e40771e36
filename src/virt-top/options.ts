// The command line, whose grammar is yargs'.
import yargs from 'yargs';
import { endTimeMs } from './end-time.ts';
import { delayMs, type Settings, SORT_WORDS, sortOrder, WrongSetting } from './settings.ts';

export interface CommandLine {
  /** Of those that were given. */
  settings: Partial<Settings>;
  /** The init file that was named; false: none is to be read. */
  initFile: string | false | undefined;
  /** Text that was asked for in place of anything else. */
  help: string | undefined;
  version: boolean;
}

/** Throws WrongSetting. */
export async function readCommandLine(argv: readonly string[], now: Date): Promise<CommandLine> {
  let help: string | undefined;
  const parser = yargs([...argv])
    .scriptName('virt-top')
    .usage('$0 [OPTION ...]\n\nShows what containers use, as top(1) does for processes.')
    .version(false)
    // No file or variable of whoever calls it has a say.
    .locale('en')
    .parserConfiguration({ 'boolean-negation': false, 'camel-case-expansion': false, 'dot-notation': false, 'parse-numbers': false })
    .option('1', { type: 'boolean', describe: 'begin with the CPUs of the host' })
    .option('2', { type: 'boolean', describe: 'begin with network interfaces' })
    .option('3', { type: 'boolean', describe: 'begin with block devices' })
    .option('4', { type: 'boolean', describe: 'begin with limits: processes, memory, throttling, pressure' })
    .option('b', { type: 'boolean', describe: 'batch mode: no keys' })
    .option('c', { alias: 'connect', type: 'string', requiresArg: true, describe: 'which hypervisor: lxc:///' })
    .option('d', { type: 'string', requiresArg: true, describe: 'seconds between two looks (3)' })
    .option('n', { type: 'string', requiresArg: true, describe: 'how often to look (without end)' })
    .option('o', { type: 'string', requiresArg: true, describe: `order: ${SORT_WORDS.join(', ')}` })
    .option('s', { type: 'boolean', describe: 'secure mode: no key writes a file' })
    .option('hist-cpu', { type: 'string', requiresArg: true, describe: 'seconds between two figures of the history of %CPU (20)' })
    .option('csv', { type: 'string', requiresArg: true, describe: 'write a line of CSV to this file each time' })
    .option('no-csv-cpu', { type: 'boolean', describe: 'no processor time in it' })
    .option('no-csv-mem', { type: 'boolean', describe: 'no memory in it' })
    .option('no-csv-block', { type: 'boolean', describe: 'no block devices in it' })
    .option('no-csv-net', { type: 'boolean', describe: 'no network in it' })
    .option('block-in-bytes', { type: 'boolean', describe: 'bytes instead of requests of block devices' })
    .option('debug', { type: 'string', requiresArg: true, describe: 'write messages to this file' })
    .option('init-file', { type: 'string', requiresArg: true, describe: 'read this file instead of ~/.virt-toprc' })
    .option('no-init-file', { type: 'boolean', describe: 'read no such file' })
    .option('script', { type: 'boolean', describe: 'no screen' })
    .option('stream', { type: 'boolean', describe: 'no screen: tables, one after the other' })
    .option('json', { type: 'boolean', describe: 'no screen: a line of JSON each time' })
    .option('end-time', { type: 'string', requiresArg: true, describe: 'when to end: [YYYY-MM-DD ]HH:MM:SS, +HH:MM:SS or +SECONDS' })
    .option('version', { type: 'boolean', describe: 'print the version' })
    .help('help')
    .wrap(null)
    .strict()
    .exitProcess(false)
    .fail((message, error) => {
      throw error === undefined || error.name === 'YError' ? new WrongSetting(message ?? error?.message ?? '') : error;
    });
  const given = (await parser.parse([...argv], {}, (_error, _given, text) => {
    if (text !== '') help = text;
  })) as object;
  const values = new Map<string, unknown>(Object.entries(given));
  const initFile = values.get('no-init-file') ? false : textOf(values.get('init-file'));
  return { settings: settingsOf(values, now), initFile, help, version: values.get('version') === true };
}

/** Of an option that was given several times the last one counts. */
function textOf(value: unknown): string | undefined {
  const last: unknown = Array.isArray(value) ? value.at(-1) : value;
  return typeof last === 'string' ? last : undefined;
}

function settingsOf(given: ReadonlyMap<string, unknown>, now: Date): Partial<Settings> {
  const settings: Partial<Settings> = {};
  for (const [word, display] of [
    ['1', 'pcpu'],
    ['2', 'net'],
    ['3', 'block'],
    ['4', 'limits'],
  ] as const)
    if (given.get(word)) settings.display = display;
  for (const [word, name] of [
    ['b', 'batch'],
    ['s', 'secure'],
    ['script', 'script'],
    ['stream', 'stream'],
    ['json', 'json'],
    ['block-in-bytes', 'blockInBytes'],
  ] as const)
    if (given.get(word)) settings[name] = true;
  const delay = textOf(given.get('d'));
  if (delay !== undefined) settings.delayMs = delayMs(delay);
  const history = textOf(given.get('hist-cpu'));
  if (history !== undefined) settings.historyDelayMs = whole('hist-cpu', history) * 1000;
  const iterations = textOf(given.get('n'));
  if (iterations !== undefined) settings.iterations = whole('n', iterations);
  const sort = textOf(given.get('o'));
  if (sort !== undefined) settings.sort = required(sortOrder(sort), `'${sort}' is no order: ${SORT_WORDS.join(', ')}`);
  const end = textOf(given.get('end-time'));
  if (end !== undefined) settings.endTimeMs = required(endTimeMs(end, now), `'${end}' is no time to end`);
  const uri = textOf(given.get('c'));
  if (uri) settings.uri = uri;
  const debugFile = textOf(given.get('debug'));
  if (debugFile) settings.debugFile = debugFile;
  const csvFile = textOf(given.get('csv'));
  if (csvFile) settings.csvFile = csvFile;
  const columns = (['cpu', 'mem', 'block', 'net'] as const).filter((column) => given.get(`no-csv-${column}`));
  if (columns.length > 0) {
    const csv = { cpu: true, mem: true, block: true, net: true };
    for (const column of columns) csv[column] = false;
    settings.csv = csv;
  }
  return settings;
}

function whole(option: string, text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new WrongSetting(`'${text}' is no whole number for ${option.length === 1 ? '-' : '--'}${option}`);
  return Number(text);
}

function required<T>(value: T | undefined, message: string): T {
  if (value === undefined) throw new WrongSetting(message);
  return value;
}
