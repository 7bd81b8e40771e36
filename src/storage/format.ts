// From pools and volumes to their XML.

import { storedHeader } from '../domain/stored.ts';
import { XmlWriter } from '../xml/writer.ts';
import type { Permissions, PoolDefinition, PoolUse, Volume, VolumeFile } from './definition.ts';

const NO_USE: PoolUse = { capacity: 0n, allocation: 0n, available: 0n };

/** `use` is that of an active pool. */
export function formatPool(pool: PoolDefinition, use: PoolUse = NO_USE): string {
  const writer = new XmlWriter();
  writePool(writer, pool, use);
  return writer.toString();
}

/** The whole file of a defined pool. */
export function formatStoredPool(pool: PoolDefinition): string {
  return storedHeader(`virsh pool-edit ${pool.name}`) + formatPool(pool);
}

/** The whole file of an active pool. */
export function formatPoolState(pool: PoolDefinition): string {
  const writer = new XmlWriter();
  writer.block('poolstate', [], () => writePool(writer, pool, NO_USE));
  return storedHeader(`virsh pool-edit ${pool.name}`) + writer.toString();
}

function writePool(writer: XmlWriter, { name, uuid, path, permissions }: PoolDefinition, use: PoolUse): void {
  writer.block('pool', [['type', 'dir']], () => {
    writer.text('name', name);
    writer.text('uuid', uuid);
    for (const kind of ['capacity', 'allocation', 'available'] as const) writer.text(kind, use[kind], [['unit', 'bytes']]);
    writer.openBlock('source', [], () => undefined);
    writer.block('target', [], () => {
      writer.text('path', path);
      writePermissions(writer, permissions);
    });
  });
}

function writePermissions(writer: XmlWriter, { mode, owner, group, label }: Permissions): void {
  writer.optionalBlock('permissions', [], () => {
    writer.text('mode', mode?.toString(8).padStart(4, '0'));
    writer.text('owner', owner);
    writer.text('group', group);
    writer.text('label', label);
  });
}

export function formatVolume({ name, type, capacity, allocation, physical, backing, ...file }: Volume): string {
  const writer = new XmlWriter();
  writer.block('volume', [['type', type]], () => {
    writer.text('name', name);
    writer.text('key', file.path);
    writer.text('capacity', capacity, [['unit', 'bytes']]);
    writer.text('allocation', allocation, [['unit', 'bytes']]);
    writer.text('physical', physical, [['unit', 'bytes']]);
    writer.block('target', [], () => writeFile(writer, file));
    if (backing) {
      writer.block('backingStore', [], () => {
        if (backing.file) writeFile(writer, { ...backing.file, format: backing.format });
        else {
          writer.text('path', backing.path);
          writer.empty('format', [['type', backing.format]]);
        }
      });
    }
  });
  return writer.toString();
}

function writeFile(writer: XmlWriter, { path, format, permissions, times }: VolumeFile): void {
  writer.text('path', path);
  writer.empty('format', [['type', format]]);
  writePermissions(writer, permissions);
  writer.block('timestamps', [], () => {
    for (const kind of ['atime', 'mtime', 'ctime', 'btime'] as const) writer.text(kind, secondsOf(times[kind]));
  });
}

/** `1795973165.145934964`; whole seconds without a point. */
function secondsOf(ns: bigint): string {
  const rest = ns % 1_000_000_000n;
  const seconds = String(ns / 1_000_000_000n);
  return rest === 0n ? seconds : `${seconds}.${String(rest).padStart(9, '0')}`;
}
