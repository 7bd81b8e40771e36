// What is typed: bytes of a terminal as keys, and what each key changes. Pure.
import { DISPLAYS, type Display, type Settings, SORT_ORDERS, SORT_WORDS, type SortOrder } from './settings.ts';

/** A character, or the name of what has none. */
export type Key = string;

const NAMED: readonly (readonly [bytes: string, key: Key])[] = [
  ['\u001b[A', 'up'],
  ['\u001bOA', 'up'],
  ['\u001b[B', 'down'],
  ['\u001bOB', 'down'],
  ['\r', 'enter'],
  ['\n', 'enter'],
  ['\u007f', 'backspace'],
  ['\b', 'backspace'],
  ['\u0003', 'interrupt'],
  ['\u001a', 'suspend'],
  ['\f', 'refresh'],
  [' ', 'refresh'],
];

/** Other sequences that begin with ESC are one key that means nothing. */
export function keysIn(text: string): Key[] {
  const keys: Key[] = [];
  for (let rest = text; rest !== ''; ) {
    const named = NAMED.find(([bytes]) => rest.startsWith(bytes));
    const bytes = named?.[0] ?? /^\u001b(?:\[[0-?]*[ -/]*[@-~]?|O.)?/.exec(rest)?.[0] ?? String.fromCodePoint(rest.codePointAt(0)!);
    keys.push(named?.[1] ?? (bytes.startsWith('\u001b') ? 'escape' : bytes));
    rest = rest.slice(bytes.length);
  }
  return keys;
}

/** What a key asks for beyond a setting. */
export type Action = { settings: Partial<Settings> } | 'quit' | 'help' | 'delay' | 'order' | 'write' | 'refresh' | 'unknown';

const SORT_KEYS: ReadonlyMap<Key, SortOrder> = new Map(
  SORT_WORDS.flatMap((word) => {
    const order: { title: string; key?: string } = SORT_ORDERS[word];
    return order.key === undefined ? [] : [[order.key, word] as const];
  }),
);

export function actionOf(key: Key, settings: Pick<Settings, 'display' | 'blockInBytes'>): Action {
  const sort = SORT_KEYS.get(key);
  if (sort !== undefined) return { settings: { sort } };
  const display: Display | undefined = /^[0-9]$/.test(key) ? DISPLAYS[Number(key)] : undefined;
  // Pressed again it leads back.
  if (display !== undefined) return { settings: { display: display === settings.display ? 'task' : display } };
  switch (key) {
    case 'q':
    case 'interrupt':
      return 'quit';
    case 'h':
      return 'help';
    case 's':
    case 'd':
      return 'delay';
    case 'F':
      return 'order';
    case 'W':
      return 'write';
    case 'B':
      return { settings: { blockInBytes: !settings.blockInBytes } };
    case 'refresh':
      return 'refresh';
    default:
      return 'unknown';
  }
}

/** On the page of `F`: a new order, and whether that is all. undefined: the page is left. */
export function orderAfter(key: Key, order: SortOrder): { order: SortOrder; done: boolean } | undefined {
  if (['q', 'enter', 'refresh', 'escape', 'interrupt'].includes(key)) return undefined;
  const at = SORT_WORDS.indexOf(order);
  if (key === 'up') return { order: SORT_WORDS[Math.max(0, at - 1)]!, done: false };
  if (key === 'down') return { order: SORT_WORDS[Math.min(SORT_WORDS.length - 1, at + 1)]!, done: false };
  const chosen = SORT_KEYS.get(key) ?? (/^[0-9]$/.test(key) ? SORT_WORDS[Number(key)] : undefined);
  return chosen === undefined ? { order, done: false } : { order: chosen, done: true };
}
