// Which row comes first. Pure.
import type { SortOrder } from './settings.ts';
import type { ActiveRow, Row } from './slice.ts';

const up = (one: number | bigint | undefined, other: number | bigint | undefined): number => {
  // What is not known comes first where small numbers do.
  const [a, b] = [one ?? -1, other ?? -1];
  return a < b ? -1 : a > b ? 1 : 0;
};
const byName = (one: { name: string }, other: { name: string }): number => (one.name < other.name ? -1 : one.name > other.name ? 1 : 0);

type Compare<T> = (one: T, other: T) => number;
const down =
  <T>(value: (row: T) => number | bigint | undefined): Compare<T> =>
  (one, other) =>
    up(value(other), value(one));

const DOMAINS: Readonly<Record<SortOrder, Compare<ActiveRow>>> = {
  name: () => 0,
  cpu: down(({ cpuPercent }) => cpuPercent),
  mem: down(({ memoryKiB }) => memoryKiB),
  time: down(({ figures }) => figures.cpu?.totalNs),
  id: (one, other) => up(one.id, other.id),
  netrx: down(({ receivedBytes }) => receivedBytes),
  nettx: down(({ sentBytes }) => sentBytes),
  blockrdrq: down(({ io }) => io?.readRequests),
  blockwrrq: down(({ io }) => io?.writeRequests),
};

/** Those that run first; equal ones by name. By `name` they are mixed. */
export function sortedRows(rows: readonly Row[], order: SortOrder): Row[] {
  const compare = (one: Row, other: Row): number => {
    if (order === 'name') return 0;
    if (one.active && other.active) return DOMAINS[order](one.active, other.active);
    return Number(other.active !== undefined) - Number(one.active !== undefined);
  };
  return [...rows].sort((one, other) => compare(one, other) || byName(one, other));
}

/** A device of a domain. */
export interface DeviceRow<Counts> {
  domain: string;
  row: ActiveRow;
  device: string;
  counts: Counts;
}

/** `byCounts`: the orders that mean something for such a device; every other one is the first of them. */
export function sortedDevices<Counts>(
  devices: readonly DeviceRow<Counts>[],
  order: SortOrder,
  byCounts: { readonly [Order in SortOrder]?: (counts: Counts) => bigint },
): DeviceRow<Counts>[] {
  const [first] = Object.values(byCounts);
  const counted = byCounts[order] ?? first!;
  const compare = (one: DeviceRow<Counts>, other: DeviceRow<Counts>): number => {
    if (order === 'name') return 0;
    if (order === 'id') return up(one.row.id, other.row.id);
    return up(counted(other.counts), counted(one.counts));
  };
  const named = ({ device, domain }: DeviceRow<Counts>) => ({ name: `${device}\0${domain}` });
  return [...devices].sort((one, other) => compare(one, other) || byName(named(one), named(other)));
}
