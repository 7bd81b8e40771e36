// The host's memory: amounts, NUMA cells, pools of pages, and the kernel's merging of equal pages (KSM).
import fs from 'node:fs';
import os from 'node:os';
import { libvirtError, systemError } from '../errors.ts';
import { listDirectory, parseNumberList, readNumber, readText } from './system-files.ts';

const NODE_DIRECTORY = '/sys/devices/system/node';
const AT_PAGESZ = 6n;

/** The kernel's page size, which it tells every program in its auxiliary vector (getauxval(3)). */
export function systemPageKiB(): number {
  const vector = fs.readFileSync('/proc/self/auxv');
  for (let offset = 0; offset + 16 <= vector.length; offset += 16) {
    if (vector.readBigUInt64LE(offset) === AT_PAGESZ) return Number(vector.readBigUInt64LE(offset + 8)) / 1024;
  }
  return 4;
}

/** The numbers of the NUMA cells; a kernel without NUMA has none. */
export function numaCells(): number[] {
  return parseNumberList(readText(`${NODE_DIRECTORY}/online`) ?? '');
}

export function cellCpus(cell: number): number[] {
  return parseNumberList(readText(`${NODE_DIRECTORY}/node${cell}/cpulist`) ?? '');
}

/** To each cell, in the order of numaCells(). */
export function cellDistances(cell: number): number[] {
  const text = readText(`${NODE_DIRECTORY}/node${cell}/distance`);
  return text ? text.split(/\s+/).map(Number) : [];
}

export interface MemoryAmounts {
  totalKiB: number;
  freeKiB: number;
  /** Of the whole host only. */
  buffersKiB?: number;
  cachedKiB?: number;
}

/** Of the host, as /proc/meminfo has it. */
export function hostMemory(): MemoryAmounts {
  const text = readText('/proc/meminfo') ?? '';
  return {
    totalKiB: meminfoField(text, 'MemTotal'),
    freeKiB: meminfoField(text, 'MemFree'),
    buffersKiB: meminfoField(text, 'Buffers'),
    cachedKiB: meminfoField(text, 'Cached'),
  };
}

export function cellMemory(cell: number): MemoryAmounts {
  const text = readText(`${NODE_DIRECTORY}/node${cell}/meminfo`) ?? '';
  return { totalKiB: meminfoField(text, 'MemTotal'), freeKiB: meminfoField(text, 'MemFree') };
}

/** All cells together, or the host where there are none. */
export function installedMemory(): MemoryAmounts {
  const cells = numaCells().map(cellMemory);
  if (cells.length === 0) return { totalKiB: Math.floor(os.totalmem() / 1024), freeKiB: Math.floor(os.freemem() / 1024) };
  return cells.reduce((sum, cell) => ({ totalKiB: sum.totalKiB + cell.totalKiB, freeKiB: sum.freeKiB + cell.freeKiB }));
}

function meminfoField(text: string, name: string): number {
  return Number(new RegExp(`\\b${name}:\\s+(\\d+)`).exec(text)?.[1] ?? 0);
}

/** The sizes of pages of a cell (of the whole host without one), the system's own first. */
export function pageSizes(cell?: number): number[] {
  const sizes = listDirectory(hugepagesDirectory(cell)).flatMap((name) => Number(/^hugepages-(\d+)kB$/.exec(name)?.[1] ?? Number.NaN));
  return [systemPageKiB(), ...sizes.filter((size) => !Number.isNaN(size)).sort((a, b) => a - b)];
}

export interface PagePool {
  sizeKiB: number;
  total: number;
  free: number;
}

/** One pool of a cell. OPERATION_FAILED when the cell has no pages of that size. */
export function pagePool(cell: number, sizeKiB: number): PagePool {
  if (sizeKiB === systemPageKiB()) return systemPagePool(cell);
  const directory = `${hugepagesDirectory(cell)}/hugepages-${sizeKiB}kB`;
  const total = readNumber(`${directory}/nr_hugepages`);
  const free = readNumber(`${directory}/free_hugepages`);
  if (total === undefined || free === undefined) {
    throw libvirtError('OPERATION_FAILED', `page size ${sizeKiB} is not available on node ${cell}`);
  }
  return { sizeKiB, total, free };
}

