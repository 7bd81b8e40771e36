// What happened between two readings. Pure.
import type { DomainFigures } from '../driver/domain/stats/figures.ts';
import type { BlkioStats } from '../host/cgroup/blkio.ts';
import type { LinkStatistics } from '../host/netlink/link.ts';

/** What does not change. */
export interface Host {
  name: string;
  /** Its architecture. */
  model: string;
  /** CPUs that are online, and all. */
  cpus: number;
  allCpus: number;
  mhz: number;
  memoryKiB: number;
}

export interface Reading {
  /** Of a clock that nobody sets. */
  atMs: number;
  time: Date;
  domains: readonly DomainFigures[];
}

export interface Slice {
  time: Date;
  atMs: number;
  rows: Row[];
  totals: Totals;
  /** Of all CPUs that are online. */
  cpuPercent: number;
  /** By CPU, what all domains had of each, in per cent of it; undefined where the kernel does not tell. */
  cpusPercent: number[] | undefined;
}

export interface Totals {
  count: number;
  running: number;
  paused: number;
  active: number;
  inactive: number;
  cpuNs: number;
  memoryKiB: number;
}

/** What was counted since the last reading is undefined at the first. */
export interface Row {
  name: string;
  /** undefined: it does not run. */
  active: ActiveRow | undefined;
}

export interface ActiveRow {
  id: number;
  /** As virt-top has it: R or P. */
  state: 'R' | 'P';
  figures: DomainFigures;
  cpuNs: number;
  /** Of all CPUs that are online. */
  cpuPercent: number;
  /** In use; undefined where the kernel does not tell. */
  memoryKiB: number | undefined;
  /** Of the host's, a whole number. */
  memoryPercent: number;
  io: BlkioStats | undefined;
  receivedBytes: bigint | undefined;
  sentBytes: bigint | undefined;
  interfaces: { name: string; traffic: LinkStatistics }[];
  devices: { name: string; io: BlkioStats }[];
  /** On each CPU, in per cent of it. */
  cpusPercent: number[] | undefined;
  /** Of the periods of its quota, those in which it was used up, in per cent. */
  throttledPercent: number | undefined;
}

/** `deviceName`: of a `major:minor`. */
export function sliceBetween(last: Reading | undefined, now: Reading, host: Host, deviceName: (number: string) => string): Slice {
  const elapsedNs = Math.max(1, (last === undefined ? 0 : now.atMs - last.atMs) * 1e6);
  // One that was started anew has another id.
  const before = new Map(last?.domains.map((figures) => [keyOf(figures), figures]));
  const rows = now.domains.map((figures): Row => {
    const active =
      figures.id === null ? undefined : activeRow(figures, figures.id, before.get(keyOf(figures)), { elapsedNs, host, deviceName });
    return { name: figures.name, active };
  });
  const active = rows.flatMap((row) => row.active ?? []);
  const cpuNs = active.reduce((sum, row) => sum + row.cpuNs, 0);
  const byCpu = active.flatMap(({ cpusPercent }) => (cpusPercent ? [cpusPercent] : []));
  return {
    time: now.time,
    atMs: now.atMs,
    rows,
    totals: {
      count: rows.length,
      running: active.filter(({ state }) => state === 'R').length,
      paused: active.filter(({ state }) => state === 'P').length,
      active: active.length,
      inactive: rows.length - active.length,
      cpuNs,
      memoryKiB: active.reduce((sum, row) => sum + (row.memoryKiB ?? 0), 0),
    },
    cpuPercent: (100 * cpuNs) / (host.cpus * elapsedNs),
    cpusPercent: byCpu.length === 0 ? undefined : sumOf(byCpu),
  };
}

const keyOf = ({ name, id }: DomainFigures): string => `${id} ${name}`;

const sumOf = (lists: readonly (readonly number[])[]): number[] =>
  Array.from({ length: Math.max(...lists.map(({ length }) => length)) }, (_, i) => lists.reduce((sum, list) => sum + (list[i] ?? 0), 0));

