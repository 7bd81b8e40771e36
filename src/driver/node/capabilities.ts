// The capabilities document: what this host is, and what containers it runs.

import { entryOf } from '../../domain/table.ts';
import { cacheBanks, cpuPlace, onlineCpus } from '../../host/cpu.ts';
import { cellCpus, cellDistances, cellMemory, installedMemory, numaCells, pagePool, pageSizes } from '../../host/memory.ts';
import { DEFAULT_EMULATOR, hostArchitecture } from '../../host/parse-host.ts';
import { machineUuid } from '../../host/smbios.ts';
import { suspendTargets } from '../../host/suspend.ts';
import { listDirectory } from '../../host/system-files.ts';
import { type SecurityModel, securityModel } from '../../security/labels.ts';
import { formatBitmap } from '../../values/bitmap.ts';
import { type Attributes, XmlWriter } from '../../xml/writer.ts';
import type { Connection } from '../connection.ts';

/** The 32-bit architecture whose programs a host's kernel runs, too. */
const NARROWER: Readonly<Record<string, string>> = { x86_64: 'i686', aarch64: 'armv7l', ppc64: 'ppc', s390x: 's390', sparc64: 'sparc' };
const NARROW = new Set(Object.values(NARROWER));

/** Ends in a newline. Source: libvirt's driver capabilities XML page. */
export async function capabilitiesXml(_connection: Connection): Promise<string> {
  const security = await securityModel();
  const writer = new XmlWriter();
  writer.block('capabilities', [], () => {
    writer.blank();
    writer.block('host', [], () => writeHost(writer, security));
    writer.blank();
    for (const arch of architectures()) {
      writeGuest(writer, arch);
      writer.blank();
    }
  });
  return writer.toString();
}

function writeHost(writer: XmlWriter, { model, doi, baselabel }: SecurityModel): void {
  const suspend = { mem: 'suspend_mem', disk: 'suspend_disk', hybrid: 'suspend_hybrid' };
  writer.text('uuid', machineUuid());
  writer.block('cpu', [], () => {
    writer.text('arch', hostArchitecture());
    for (const size of pageSizes())
      writer.empty('pages', [
        ['unit', 'KiB'],
        ['size', size],
      ]);
  });
  writer.block('power_management', [], () => {
    for (const target of suspendTargets()) writer.empty(suspend[target]);
  });
  writer.empty('iommu', [['support', listDirectory('/sys/kernel/iommu_groups').length > 0 ? 'yes' : 'no']]);
  writeTopology(writer);
  writeCaches(writer);
  writer.block('secmodel', [], () => {
    writer.text('model', model);
    writer.text('doi', doi);
    writer.text('baselabel', baselabel, [['type', 'lxc']]);
  });
}

function writeTopology(writer: XmlWriter): void {
  const cells = numaCells();
  writer.block('topology', [], () => {
    writer.block('cells', [['num', cells.length || 1]], () => {
      for (const cell of cells) writeCell(writer, cell, cells);
      if (cells.length === 0) writeOnlyCell(writer);
    });
  });
}

function writeCell(writer: XmlWriter, cell: number, all: readonly number[]): void {
  writer.block('cell', [['id', cell]], () => {
    writer.text('memory', cellMemory(cell).totalKiB, [['unit', 'KiB']]);
    for (const size of pageSizes(cell)) {
      const { sizeKiB, total } = pagePool(cell, size);
      writer.text('pages', total, [
        ['unit', 'KiB'],
        ['size', sizeKiB],
      ]);
    }
    writer.optionalBlock('distances', [], () => {
      for (const [i, value] of cellDistances(cell).entries())
        writer.empty('sibling', [
          ['id', all[i] ?? i],
          ['value', value],
        ]);
    });
    writeCpus(writer, cellCpus(cell));
  });
}

/** A kernel without NUMA is one cell. */
function writeOnlyCell(writer: XmlWriter): void {
  writer.block('cell', [['id', 0]], () => {
    writer.text('memory', installedMemory().totalKiB, [['unit', 'KiB']]);
    writeCpus(writer, onlineCpus());
  });
}

function writeCpus(writer: XmlWriter, numbers: readonly number[]): void {
  const online = new Set(onlineCpus());
  writer.block('cpus', [['num', numbers.length]], () => {
    for (const number of numbers) writer.empty('cpu', [['id', number], ...(online.has(number) ? placeOf(number) : [])]);
  });
}

function placeOf(number: number): Attributes {
  const { socket, die, core, siblings } = cpuPlace(number);
  return [
    ['socket_id', socket],
    ['die_id', die],
    ['core_id', core],
    ['siblings', formatBitmap(siblings)],
  ];
}

function writeCaches(writer: XmlWriter): void {
  writer.optionalBlock('cache', [], () => {
    for (const { id, level, type, sizeKiB, cpus } of cacheBanks(onlineCpus())) {
      const [size, unit] = shortestSize(sizeKiB);
      writer.empty('bank', [
        ['id', id],
        ['level', level],
        ['type', type],
        ['size', size],
        ['unit', unit],
        ['cpus', formatBitmap(cpus)],
      ]);
    }
  });
}

/** In the largest unit that leaves no fraction. */
function shortestSize(sizeKiB: number): [number, string] {
  if (sizeKiB % (1024 * 1024) === 0) return [sizeKiB / (1024 * 1024), 'GiB'];
  return sizeKiB % 1024 === 0 ? [sizeKiB / 1024, 'MiB'] : [sizeKiB, 'KiB'];
}

/** Those whose programs the kernel runs, its own first. */
export function architectures(): string[] {
  const arch = hostArchitecture();
  const narrower = entryOf(NARROWER, arch);
  return narrower === undefined ? [arch] : [arch, narrower];
}

function writeGuest(writer: XmlWriter, arch: string): void {
  writer.block('guest', [], () => {
    writer.text('os_type', 'exe');
    writer.block('arch', [['name', arch]], () => {
      writer.text('wordsize', NARROW.has(arch) ? 32 : 64);
      writer.text('emulator', DEFAULT_EMULATOR);
      writer.empty('domain', [['type', 'lxc']]);
    });
  });
}