/** What the huge pages leave. */
function systemPagePool(cell: number): PagePool {
  const sizeKiB = systemPageKiB();
  const { totalKiB, freeKiB } = cellMemory(cell);
  const huge = pageSizes(cell)
    .slice(1)
    .map((size) => pagePool(cell, size))
    .reduce((sum, pool) => sum + pool.total * pool.sizeKiB, 0);
  return { sizeKiB, total: Math.floor((totalKiB - huge) / sizeKiB), free: Math.floor(freeKiB / sizeKiB) };
}

/**
 * Sets or enlarges a pool of huge pages of a cell, or of the host without one. The kernel may find less memory than
 * asked for: then OPERATION_FAILED, and what it found stays in the pool.
 */
export function allocatePages(cell: number | undefined, sizeKiB: number, count: number, { add }: { add: boolean }): void {
  if (sizeKiB === systemPageKiB()) throw libvirtError('OPERATION_UNSUPPORTED', "system pages pool can't be modified");
  const file = `${hugepagesDirectory(cell)}/hugepages-${sizeKiB}kB/nr_hugepages`;
  const before = readNumber(file);
  if (before === undefined) {
    const where = cell === undefined ? '' : ` on node ${cell}`;
    throw libvirtError('OPERATION_FAILED', `page size ${sizeKiB} is not available${where}`);
  }
  const wanted = add ? before + count : count;
  writeSetting(file, wanted, `Unable to write to: ${file}`);
  const after = readNumber(file) ?? 0;
  if (after < wanted) {
    const allocated = add ? after - before : after;
    throw libvirtError('OPERATION_FAILED', `Unable to allocate ${count} pages. Allocated only ${allocated}`);
  }
}

function hugepagesDirectory(cell: number | undefined): string {
  return cell === undefined ? '/sys/kernel/mm/hugepages' : `${NODE_DIRECTORY}/node${cell}/hugepages`;
}

const KSM_DIRECTORY = '/sys/kernel/mm/ksm';

/** libvirt's names of KSM's files, in its order; those marked can be set. */
const KSM_PARAMETERS = [
  { name: 'shm_pages_to_scan', file: 'pages_to_scan', settable: true },
  { name: 'shm_sleep_millisecs', file: 'sleep_millisecs', settable: true },
  { name: 'shm_pages_shared', file: 'pages_shared', settable: false },
  { name: 'shm_pages_sharing', file: 'pages_sharing', settable: false },
  { name: 'shm_pages_unshared', file: 'pages_unshared', settable: false },
  { name: 'shm_pages_volatile', file: 'pages_volatile', settable: false },
  { name: 'shm_full_scans', file: 'full_scans', settable: false },
  { name: 'shm_merge_across_nodes', file: 'merge_across_nodes', settable: true },
] as const;

export type KsmParameter = (typeof KSM_PARAMETERS)[number]['name'];
export type SettableKsmParameter = Extract<(typeof KSM_PARAMETERS)[number], { settable: true }>['name'];

/** The parameters that this kernel has. */
export function ksmParameters(): { name: KsmParameter; value: string }[] {
  return KSM_PARAMETERS.flatMap(({ name, file }) => {
    const value = readText(`${KSM_DIRECTORY}/${file}`);
    return value === undefined ? [] : [{ name, value }];
  });
}

export function setKsmParameter(name: SettableKsmParameter, value: number): void {
  const { file } = KSM_PARAMETERS.find((parameter) => parameter.name === name)!;
  writeSetting(`${KSM_DIRECTORY}/${file}`, value, `failed to set ${name}`);
}

function writeSetting(file: string, value: number, what: string): void {
  try {
    fs.writeFileSync(file, String(value));
  } catch (error) {
    throw systemError(what, error);
  }
}