interface Around {
  elapsedNs: number;
  host: Host;
  deviceName: (number: string) => string;
}

function activeRow(
  figures: DomainFigures,
  id: number,
  before: DomainFigures | undefined,
  { elapsedNs, host, deviceName }: Around,
): ActiveRow {
  const cpuNs = before?.cpu && figures.cpu ? Number(figures.cpu.totalNs - before.cpu.totalNs) : 0;
  const memoryKiB = figures.memoryUsageKiB;
  const interfaces = interfacesBetween(before, figures);
  const sum = (way: 'received' | 'sent'): bigint | undefined =>
    interfaces.length === 0 ? undefined : interfaces.reduce((bytes, { traffic }) => bytes + traffic[way].bytes, 0n);
  return {
    id,
    state: figures.state === 'paused' ? 'P' : 'R',
    figures,
    cpuNs,
    cpuPercent: (100 * cpuNs) / (host.cpus * elapsedNs),
    memoryKiB,
    memoryPercent: Math.floor((100 * (memoryKiB ?? 0)) / Math.max(1, host.memoryKiB)),
    io: before?.io && figures.io && ioBetween(before.io, figures.io),
    receivedBytes: sum('received'),
    sentBytes: sum('sent'),
    interfaces,
    devices: devicesBetween(before, figures, deviceName),
    cpusPercent: cpusBetween(before, figures, elapsedNs),
    throttledPercent: throttledBetween(before, figures),
  };
}

function interfacesBetween(before: DomainFigures | undefined, { interfaces = [] }: DomainFigures): ActiveRow['interfaces'] {
  const earlier = new Map(before?.interfaces?.map(({ name, traffic }) => [name, traffic]));
  return interfaces.flatMap(({ name, traffic }) => {
    const last = earlier.get(name);
    if (!last || !traffic) return [];
    const between = (way: 'received' | 'sent') => ({
      bytes: traffic[way].bytes - last[way].bytes,
      packets: traffic[way].packets - last[way].packets,
      errors: traffic[way].errors - last[way].errors,
      dropped: traffic[way].dropped - last[way].dropped,
    });
    return [{ name, traffic: { received: between('received'), sent: between('sent') } }];
  });
}

const ioBetween = (last: BlkioStats, now: BlkioStats): BlkioStats => ({
  readRequests: now.readRequests - last.readRequests,
  readBytes: now.readBytes - last.readBytes,
  writeRequests: now.writeRequests - last.writeRequests,
  writeBytes: now.writeBytes - last.writeBytes,
});

const NOTHING: BlkioStats = { readRequests: 0n, readBytes: 0n, writeRequests: 0n, writeBytes: 0n };

/** A disk has the name of its target; what else is read or written has the host's. */
function devicesBetween(
  before: DomainFigures | undefined,
  { ioByDevice = new Map(), disks = [] }: DomainFigures,
  deviceName: (number: string) => string,
): ActiveRow['devices'] {
  if (!before?.ioByDevice) return [];
  const targets = new Map(disks.map(({ name, number }) => [number, name]));
  const numbers = new Set([...disks.flatMap(({ number }) => number ?? []), ...ioByDevice.keys()]);
  return [...numbers].map((number) => {
    const last = before.ioByDevice!.get(number) ?? NOTHING;
    return { name: targets.get(number) ?? deviceName(number), io: ioBetween(last, ioByDevice.get(number) ?? NOTHING) };
  });
}

function cpusBetween(before: DomainFigures | undefined, { cpusNs }: DomainFigures, elapsedNs: number): number[] | undefined {
  const last = before?.cpusNs;
  if (!last || !cpusNs) return undefined;
  return cpusNs.map((ns, cpu) => (100 * Number(ns - (last[cpu] ?? ns))) / elapsedNs);
}

function throttledBetween(before: DomainFigures | undefined, { throttling: now }: DomainFigures): number | undefined {
  const last = before?.throttling;
  if (!last || !now) return undefined;
  const periods = now.periods - last.periods;
  return periods <= 0 ? 0 : (100 * (now.throttled - last.throttled)) / periods;
}
