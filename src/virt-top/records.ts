// What is written for other programs: CSV, JSON, and tables one after the other. Pure.
import { clockText, floatText } from './numbers.ts';
import { hostText } from './screen.ts';
import type { CsvColumns } from './settings.ts';
import type { ActiveRow, Host, Slice } from './slice.ts';
import { domainLine } from './tables.ts';

const byId = ({ rows }: Slice): { name: string; row: ActiveRow }[] =>
  rows.flatMap(({ name, active }) => (active ? { name, row: active } : [])).sort((one, other) => one.row.id - other.row.id);

interface CsvSettings {
  csv: CsvColumns;
  blockInBytes: boolean;
}

/** Of all domains those that run, by id. The names in the heading stand for each of them. */
export function csvHeading({ csv, blockInBytes }: CsvSettings): string {
  const block = blockInBytes ? ['Block RDBY', 'Block WRBY'] : ['Block RDRQ', 'Block WRRQ'];
  return csvLine([
    ...['Hostname', 'Time', 'Arch', 'Physical CPUs', 'Count', 'Running', 'Blocked', 'Paused', 'Shutdown', 'Shutoff', 'Crashed'],
    ...['Active', 'Inactive', '%CPU', 'Total hardware memory (KB)', 'Total memory (KB)', 'Total guest memory (KB)', 'Total CPU time (ns)'],
    ...['Domain ID', 'Domain name'],
    ...(csv.cpu ? ['CPU (ns)', '%CPU'] : []),
    ...(csv.mem ? ['Mem (bytes)', '%Mem'] : []),
    ...(csv.block ? block : []),
    ...(csv.net ? ['Net RXBY', 'Net TXBY'] : []),
  ]);
}

export function csvRecord(slice: Slice, host: Host, { csv, blockInBytes }: CsvSettings): string {
  const { count, running, paused, active, inactive, memoryKiB, cpuNs } = slice.totals;
  const counts = [count, running, 0, paused, 0, 0, 0, active, inactive];
  return csvLine([
    ...[host.name, clockText(slice.time), host.model, host.allCpus, ...counts],
    ...[slice.cpuPercent.toFixed(1), host.memoryKiB, memoryKiB, memoryKiB, Math.trunc(cpuNs)],
    ...byId(slice).flatMap(({ name, row }) => [
      ...[row.id, name],
      ...(csv.cpu ? [floatText(row.cpuNs), floatText(row.cpuPercent)] : []),
      // In KiB, whatever the heading says: so virt-top writes them.
      ...(csv.mem ? [row.memoryKiB ?? 0, row.memoryPercent] : []),
      ...(csv.block ? (blockInBytes ? [row.io?.readBytes, row.io?.writeBytes] : [row.io?.readRequests, row.io?.writeRequests]) : []),
      ...(csv.net ? [row.receivedBytes, row.sentBytes] : []),
    ]),
  ]);
}

const csvLine = (fields: readonly (string | number | bigint | undefined)[]): string =>
  `${fields.map((field) => csvField(String(field ?? ''))).join(',')}\n`;

const csvField = (text: string): string => (/[",\r\n]|^[ \t]|[ \t]$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

export function streamText(slice: Slice, host: Host, inBytes: boolean): string {
  const heading = `   ID S ${inBytes ? 'RDBY WRBY' : 'RDRQ WRRQ'} RXBY TXBY %CPU %MEM   TIME    NAME\n`;
  const lines = byId(slice).map(({ name, row }) => `${domainLine(name, row, inBytes, 0n)}\n`);
  return `virt-top time  ${clockText(slice.time)} Host ${host.name} ${hostText(host)}\n${heading}${lines.join('')}`;
}

/** One line. What is not known is null. */
export function jsonLine(slice: Slice, host: Host): string {
  const { count, running, paused, inactive, cpuNs, memoryKiB } = slice.totals;
  const record = {
    time: slice.time.toISOString(),
    host: { name: host.name, arch: host.model, cpus: host.cpus, memoryKiB: host.memoryKiB },
    totals: { domains: count, running, paused, inactive, cpuNs, cpuPercent: rounded(slice.cpuPercent), memoryKiB },
    domains: byId(slice).map(({ name, row }) => domainRecord(name, row)),
  };
  return `${JSON.stringify(record, (_key, value: unknown) => (typeof value === 'bigint' ? Number(value) : value))}\n`;
}

const rounded = (percent: number | undefined): number | null => (percent === undefined ? null : Math.round(percent * 100) / 100);

function domainRecord(name: string, row: ActiveRow) {
  const { id, figures, io, interfaces, devices } = row;
  const { uuid, state, cpu, memory, pids, oomKills, throttling, pressure, uptimeMs } = figures;
  return {
    id,
    name,
    uuid,
    state,
    uptimeSeconds: uptimeMs === undefined ? null : Math.floor(uptimeMs / 1000),
    cpu: { timeNs: cpu?.totalNs ?? null, sliceNs: row.cpuNs, percent: rounded(row.cpuPercent) },
    throttling: throttling
      ? {
          periods: throttling.periods,
          throttled: throttling.throttled,
          timeNs: throttling.throttledNs,
          percent: rounded(row.throttledPercent),
        }
      : null,
    memory: {
      usageKiB: row.memoryKiB ?? null,
      percent: row.memoryPercent,
      rssKiB: memory?.rssKiB ?? null,
      cacheKiB: memory?.cacheKiB ?? null,
      limitKiB: memory?.limitKiB ?? null,
      swapKiB: memory?.swapKiB ?? null,
    },
    oomKills: oomKills ?? null,
    pids: { current: pids?.current ?? null, limit: pids?.limit ?? null },
    pressure: Object.fromEntries((['cpu', 'memory', 'io'] as const).map((kind) => [kind, pressure?.[kind]?.some.avg10 ?? null])),
    block: io ?? null,
    devices: devices.map(({ name: device, io: counts }) => ({ name: device, ...counts })),
    net: { rxBytes: row.receivedBytes ?? null, txBytes: row.sentBytes ?? null },
    interfaces: interfaces.map(({ name: device, traffic: { received, sent } }) => ({
      name: device,
      rxBytes: received.bytes,
      rxPackets: received.packets,
      rxErrors: received.errors,
      rxDropped: received.dropped,
      txBytes: sent.bytes,
      txPackets: sent.packets,
      txErrors: sent.errors,
      txDropped: sent.dropped,
    })),
  };
}
