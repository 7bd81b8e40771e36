// The host: what nodeinfo, the node statistics, version and hostname tell. Plain data; capabilities.ts makes the XML.

import os from 'node:os';
import { linux } from '../../../lib-native/linux.ts';
import { libvirtError } from '../../errors.ts';
import { type CpuTimes, cpuMhz, cpuPlace, cpuTimes, onlineCpus, presentCpus } from '../../host/cpu.ts';
import {
  allocatePages,
  cellCpus,
  cellMemory,
  hostMemory,
  installedMemory,
  type KsmParameter,
  ksmParameters,
  type MemoryAmounts,
  numaCells,
  type PagePool,
  pagePool,
  pageSizes,
  type SettableKsmParameter,
  setKsmParameter,
} from '../../host/memory.ts';
import { hostArchitecture } from '../../host/parse-host.ts';
import { smbiosSections } from '../../host/smbios.ts';
import { type SuspendTarget, suspendFor, suspendTargets } from '../../host/suspend.ts';
import { XmlWriter } from '../../xml/writer.ts';
import { type Connection, requireWritable } from '../connection.ts';

export { capabilitiesXml } from './capabilities.ts';

export interface NodeInfo {
  /** The architecture. */
  model: string;
  cpus: number;
  mhz: number;
  /** Per NUMA cell. */
  sockets: number;
  /** Per socket. */
  cores: number;
  /** Per core. */
  threads: number;
  /** NUMA cells. */
  nodes: number;
  memoryKiB: number;
}

/** The arrangement is of the fullest cell; where the numbers do not multiply to all processors, it is told as one flat socket. */
export function nodeInfo(_connection: Connection): NodeInfo {
  const online = onlineCpus();
  const cells = numaCells();
  const ofCells = cells.length > 0 ? cells.map((cell) => cellCpus(cell).filter((cpu) => online.includes(cpu))) : [online];
  let sockets = 1;
  let cores = 1;
  let threads = 1;
  for (const cpus of ofCells) {
    const coresOfSockets = new Map<number, Set<string>>();
    for (const { socket, die, core, siblings } of cpus.map(cpuPlace)) {
      coresOfSockets.set(socket, (coresOfSockets.get(socket) ?? new Set()).add(`${die}/${core}`));
      threads = Math.max(threads, siblings.length);
    }
    sockets = Math.max(sockets, coresOfSockets.size);
    for (const { size } of coresOfSockets.values()) cores = Math.max(cores, size);
  }
  const total = presentCpus().length;
  const nodes = ofCells.length;
  const consistent = nodes * sockets * cores * threads === total;
  const arrangement = consistent ? { sockets, cores, threads, nodes } : { sockets: 1, cores: total, threads: 1, nodes: 1 };
  return { model: hostArchitecture(), cpus: online.length, mhz: cpuMhz(), ...arrangement, memoryKiB: installedMemory().totalKiB };
}

export interface NodeCpuMap {
  present: number;
  online: number;
  /** One letter per present processor: `y` online, `-` not. */
  map: string;
  /** The numbers of the online ones. */
  onlineCpus: number[];
}

export function nodeCpuMap(_connection: Connection): NodeCpuMap {
  const present = presentCpus();
  const online = onlineCpus();
  const map = present.map((cpu) => (online.includes(cpu) ? 'y' : '-')).join('');
  return { present: present.length, online: online.length, map, onlineCpus: online };
}

/** Times of one processor, or of all together for -1. */
export function nodeCpuStats(_connection: Connection, cpu: number): CpuTimes {
  return cpuTimes(wholeOr(cpu, 'cpuNum in virNodeGetCPUStats'));
}

/** Amounts of one NUMA cell, or of the host for -1. */
export function nodeMemoryStats(_connection: Connection, cell: number): MemoryAmounts {
  const wanted = wholeOr(cell, 'cellNum in virNodeGetMemoryStats');
  if (wanted === undefined) return hostMemory();
  const last = Math.max(0, ...numaCells());
  if (wanted > last) throw libvirtError('PLAIN', `cellNum in virHostMemGetStats must be less than or equal to ${last}`);
  return cellMemory(wanted);
}

/** -1 stands for all together. */
function wholeOr(number: number, name: string): number | undefined {
  if (number < -1) throw libvirtError('PLAIN', `${name} only accepts -1 as a negative value`);
  return number === -1 ? undefined : number;
}

/** Free memory of the whole host. */
export function freeMemoryKiB(_connection: Connection): number {
  return installedMemory().freeKiB;
}

export interface CellMemory {
  cell: number;
  freeKiB: number;
}

