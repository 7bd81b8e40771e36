// Reads the figures of many domains at once: each of the kernel's files is opened once, all links of the host are asked for once, and
// what is not wanted is not read. Of a thousand domains every file counts: no definition is parsed but one with disks.

import { blockDeviceOf } from '../../../container/devices.ts';
import { hostPath } from '../../../container/host-path.ts';
import type { DiskDevice } from '../../../domain/definition.ts';
import { domainFacts, type InterfaceFacts, statisticsFacts } from '../../../domain/facts.ts';
import type { DomainRef } from '../../../domain/ref.ts';
import { LibvirtError } from '../../../errors.ts';
import { attempt } from '../../../host/attempt.ts';
import { deviceTimes, storageAt } from '../../../host/block-device.ts';
import { type BlkioStats, blkioFigures } from '../../../host/cgroup/blkio.ts';
import { DomainCgroup } from '../../../host/cgroup/cgroup.ts';
import { cpuFigures, cpuTimesNs } from '../../../host/cgroup/cpuacct.ts';
import { memoryFigures, memoryUsageFigure, oomKillFigure } from '../../../host/cgroup/memory.ts';
import { pidsFigures } from '../../../host/cgroup/pids.ts';
import { PRESSURES, pressureOf } from '../../../host/cgroup/pressure.ts';
import { allLinkCounters, type LinkCounters, linkCounters } from '../../../host/link-counters.ts';
import { readText } from '../../../host/system-files.ts';
import { definedNames, isDefined, readDefinition } from '../../../store/definitions.ts';
import { loadDefinition, loadStatus } from '../../../store/domain-documents.ts';
import { liveStatus, readEnd, type StatusRecord } from '../../../store/live-status.ts';
import type { Connection } from '../../connection.ts';
import { type DomainStateName, runningDomains } from '../lookup.ts';
import type { DiskFigures, DomainFigures, InterfaceFigures, Part } from './figures.ts';

/** Of two opposites: both, or none of them said, is no filter. */
export interface DomainFilter {
  active?: boolean;
  inactive?: boolean;
  persistent?: boolean;
  transient?: boolean;
  /** Any of these; `other` is none that a container can be in. */
  states?: readonly (DomainStateName | 'other')[];
}

export interface StatsRequest {
  parts: ReadonlySet<Part>;
  /** Only of these; without it of all. */
  domains?: readonly DomainRef[];
  filter?: DomainFilter;
}

/** In the order of `list`: what runs by id, the rest by name. A domain that ends meanwhile has no figures of a run. */
export async function collectFigures(connection: Connection, { parts, domains, filter = {} }: StatsRequest): Promise<DomainFigures[]> {
  const chosen = domains ? recordsOf(domains) : await allRecords(connection, filter);
  const host = new HostFigures();
  const kept = chosen.filter(([name, record]) => passes(name, record, filter));
  const running = kept.flatMap(([, record]) => record ?? []).sort((one, other) => one.controller.pid - other.controller.pid);
  const others = kept.flatMap(([name, record]) => (record ? [] : name)).sort();
  return [...running.map((record) => figuresOfRunning(record, parts, host)), ...others.map((name) => figuresOfInactive(name, parts))];
}

type Chosen = readonly [name: string, record: StatusRecord | undefined];

const recordsOf = (domains: readonly DomainRef[]): Chosen[] =>
  [...new Set(domains.map(({ name }) => name))].map((name): Chosen => [name, liveStatus(name)]);

async function allRecords(connection: Connection, { active, inactive }: DomainFilter): Promise<Chosen[]> {
  const running = await runningDomains(connection);
  if (active && !inactive) return [...running];
  return [...running, ...definedNames().flatMap((name): Chosen[] => (running.has(name) ? [] : [[name, undefined]]))];
}

function passes(name: string, record: StatusRecord | undefined, filter: DomainFilter): boolean {
  const { active = false, inactive = false, persistent = false, transient = false, states = [] } = filter;
  if (active !== inactive && active !== (record !== undefined)) return false;
  if (persistent !== transient && persistent !== isDefined(name)) return false;
  return states.length === 0 || states.includes(record?.state ?? 'shut off');
}

/** What is the same for all domains, read when the first one needs it. */
class HostFigures {
  #links: LinkCounters | undefined;
  #uptimeMs: number | undefined;

  get links(): LinkCounters {
    this.#links ??= allLinkCounters();
    return this.#links;
  }
  get uptimeMs(): number {
    this.#uptimeMs ??= Number(readText('/proc/uptime')?.split(' ')[0] ?? 0) * 1000;
    return this.#uptimeMs;
  }
}

/** A tick of /proc/PID/stat: USER_HZ is 100 everywhere. */
const TICK_MS = 10;

