// From the model to domain XML, in libvirt's order and layout.

import { writeEchoed } from '../xml/echoed.ts';
import { XmlWriter } from '../xml/writer.ts';
import type { CharDevice, DomainDefinition, DomainDevices } from './definition.ts';
import { writeBlkiotune } from './elements/blkiotune.ts';
import { writeClock } from './elements/clock.ts';
import { writeCputune } from './elements/cputune.ts';
import { writeDevices } from './elements/devices.ts';
import { writeFeatures } from './elements/features.ts';
import { writeIdmap } from './elements/idmap.ts';
import { writeLifecycle } from './elements/lifecycle.ts';
import { hasSharedNamespaces, LXC_NAMESPACE_URI, writeSharedNamespaces } from './elements/lxc-namespace.ts';
import { writeMemory, writeMemoryBacking } from './elements/memory.ts';
import { writeMemtune } from './elements/memtune.ts';
import { writeMetadata } from './elements/metadata.ts';
import { writeNumatune } from './elements/numatune.ts';
import { writeOs } from './elements/os.ts';
import { hasOwn, OWN_DECLARATION, OWN_NAMESPACE_URI, writeOwn } from './elements/own-namespace.ts';
import { writeResource } from './elements/resource.ts';
import { writeSeclabel } from './elements/seclabel.ts';
import { writeVcpu } from './elements/vcpu.ts';

export interface FormatOptions {
  /** With what only a running domain has: id, ttys, generated names, labels. */
  live: boolean;
  /** Ends in a status document: everything live, so that parsing it gives the same model. */
  status?: boolean;
  /** Inactive form of a domain that has no other: aliases stay, as libvirt leaves them. */
  keepAliases?: boolean;
  /** To be read back: nothing that libvirt prints badly is printed so. Implied by `status`. */
  lossless?: boolean;
}

/** Ends in `</domain>` and a line end. */
export function formatDomain(definition: DomainDefinition, options: FormatOptions): string {
  const writer = new XmlWriter({ lossless: options.lossless ?? options.status ?? false });
  writeDomain(writer, definition, options);
  return writer.toString();
}

export function writeDomain(writer: XmlWriter, definition: DomainDefinition, options: FormatOptions): void {
  const live = options.live || options.status === true;
  const shown = live || options.keepAliases ? definition : { ...definition, devices: withoutAliases(definition.devices) };
  writer.block(
    'domain',
    [
      ['type', definition.virtType ?? 'lxc'],
      ['id', live ? (definition.id ?? undefined) : undefined],
      ['xmlns:lxc', hasSharedNamespaces(definition) ? LXC_NAMESPACE_URI : undefined],
      [OWN_DECLARATION, hasOwn(definition) ? OWN_NAMESPACE_URI : undefined],
    ],
    () => writeInside(writer, shown, { live, status: options.status === true }),
  );
}

function writeInside(writer: XmlWriter, definition: DomainDefinition, form: { live: boolean; status: boolean }): void {
  const echoed = (...elements: (DomainDefinition['cpu'] | undefined)[]): void => {
    for (const element of elements) if (element) writeEchoed(writer, element);
  };
  writer.text('name', definition.name);
  writer.text('uuid', definition.uuid);
  writer.text('genid', definition.genid);
  writer.text('title', definition.title);
  writer.text('description', definition.description);
  writeMetadata(writer, definition);
  writeMemory(writer, definition);
  writeBlkiotune(writer, definition);
  writeMemtune(writer, definition);
  writeMemoryBacking(writer, definition);
  writeVcpu(writer, definition);
  writeCputune(writer, definition);
  writeNumatune(writer, definition);
  writeResource(writer, definition);
  echoed(...definition.sysinfo);
  writer.text('bootloader', definition.bootloader || undefined);
  if (definition.bootloader) writer.text('bootloader_args', definition.bootloaderArgs);
  writeOs(writer, definition.os);
  writeIdmap(writer, definition);
  writeFeatures(writer, definition.features);
  echoed(definition.cpu);
  writeClock(writer, definition.clock);
  writeLifecycle(writer, definition);
  echoed(definition.pm, definition.perf);
  writeDevices(writer, definition, form);
  for (const label of definition.seclabels) writeSeclabel(writer, label, form.live);
  echoed(...definition.trailing);
  writeSharedNamespaces(writer, definition);
  writeOwn(writer, definition);
}

/** Of the aliases only those that a user chose are part of a configuration. */
function withoutAliases(devices: DomainDevices): DomainDevices {
  const strip = <T extends { alias?: string }>(list: readonly T[]): T[] =>
    list.map((device) => {
      if (device.alias === undefined || device.alias.startsWith('ua-')) return device;
      const { alias: _alias, ...rest } = device;
      return rest as T;
    });
  return {
    ...devices,
    disks: strip(devices.disks),
    filesystems: strip(devices.filesystems),
    interfaces: strip(devices.interfaces),
    serials: strip<CharDevice>(devices.serials),
    parallels: strip<CharDevice>(devices.parallels),
    consoles: strip<CharDevice>(devices.consoles),
    hostdevs: strip(devices.hostdevs),
  };
}
