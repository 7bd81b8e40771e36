// Looks at all domains, as often as somebody asks.
import fs from 'node:fs';
import path from 'node:path';
import { monotonicMs } from '../../lib-native/monotonic.ts';
import type { Connection } from '../driver/connection.ts';
import { collectFigures } from '../driver/domain/stats/collect.ts';
import type { Part } from '../driver/domain/stats/figures.ts';
import { nodeInfo } from '../driver/node/host.ts';
import { attempt } from '../host/attempt.ts';
import type { Display, Settings } from './settings.ts';
import { type Host, type Reading, type Slice, sliceBetween } from './slice.ts';

/** What every table has; so that nothing is missing at first when another is chosen. */
const ALWAYS: readonly Part[] = ['cpu', 'memory-usage', 'interfaces', 'io'];
const LIMITS: readonly Part[] = ['memory', 'pids', 'throttling', 'oom-kills', 'pressure', 'uptime'];
const MORE: { readonly [Name in Display]?: readonly Part[] } = { pcpu: ['cpus'], block: ['disks'], limits: LIMITS };

const partsFor = ({ display, json }: Pick<Settings, 'display' | 'json'>): ReadonlySet<Part> =>
  new Set([...ALWAYS, ...(json ? [...LIMITS, 'disks' as const] : (MORE[display] ?? []))]);

export function hostOf(connection: Connection, name: string): Host {
  const { model, cpus, mhz, memoryKiB, nodes, sockets, cores, threads } = nodeInfo(connection);
  return { name, model, cpus, allCpus: nodes * sockets * cores * threads, mhz, memoryKiB };
}

export class Collector {
  readonly host: Host;
  readonly #connection: Connection;
  #last: Reading | undefined;
  readonly #names = new Map<string, string>();

  constructor(connection: Connection, host: Host) {
    this.#connection = connection;
    this.host = host;
  }

  /** What happened since the last look. */
  async look(settings: Pick<Settings, 'display' | 'json'>): Promise<Slice> {
    const domains = await collectFigures(this.#connection, { parts: partsFor(settings) });
    const reading: Reading = { atMs: monotonicMs(), time: new Date(), domains };
    const slice = sliceBetween(this.#last, reading, this.host, (number) => this.#deviceName(number));
    this.#last = reading;
    return slice;
  }

  /** As the host calls it; one that is gone keeps its number. */
  #deviceName(number: string): string {
    const known = this.#names.get(number) ?? path.basename(attempt(() => fs.readlinkSync(`/sys/dev/block/${number}`)) ?? number);
    this.#names.set(number, known);
    return known;
  }
}
