// What can be set, by the command line, by the init file, and by keys. Pure.

/** In the order in which `F` lists them. `-o` takes the words. */
export const SORT_ORDERS = {
  id: { title: 'Domain ID', key: 'N' },
  name: { title: 'Domain name' },
  cpu: { title: '%CPU', key: 'P' },
  mem: { title: '%MEM', key: 'M' },
  time: { title: 'TIME (CPU time)', key: 'T' },
  netrx: { title: 'Net RX bytes' },
  nettx: { title: 'Net TX bytes' },
  blockrdrq: { title: 'Block read reqs' },
  blockwrrq: { title: 'Block write reqs' },
} as const satisfies Record<string, { title: string; key?: string }>;
export type SortOrder = keyof typeof SORT_ORDERS;
export const SORT_WORDS = Object.keys(SORT_ORDERS) as readonly SortOrder[];

/** Words that mean another one. */
const SORT_ALIASES: ReadonlyMap<string, SortOrder> = new Map([
  ['processor', 'cpu'],
  ['memory', 'mem'],
]);

export const sortOrder = (word: string): SortOrder | undefined => SORT_WORDS.find((known) => known === word) ?? SORT_ALIASES.get(word);

/** By the words of the init file; the key of each is its place. Differs from virt-top, which has no last one. */
export const DISPLAYS = ['task', 'pcpu', 'net', 'block', 'limits'] as const;
export type Display = (typeof DISPLAYS)[number];

export interface Settings {
  display: Display;
  sort: SortOrder;
  delayMs: number;
  /** How often the history of %CPU gets a new figure. */
  historyDelayMs: number;
  /** undefined: without end. */
  iterations: number | undefined;
  endTimeMs: number | undefined;
  uri: string | undefined;
  /** No keys. */
  batch: boolean;
  /** Nothing that a key does leaves this program or this terminal. */
  secure: boolean;
  /** No screen. */
  script: boolean;
  /** Tables one after the other on standard output. */
  stream: boolean;
  /** An object of JSON on a line of standard output, each time. */
  json: boolean;
  blockInBytes: boolean;
  csvFile: string | undefined;
  csv: CsvColumns;
  debugFile: string | undefined;
  /** undefined: none is read or written. */
  initFile: string | undefined;
  /** The init file says that it is to stay as it is. */
  keepsInitFile: boolean;
}

export interface CsvColumns {
  cpu: boolean;
  mem: boolean;
  block: boolean;
  net: boolean;
}

export const DEFAULT_SETTINGS: Settings = {
  display: 'task',
  sort: 'cpu',
  delayMs: 3000,
  historyDelayMs: 20_000,
  iterations: undefined,
  endTimeMs: undefined,
  uri: undefined,
  batch: false,
  secure: false,
  script: false,
  stream: false,
  json: false,
  blockInBytes: false,
  csvFile: undefined,
  csv: { cpu: true, mem: true, block: true, net: true },
  debugFile: undefined,
  initFile: undefined,
  keepsInitFile: false,
};

/** The user is told in one line. */
export class WrongSetting extends Error {}

/** Throws WrongSetting. */
export function delayMs(text: string): number {
  const seconds = /^\+?(\d+\.?\d*|\.\d+)$/.test(text.trim()) ? Number(text) : Number.NaN;
  // The kernel's timers count milliseconds in an int.
  if (!(seconds >= 0.001 && seconds <= 2_000_000)) throw new WrongSetting(`'${text}' is no delay in seconds above 0`);
  return Math.round(seconds * 1000);
}
