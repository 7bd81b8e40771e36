// What is written for other programs: CSV, JSON, and tables one after the other. Pure.
import type { BlkioStats } from '../host/cgroup/blkio.ts';
import { bytesOfKiB } from '../values/units.ts';
import { type Json, jsonLine } from '../vsh/json.ts';
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

/** One line, as every --json has it (src/json-schema). */
export function jsonRecord(slice: Slice, host: Host): string {
  const { count, running, paused, inactive, cpuNs, memoryKiB } = slice.totals;
  return jsonLine({
    time: slice.time.toISOString(),
    host: { name: host.name, arch: host.model, cpus: host.cpus, memory_bytes: bytesOfKiB(host.memoryKiB) },
    totals: {
      domains: count,
      running,
      paused,
      inactive,
      cpu_ns: cpuNs,
      cpu_percent: rounded(slice.cpuPercent),
      memory_bytes: bytesOfKiB(memoryKiB),
    },
    domains: byId(slice).map(({ name, row }) => domainRecord(name, row)),
  });
}

const rounded = (percent: number | undefined): number | undefined => (percent === undefined ? undefined : Math.round(percent * 100) / 100);

function domainRecord(name: string, row: ActiveRow): Json {
  const { id, figures, io, interfaces, devices } = row;
  const { uuid, state, cpu, memory, pids, oomKills, throttling, pressure, uptimeMs } = figures;
  return {
    id,
    name,
    uuid,
    state,
    uptime_s: uptimeMs === undefined ? undefined : Math.floor(uptimeMs / 1000),
    cpu: { time_ns: cpu?.totalNs, slice_ns: row.cpuNs, percent: rounded(row.cpuPercent) },
    throttling: throttling && {
      periods: throttling.periods,
      throttled: throttling.throttled,
      time_ns: throttling.throttledNs,
      percent: rounded(row.throttledPercent),
    },
    memory: {
      usage_bytes: bytesOfKiB(row.memoryKiB),
      percent: row.memoryPercent,
      rss_bytes: bytesOfKiB(memory?.rssKiB),
      cache_bytes: bytesOfKiB(memory?.cacheKiB),
      limit_bytes: bytesOfKiB(memory?.limitKiB),
      swap_bytes: bytesOfKiB(memory?.swapKiB),
    },
    oom_kills: oomKills,
    pids: { current: pids?.current, limit: pids?.limit },
    pressure: Object.fromEntries((['cpu', 'memory', 'io'] as const).map((kind) => [`${kind}_percent`, pressure?.[kind]?.some.avg10])),
    block: io && blockRecord(io),
    devices: devices.map((device) => ({ name: device.name, ...blockRecord(device.io) })),
    net: { rx_bytes: row.receivedBytes, tx_bytes: row.sentBytes },
    interfaces: interfaces.map(({ name: device, traffic: { received, sent } }) => ({
      name: device,
      rx_bytes: received.bytes,
      rx_packets: received.packets,
      rx_errs: received.errors,
      rx_drop: received.dropped,
      tx_bytes: sent.bytes,
      tx_packets: sent.packets,
      tx_errs: sent.errors,
      tx_drop: sent.dropped,
    })),
  };
}

const blockRecord = ({ readRequests, readBytes, writeRequests, writeBytes }: BlkioStats) => ({
  rd_req: readRequests,
  rd_bytes: readBytes,
  wr_req: writeRequests,
  wr_bytes: writeBytes,
});
