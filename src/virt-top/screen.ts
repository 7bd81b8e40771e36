// The screen as lines: time and host, two lines of sums, one for messages, the table. Pure.
import { clockText } from './numbers.ts';
import type { Host, Slice } from './slice.ts';
import { type Fit, type TableSettings, tableOf } from './tables.ts';

/** The line in which messages and questions stand. */
export const MESSAGE_LINE = 3;

export interface Size {
  lines: number;
  columns: number;
}

/** A line, and how it stands out. */
export interface ScreenLine {
  text: string;
  style?: 'heading' | 'bold';
}

export interface ScreenParts {
  slice: Slice;
  host: Host;
  settings: TableSettings;
  /** Earlier figures of %CPU, the newest first. */
  history: readonly number[];
  message: string;
}

/** As many lines as the window has; the table may lose some at its end, and each line what is too wide. */
export function screenLines(parts: ScreenParts, size: Size, fitTo: Fit): ScreenLine[] {
  const { slice, settings, message } = parts;
  const { heading, lines } = tableOf(slice, settings, fitTo);
  const all: ScreenLine[] = [
    { text: hostLine(parts) },
    ...summaryLines(slice).map((text) => ({ text })),
    { text: message },
    { text: heading, style: 'heading' },
    ...lines.map((text) => ({ text })),
  ];
  return all.slice(0, size.lines).map(({ text, style }) => ({ text: fitTo(text, size.columns), ...(style && { style }) }));
}

function hostLine({ slice, host, history }: ScreenParts): string {
  const past = history.map((percent) => `${percent.toFixed(1)}%`).join(' ');
  return `virt-top ${clockText(slice.time)} - ${hostText(host)}${past}`;
}

/** The CPUs that are online, all, and what else does not change, with a blank at the end. */
export const hostText = ({ model, cpus, allCpus, mhz, memoryKiB }: Host): string =>
  `${model} ${cpus}/${allCpus}CPU ${mhz}MHz ${Math.floor(memoryKiB / 1024)}MB `;

/** No container sleeps (S), is shutting down (D), is off and yet active (O), or crashed (X), as domains of other drivers may. */
export function summaryLines({ totals, cpuPercent }: Slice): string[] {
  const { count, active, running, paused, inactive, memoryKiB } = totals;
  const memoryMiB = Math.floor(memoryKiB / 1024);
  return [
    `${count} domains, ${active} active, ${running} running, 0 sleeping, ${paused} paused, ${inactive} inactive D:0 O:0 X:0`,
    `CPU: ${cpuPercent.toFixed(1)}%  Mem: ${memoryMiB} MB (${memoryMiB} MB by guests)`,
  ];
}