/** Of one NUMA cell. */
export function cellFreeMemory(_connection: Connection, cell: number): CellMemory {
  if (cell < 0) throw libvirtError('PLAIN', 'startCell in virNodeGetCellsFreeMemory must be zero or greater');
  return { cell, freeKiB: cellMemory(requireCell(cell)).freeKiB };
}

export function cellsFreeMemory(_connection: Connection): CellMemory[] {
  return numaCells().map((cell) => ({ cell, freeKiB: cellMemory(cell).freeKiB }));
}

function requireCell(cell: number): number {
  const last = Math.max(0, ...numaCells());
  if (cell < 0 || cell > last) throw libvirtError('INTERNAL_ERROR', `start cell ${cell} out of range (0-${last})`);
  return cell;
}

/** One pool of free pages of a cell. */
export function freePages(_connection: Connection, cell: number, sizeKiB: number): PagePool {
  return pagePool(requireCell(cell), sizeKiB);
}

/** All pools of all cells; with a size only the one of that size. */
export function allFreePages(_connection: Connection, sizeKiB?: number): { cell: number; pools: PagePool[] }[] {
  const cells = numaCells();
  return (cells.length > 0 ? cells : [0]).map((cell) => {
    const sizes = sizeKiB === undefined ? pageSizes(cell) : [sizeKiB];
    return { cell, pools: sizes.map((size) => pagePool(cell, size)) };
  });
}

export interface PageAllocation {
  sizeKiB: number;
  count: number;
  /** Absent: the kernel spreads them. */
  cells?: 'all' | number;
  /** To what is there, instead of setting its size. */
  add: boolean;
}

export function allocateHostPages(connection: Connection, { sizeKiB, count, cells, add }: PageAllocation): void {
  requireWritable(connection, 'virNodeAllocPages');
  if (cells === undefined) allocatePages(undefined, sizeKiB, count, { add });
  else for (const cell of cells === 'all' ? numaCells() : [requireCell(cells)]) allocatePages(cell, sizeKiB, count, { add });
}

export function nodeMemoryParameters(_connection: Connection): { name: KsmParameter; value: string }[] {
  return ksmParameters();
}

export function setNodeMemoryParameters(connection: Connection, values: KsmSettings): void {
  requireWritable(connection, 'virNodeSetMemoryParameters');
  for (const [name, value] of Object.entries(values)) if (value !== undefined) setKsmParameter(name as SettableKsmParameter, value);
}

/** What is undefined stays as it is. */
export type KsmSettings = Readonly<Partial<Record<SettableKsmParameter, number | undefined>>>;

const SUSPEND_NAMES = { mem: 'Suspend-to-RAM', disk: 'Suspend-to-Disk', hybrid: 'Hybrid-Suspend' } as const;
const SHORTEST_SUSPEND_S = 60;

/** Puts the host to sleep for that many seconds. */
export function suspendNode(connection: Connection, target: SuspendTarget, seconds: number): void {
  requireWritable(connection, 'virNodeSuspendForDuration');
  if (!suspendTargets().includes(target)) throw libvirtError('ARGUMENT_UNSUPPORTED', SUSPEND_NAMES[target]);
  if (seconds < SHORTEST_SUSPEND_S) throw libvirtError('INVALID_ARG', 'Suspend duration is too short');
  suspendFor(target, seconds);
}

/** The machine's description as <sysinfo>. CONFIG_UNSUPPORTED where the firmware gives none. */
export function sysinfoXml(_connection: Connection): string {
  const sections = smbiosSections();
  if (sections.length === 0) throw libvirtError('CONFIG_UNSUPPORTED', 'Host SMBIOS information is not available');
  const writer = new XmlWriter();
  writer.block('sysinfo', [['type', 'smbios']], () => {
    for (const { name, entries } of sections)
      writer.openBlock(name, [], () => {
        for (const entry of entries) writer.text('entry', entry.value, [['name', entry.name]]);
      });
  });
  return writer.toString();
}

/** The kernel's version in numbers, without the distribution's words: `6.18.44`. */
export function hypervisorVersion(_connection: Connection): string {
  const [, major = '0', minor = '0', micro = '0'] = /^(\d+)(?:\.(\d+))?(?:\.(\d+))?/.exec(os.release()) ?? [];
  return `${major}.${minor}.${micro}`;
}

/**
 * The host's name: in full where the resolver knows that (getaddrinfo(3)'s canonical name), unless it is only `localhost`.
 */
export async function hostName(_connection: Connection): Promise<string> {
  const name = os.hostname();
  if (name.startsWith('localhost') || name.includes('.')) return name;
  const canonical = linux.canonicalHostName(name);
  return canonical === undefined || canonical.startsWith('localhost') ? name : canonical;
}