function figuresOfRunning(record: StatusRecord, parts: ReadonlySet<Part>, host: HostFigures): DomainFigures {
  const { name, uuid, controller, state, reason, cgroup: path, document, initPid } = record;
  const { memoryKiB, currentMemoryKiB, vcpus, interfaces, hasDisks } = statisticsFacts(document);
  const figures: DomainFigures = { name, uuid, id: controller.pid, state, reason, memoryKiB, currentMemoryKiB, vcpus };
  const wants = (part: Part): boolean => parts.has(part);
  if (wants('interfaces')) figures.interfaces = interfaces.map((device) => interfaceFigures(device, initPid, host));
  if (wants('uptime')) figures.uptimeMs = Math.max(0, host.uptimeMs - Number(controller.startTime) * TICK_MS);
  const cgroup = path === undefined ? undefined : new DomainCgroup(path);
  const io = cgroup && (wants('io') || (wants('disks') && hasDisks)) ? blkioFigures(cgroup) : undefined;
  if (wants('disks')) figures.disks = hasDisks ? disksOf(() => loadStatus(record).domain.devices.disks, io) : [];
  if (!cgroup) return figures;
  if (wants('io')) {
    figures.ioByDevice = io!;
    figures.io = total(io!.values());
  }
  if (wants('cpu') || wants('throttling')) {
    const cpu = cpuFigures(cgroup, { usage: wants('cpu'), throttling: wants('throttling') });
    if (wants('cpu')) figures.cpu = cpu.usage;
    if (wants('throttling')) figures.throttling = cpu.throttling;
  }
  if (wants('cpus')) figures.cpusNs = attempt(() => cpuTimesNs(cgroup));
  if (wants('memory')) {
    figures.memory = memoryFigures(cgroup);
    figures.memoryUsageKiB = figures.memory?.usageKiB;
  } else if (wants('memory-usage')) figures.memoryUsageKiB = memoryUsageFigure(cgroup);
  if (wants('pids')) figures.pids = pidsFigures(cgroup);
  if (wants('oom-kills')) figures.oomKills = oomKillFigure(cgroup);
  if (wants('pressure')) {
    figures.pressure = {};
    for (const kind of PRESSURES) figures.pressure[kind] = pressureOf(cgroup, kind);
  }
  return figures;
}

function figuresOfInactive(name: string, parts: ReadonlySet<Part>): DomainFigures {
  const document = readDefinition(name) ?? '';
  const { memoryKiB, currentMemoryKiB, vcpus, hasDisks } = statisticsFacts(document);
  const uuid = domainFacts(document).uuid ?? '';
  const figures: DomainFigures = { name, uuid, id: null, state: 'shut off', reason: readEnd(name), memoryKiB, currentMemoryKiB, vcpus };
  if (parts.has('disks')) figures.disks = hasDisks ? disksOf(() => loadDefinition(name).devices.disks, undefined) : [];
  return figures;
}

/** What one end of a pair received the other has sent. One without an end on the host is looked at in the container. */
function interfaceFigures({ targetDev, guestDev }: InterfaceFacts, initPid: number, host: HostFigures): InterfaceFigures {
  if (targetDev === undefined)
    return { name: guestDev ?? '-', traffic: guestDev === undefined ? undefined : linkCounters(guestDev, initPid) };
  const counters = host.links.of(targetDev);
  return { name: targetDev, traffic: counters && { received: counters.sent, sent: counters.received } };
}

function disksOf(read: () => readonly DiskDevice[], io: ReadonlyMap<string, BlkioStats> | undefined): DiskFigures[] {
  let disks: readonly DiskDevice[];
  try {
    disks = read();
  } catch (error) {
    if (error instanceof LibvirtError) return []; // damaged, or gone meanwhile
    throw error;
  }
  return disks.map((disk) => {
    const { target, source } = disk;
    const device = blockDeviceOf(disk);
    const storage = source === undefined ? undefined : storageAt(hostPath(source), device === source ? undefined : device);
    const number = storage?.number;
    return {
      name: target.dev,
      path: source,
      number,
      io: io && number !== undefined ? (io.get(number) ?? NOTHING) : undefined,
      times: io && number !== undefined ? deviceTimes(number) : undefined,
      sizes: storage?.sizes,
    };
  });
}

const NOTHING: BlkioStats = { readRequests: 0n, readBytes: 0n, writeRequests: 0n, writeBytes: 0n };

function total(all: Iterable<BlkioStats>): BlkioStats {
  const sum = { ...NOTHING };
  for (const { readRequests, readBytes, writeRequests, writeBytes } of all) {
    sum.readRequests += readRequests;
    sum.readBytes += readBytes;
    sum.writeRequests += writeRequests;
    sum.writeBytes += writeBytes;
  }
  return sum;
}
