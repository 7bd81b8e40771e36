// The capabilities document: what this host is, and what containers it runs.

import { entryOf } from '../domain/table.ts';
import { type CacheBank, cacheBanks, cpuPlace, onlineCpus } from '../host/cpu.ts';
import { cellCpus, cellDistances, cellMemory, installedMemory, numaCells, pagePool, pageSizes } from '../host/memory.ts';
import { machineUuid } from '../host/smbios.ts';
import { suspendTargets } from '../host/suspend.ts';
import { formatNumberList, listNames } from '../host/system-files.ts';
import type { Connection } from './connection.ts';
import { DEFAULT_EMULATOR, hostArchitecture } from './parse-host.ts';

/** The 32-bit architecture whose programs a host's kernel runs, too. */
const NARROWER: Readonly<Record<string, string>> = { x86_64: 'i686', aarch64: 'armv7l', ppc64: 'ppc', s390x: 's390', sparc64: 'sparc' };
const NARROW = new Set(Object.values(NARROWER));

/** Ends in a newline. Source: libvirt's driver capabilities XML page. */
export function capabilitiesXml(_connection: Connection): string {
  return `<capabilities>\n\n${element('host', hostParts()).map(indented).join('')}\n${guests()}</capabilities>\n`;
}

type Lines = readonly string[];
const indented = (line: string): string => `  ${line}\n`;
const nested = (lines: Lines): Lines => lines.map((line) => `  ${line}`);

/** `<tag …>`, its content and the end; empty content closes the tag at once. */
function element(tag: string, content: Lines): Lines {
  return content.length === 0 ? [`<${tag}/>`] : [`<${tag}>`, ...nested(content), `</${tag.split(' ', 1)[0]}>`];
}

function hostParts(): Lines {
  const uuid = machineUuid();
  const sizes = pageSizes().map((size) => `<pages unit='KiB' size='${size}'/>`);
  const suspend = { mem: 'suspend_mem', disk: 'suspend_disk', hybrid: 'suspend_hybrid' };
  return [
    ...(uuid === undefined ? [] : [`<uuid>${uuid}</uuid>`]),
    ...element('cpu', [`<arch>${hostArchitecture()}</arch>`, ...sizes]),
    ...element(
      'power_management',
      suspendTargets().map((target) => `<${suspend[target]}/>`),
    ),
    `<iommu support='${listNames('/sys/kernel/iommu_groups').length > 0 ? 'yes' : 'no'}'/>`,
    ...topology(),
    ...caches(),
    ...element('secmodel', ['<model>none</model>', '<doi>0</doi>']),
  ];
}

function topology(): Lines {
  const numbers = numaCells();
  const cells = numbers.length > 0 ? numbers.map((cell) => numaCell(cell, numbers)) : [onlyCell()];
  return element('topology', element(`cells num='${cells.length}'`, cells.flat()));
}

function numaCell(cell: number, all: readonly number[]): Lines {
  const pools = pageSizes(cell).map((size) => pagePool(cell, size));
  const distances = cellDistances(cell).map((value, i) => `<sibling id='${all[i] ?? i}' value='${value}'/>`);
  return element(`cell id='${cell}'`, [
    `<memory unit='KiB'>${cellMemory(cell).totalKiB}</memory>`,
    ...pools.map(({ sizeKiB, total }) => `<pages unit='KiB' size='${sizeKiB}'>${total}</pages>`),
    ...(distances.length > 0 ? element('distances', distances) : []),
    ...cpus(cellCpus(cell)),
  ]);
}

/** A kernel without NUMA is one cell. */
function onlyCell(): Lines {
  return element(`cell id='0'`, [`<memory unit='KiB'>${installedMemory().totalKiB}</memory>`, ...cpus(onlineCpus())]);
}

function cpus(numbers: readonly number[]): Lines {
  const online = new Set(onlineCpus());
  const lines = numbers.map((number) => {
    if (!online.has(number)) return `<cpu id='${number}'/>`;
    const { socket, die, core, siblings } = cpuPlace(number);
    return `<cpu id='${number}' socket_id='${socket}' die_id='${die}' core_id='${core}' siblings='${formatNumberList(siblings)}'/>`;
  });
  return element(`cpus num='${numbers.length}'`, lines);
}

function caches(): Lines {
  const banks = cacheBanks(onlineCpus()).map(cacheBank);
  return banks.length > 0 ? element('cache', banks) : [];
}

function cacheBank({ id, level, type, sizeKiB, cpus: users }: CacheBank): string {
  const [size, unit] = shortestSize(sizeKiB);
  return `<bank id='${id}' level='${level}' type='${type}' size='${size}' unit='${unit}' cpus='${formatNumberList(users)}'/>`;
}

/** In the largest unit that leaves no fraction. */
function shortestSize(sizeKiB: number): [number, string] {
  if (sizeKiB % (1024 * 1024) === 0) return [sizeKiB / (1024 * 1024), 'GiB'];
  return sizeKiB % 1024 === 0 ? [sizeKiB / 1024, 'MiB'] : [sizeKiB, 'KiB'];
}

function guests(): string {
  const arch = hostArchitecture();
  const narrower = entryOf(NARROWER, arch);
  return [arch, ...(narrower === undefined ? [] : [narrower])].map((name) => `${guest(name).map(indented).join('')}\n`).join('');
}

function guest(arch: string): Lines {
  return element('guest', [
    '<os_type>exe</os_type>',
    ...element(`arch name='${arch}'`, [
      `<wordsize>${NARROW.has(arch) ? 32 : 64}</wordsize>`,
      `<emulator>${DEFAULT_EMULATOR}</emulator>`,
      `<domain type='lxc'/>`,
    ]),
  ]);
}
