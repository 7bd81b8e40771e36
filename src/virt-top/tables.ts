// The tables: a heading, and a line for each domain, device or CPU. Pure.
import { countText, percentText, timeText } from './numbers.ts';
import { type DeviceRow, sortedDevices, sortedRows } from './order.ts';
import type { Settings } from './settings.ts';
import type { ActiveRow, Slice } from './slice.ts';

export interface Table {
  heading: string;
  lines: string[];
}

export type TableSettings = Pick<Settings, 'display' | 'sort' | 'blockInBytes'>;

/** `fitTo`: text in so many columns, cut or filled up with blanks. */
export type Fit = (text: string, columns: number) => string;

export function tableOf(slice: Slice, settings: TableSettings, fitTo: Fit): Table {
  return TABLES[settings.display](slice, settings, fitTo);
}

const TABLES: Readonly<Record<Settings['display'], (slice: Slice, settings: TableSettings, fitTo: Fit) => Table>> = {
  task: ({ rows }, { sort, blockInBytes }) => ({
    heading: `   ID S ${blockInBytes ? 'RDBY WRBY' : 'RDRQ WRRQ'} RXBY TXBY %CPU %MEM    TIME   NAME`,
    lines: sortedRows(rows, sort).map(({ name, active }) => (active ? domainLine(name, active, blockInBytes) : inactiveLine(name))),
  }),
  pcpu: cpuTable,
  net: (slice, { sort }, fitTo) => ({
    heading: '   ID S RXBY TXBY RXPK TXPK DOMAIN       INTERFACE',
    lines: sortedDevices(
      devicesOf(slice, (row) => row.interfaces.map(({ name, traffic }) => [name, traffic])),
      sort,
      { netrx: ({ received }) => received.bytes, nettx: ({ sent }) => sent.bytes },
    ).map((device) => {
      const { received, sent } = device.counts;
      return deviceLine(device, [received.bytes, sent.bytes, received.packets, sent.packets], fitTo);
    }),
  }),
  block: (slice, { sort }, fitTo) => ({
    heading: '   ID S RDBY WRBY RDRQ WRRQ DOMAIN       DEVICE',
    lines: sortedDevices(
      devicesOf(slice, (row) => row.devices.map(({ name, io }) => [name, io])),
      sort,
      { blockrdrq: ({ readRequests }) => readRequests, blockwrrq: ({ writeRequests }) => writeRequests },
    ).map((device) => {
      const { readBytes, writeBytes, readRequests, writeRequests } = device.counts;
      return deviceLine(device, [readBytes, writeBytes, readRequests, writeRequests], fitTo);
    }),
  }),
  limits: ({ rows }, { sort }) => ({
    heading: '   ID S PIDS  MAX  MEM  LIM SWAP  OOM %THR CPU! MEM!  IO!  UPTIME   NAME',
    lines: sortedRows(rows, sort).flatMap(({ name, active }) => (active ? [limitsLine(name, active)] : [])),
  }),
};

const idText = (id: number): string => String(id).padStart(5);

/** A line of the domains table, which --stream prints, too. */
export function domainLine(name: string, row: ActiveRow, inBytes: boolean, nothing: bigint | undefined = undefined): string {
  const { id, state, io, receivedBytes, sentBytes, cpuPercent, memoryPercent, figures } = row;
  const read = inBytes ? io?.readBytes : io?.readRequests;
  const written = inBytes ? io?.writeBytes : io?.writeRequests;
  const counts = [read, written, receivedBytes, sentBytes].map((count) => countText(count ?? nothing)).join(' ');
  return `${idText(id)} ${state} ${counts} ${percentText(cpuPercent)} ${percentText(memoryPercent)} ${timeText(figures.cpu?.totalNs ?? 0n)} ${name}`;
}

const inactiveLine = (name: string): string => `    -${' '.repeat(43)}(${name})`;

function devicesOf<Counts>({ rows }: Slice, devices: (row: ActiveRow) => [name: string, counts: Counts][]): DeviceRow<Counts>[] {
  return rows.flatMap(({ name, active }) => {
    if (!active) return [];
    return devices(active).map(([device, counts]): DeviceRow<Counts> => ({ domain: name, row: active, device, counts }));
  });
}

const deviceLine = <Counts>({ row, domain, device }: DeviceRow<Counts>, counts: readonly bigint[], fitTo: Fit): string =>
  `${idText(row.id)} ${row.state} ${counts.map(countText).join(' ')} ${fitTo(domain, 12)} ${device}`;

const NAME_COLUMNS = 12;

/**
 * CPUs downwards, domains to the right. virt-top has two numbers for each: with and without what a hypervisor needed, which for a
 * container is the same.
 */
function cpuTable({ rows, cpusPercent }: Slice, _settings: TableSettings, fitTo: Fit): Table {
  const domains = rows.flatMap(({ name, active }) => (active?.cpusPercent ? [{ name, percents: active.cpusPercent }] : []));
  const columns = (name: string): number => Math.max(name.length + 1, NAME_COLUMNS);
  const heading = `PHYCPU %CPU ${domains.map(({ name }) => fitTo(name, columns(name))).join('')}`;
  if (!cpusPercent) return { heading, lines: ['(this kernel does not tell what a cgroup had of each CPU, or not yet)'] };
  const cell = (percent: number): string => (percent > 0 ? percentText(percent) : '').padEnd(5);
  const lines = cpusPercent.map((percent, cpu) => {
    const cells = domains.map(({ name, percents }) => `${cell(percents[cpu] ?? 0).repeat(2)}${' '.repeat(columns(name) - 10)}`);
    return `${String(cpu).padStart(4)}   ${percentText(percent)} ${cells.join('')}`;
  });
  return { heading, lines };
}

/** Per cent that may be unknown. */
const maybe = (percent: number | undefined): string => (percent === undefined ? '    ' : percentText(percent));

function limitsLine(name: string, { id, state, figures, throttledPercent }: ActiveRow): string {
  const { pids, memory, oomKills, pressure, uptimeMs } = figures;
  const bytes = (kib: number | undefined): string => countText(kib === undefined ? undefined : kib * 1024);
  const counts = [
    countText(pids?.current),
    countText(pids?.limit),
    bytes(memory?.usageKiB),
    bytes(memory?.limitKiB),
    bytes(memory?.swapKiB),
  ];
  const waits = (['cpu', 'memory', 'io'] as const).map((kind) => maybe(pressure?.[kind]?.some.avg10));
  const uptime = uptimeMs === undefined ? ' '.repeat(9) : timeText(BigInt(Math.round(uptimeMs)) * 1_000_000n);
  return `${idText(id)} ${state} ${counts.join(' ')} ${countText(oomKills)} ${maybe(throttledPercent)} ${waits.join(' ')} ${uptime} ${name}`;
}
