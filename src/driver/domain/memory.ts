// Memory limits of a domain: memtune, setmem, setmaxmem, dommemstat.

import { cgroupOf, type DomainDefinitions } from '../../container/definitions.ts';
import type { ResourceAudit } from '../../container/resource-audit.ts';
import { type DomainDefinition, MEMORY_UNLIMITED_KIB, type Memtune } from '../../domain/definition.ts';
import type { DomainRef } from '../../domain/ref.ts';
import { LibvirtError, libvirtError, notRunning } from '../../errors.ts';
import type { DomainCgroup } from '../../host/cgroup/cgroup.ts';
import {
  memoryStats as cgroupMemoryStats,
  changeMemoryLimits,
  type MemoryChanges,
  type MemoryLimits,
  memoryUsageKiB,
  oomKills,
  readMemoryLimits,
} from '../../host/cgroup/memory.ts';
import { numberChange } from '../../security/audit/records.ts';
import { warn } from '../../store/log.ts';
import { type Connection, requireWritable } from '../connection.ts';
import { type Affect, affected, queried } from './affect.ts';
import { changeDomain, readDomain } from './change.ts';

/** In KiB; MEMORY_UNLIMITED_KIB and above take a limit away. */
export type MemoryLimitChanges = MemoryChanges & { minGuaranteeKiB?: number };

/** The limits of the stored definition, or those that the running domain's cgroup has. */
export function memoryLimits(connection: Connection, ref: DomainRef, affect: Affect): MemoryLimits {
  const image = readDomain(connection, ref);
  const { definition, isLive } = queried(image, affect);
  if (!isLive) return { hardLimitKiB: undefined, softLimitKiB: undefined, swapHardLimitKiB: undefined, ...definition.memtune };
  return readMemoryLimits(cgroupOf(image));
}

/** Throws ARGUMENT_UNSUPPORTED, INVALID_ARG when the hard limit would exceed that with swap, SYSTEM_ERROR from the cgroup. */
export function setMemoryLimits(
  connection: Connection,
  ref: DomainRef,
  changes: MemoryLimitChanges,
  affect: Affect,
  onWarning?: (text: string) => void,
): void {
  requireWritable(connection, 'virDomainSetMemoryParameters');
  if (changes.minGuaranteeKiB !== undefined) throw libvirtError('ARGUMENT_UNSUPPORTED', "parameter 'min_guarantee' not supported");
  changeDomain(connection, ref, (image) => {
    const { live, config } = affected(image, affect);
    // As in libvirt, the running definition is what the other of the two limits is taken from, whatever is changed.
    checkOrder({ ...(image.live ?? image.config)?.memtune }, changes);
    if (live) limitRunning(ref.name, cgroupOf(image), changes, onWarning);
    const change = (definition: DomainDefinition) => ({ ...definition, memtune: merged(definition.memtune, changes) });
    return { ...(live && { live: change(image.live!) }), ...(config && { config: change(image.config!) }) };
  });
}

/**
 * Says why a limit below what is in use is refused (v1: what cannot be freed keeps it out, memory.txt), or what it has done
 * (v2: processes are killed for it, cgroup-v2.rst).
 */
function limitRunning(name: string, cgroup: DomainCgroup, changes: MemoryChanges, onWarning: ((text: string) => void) | undefined): void {
  const killedBefore = oomKills(cgroup);
  try {
    changeMemoryLimits(cgroup, changes);
  } catch (error) {
    const usedKiB = memoryUsageKiB(cgroup);
    const limits = [changes.hardLimitKiB, changes.swapHardLimitKiB].filter((limit) => limit !== undefined && limit < usedKiB);
    if (limits.length > 0)
      warn(
        name,
        `the container uses ${usedKiB} KiB that cannot be freed: it cannot be limited to ${Math.min(...(limits as number[]))} KiB`,
        onWarning,
      );
    throw error;
  }
  const killed = oomKills(cgroup) - killedBefore;
  if (killed > 0)
    warn(
      name,
      `${killed} of the container's processes ${killed === 1 ? 'was' : 'were'} killed for memory, to keep the new limit`,
      onWarning,
    );
}

