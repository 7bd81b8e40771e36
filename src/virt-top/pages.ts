// The two pages that stand in place of the table: help, and the choice of an order. Pure.
import type { ScreenLine, Size } from './screen.ts';
import { type Settings, SORT_ORDERS, SORT_WORDS, type SortOrder } from './settings.ts';
import type { Fit } from './tables.ts';

const HELP: readonly (readonly [key: string, meaning: string])[] = [
  ['space ^L', 'look again, and draw the screen anew'],
  ['q', 'end'],
  ['d s', 'change the time between two looks'],
  ['h', 'this page'],
  ['B', 'block devices in bytes or requests'],
  ['W', 'write the settings to the init file'],
  ['', ''],
  ['0', 'domains'],
  ['1', 'CPUs of the host'],
  ['2', 'network interfaces'],
  ['3', 'block devices'],
  ['4', 'limits: processes, memory, throttling'],
  ['', ''],
  ['P M T N', 'order by %CPU, %MEM, TIME, ID'],
  ['F', 'choose an order'],
];

export interface HelpFacts {
  settings: Pick<Settings, 'delayMs' | 'batch' | 'secure' | 'sort' | 'uri'>;
  hostname: string;
  version: string;
}

export function helpPage({ settings, hostname, version }: HelpFacts, size: Size, fitTo: Fit): ScreenLine[] {
  const { delayMs, secure, sort, uri } = settings;
  const lines: ScreenLine[] = [
    { text: `virt-top of virsh-lxc ${version}`, style: 'heading' },
    { text: `Delay: ${(delayMs / 1000).toFixed(1)} secs; Secure: ${secure ? 'On' : 'Off'}; Sort: ${SORT_ORDERS[sort].title}` },
    { text: `Connect: ${uri ?? 'default'}; Hostname: ${hostname}` },
    { text: '' },
    ...HELP.map(([key, meaning]) => ({ text: ` ${key.padEnd(9)} ${meaning}` })),
  ];
  return page(lines, 'Any key leads back. More is in virt-top(1).', size, fitTo);
}

export function orderPage(order: SortOrder, size: Size, fitTo: Fit): ScreenLine[] {
  const lines: ScreenLine[] = [
    { text: 'Choose the order of domains by its key, or by the cursor keys and Enter.' },
    { text: '' },
    { text: '' },
    { text: '' },
    { text: 'KEY   Sort field', style: 'heading' },
    ...SORT_WORDS.map((word, i) => {
      const { title, key }: { title: string; key?: string } = SORT_ORDERS[word];
      return { text: `  ${i} ${word === order ? '*' : ' '} ${title}${key === undefined ? '' : ` (key: ${key})`}` };
    }),
  ];
  return page(lines, '', size, fitTo);
}

/** `last` stands in the last line. */
function page(lines: readonly ScreenLine[], last: string, size: Size, fitTo: Fit): ScreenLine[] {
  const filled = [...lines.slice(0, size.lines - 1)];
  while (filled.length < size.lines - 1) filled.push({ text: '' });
  return [...filled, { text: last }].map((line) => ({ ...line, text: fitTo(line.text, size.columns) }));
}