function checkOrder(current: Memtune, { hardLimitKiB, swapHardLimitKiB }: MemoryLimitChanges): void {
  if (hardLimitKiB === undefined && swapHardLimitKiB === undefined) return;
  const hard = hardLimitKiB ?? current.hardLimitKiB ?? MEMORY_UNLIMITED_KIB;
  const swapHard = swapHardLimitKiB ?? current.swapHardLimitKiB ?? MEMORY_UNLIMITED_KIB;
  if (hard > swapHard) {
    throw libvirtError('INVALID_ARG', 'memory hard_limit tunable value must be lower than or equal to swap_hard_limit');
  }
}

function merged(memtune: Memtune, changes: MemoryLimitChanges): Memtune {
  const result: Memtune = { ...memtune };
  for (const [name, value] of Object.entries(changes) as [keyof Memtune, number][]) {
    if (value >= MEMORY_UNLIMITED_KIB) delete result[name];
    else result[name] = value;
  }
  return result;
}

export interface MemoryChange extends Affect {
  /** setmaxmem: the size that setmem cannot exceed, not the size that is in use. */
  readonly maximum?: boolean;
  readonly onWarning?: (text: string) => void;
}

/** Throws INVALID_ARG above the maximum, OPERATION_INVALID for the maximum of a running domain. */
export function setMemory(connection: Connection, ref: DomainRef, memoryKiB: number, change: MemoryChange): void {
  requireWritable(connection, 'virDomainSetMemoryFlags');
  if (memoryKiB === 0) throw libvirtError('PLAIN', 'memory in virDomainSetMemoryFlags must not be zero');
  if (memoryKiB > MEMORY_UNLIMITED_KIB) throw libvirtError('OVERFLOW', `input too large: ${memoryKiB}`);
  changeDomain(connection, ref, (image, audit) =>
    change.maximum ? setMaximum(image, memoryKiB, change) : setCurrent(image, memoryKiB, change, audit),
  );
}

function setMaximum(image: DomainDefinitions, memoryKiB: number, affect: Affect): { config?: DomainDefinition } {
  const { live } = affected(image, affect);
  if (live) throw libvirtError('OPERATION_INVALID', 'Cannot resize the max memory on an active domain');
  const config = image.config!;
  return { config: { ...config, memoryKiB, currentMemoryKiB: Math.min(config.currentMemoryKiB, memoryKiB) } };
}

function setCurrent(
  image: DomainDefinitions,
  memoryKiB: number,
  change: MemoryChange,
  audit: ResourceAudit,
): { config?: DomainDefinition; live?: DomainDefinition } {
  const { live, config } = affected(image, change);
  for (const definition of [live && image.live, config && image.config]) {
    if (definition && memoryKiB > definition.memoryKiB) {
      throw libvirtError('INVALID_ARG', 'Cannot set memory higher than max memory');
    }
  }
  if (live) {
    audit.note(numberChange('mem', 'update', image.live!.currentMemoryKiB, memoryKiB));
    try {
      limitRunning(image.live!.name, cgroupOf(image), { hardLimitKiB: memoryKiB }, change.onWarning);
    } catch (error) {
      if (error instanceof LibvirtError) throw libvirtError('OPERATION_FAILED', 'Failed to set memory for domain', error);
      throw error;
    }
  }
  const changed = (definition: DomainDefinition) => ({ ...definition, currentMemoryKiB: memoryKiB });
  return { ...(live && { live: changed(image.live!) }), ...(config && { config: changed(image.config!) }) };
}

/** In KiB. Throws OPERATION_INVALID while it is off. */
export function memoryStats(connection: Connection, ref: DomainRef): { actual: number; swapIn: number; rss: number } {
  const image = readDomain(connection, ref);
  if (!image.live) throw notRunning();
  const { usageKiB, swapUsageKiB = 0 } = cgroupMemoryStats(cgroupOf(image));
  return { actual: image.live.currentMemoryKiB, swapIn: swapUsageKiB, rss: usageKiB };
}
