// Memory limits of a domain: memtune, setmem, setmaxmem, dommemstat.

import { cgroupOf, type DomainDefinitions } from '../../container/definitions.ts';
import { type DomainDefinition, MEMORY_UNLIMITED_KIB, type Memtune } from '../../domain/definition.ts';
import type { DomainRef } from '../../domain/ref.ts';
import { LibvirtError, libvirtError, notRunning } from '../../errors.ts';
import type { DomainCgroup } from '../../host/cgroup/cgroup.ts';
import { oomKills } from '../../host/cgroup/memory-events.ts';
import { memoryUsageKiB } from '../../host/cgroup/stats.ts';
import { warn } from '../../store/log.ts';
import { type Connection, requireWritable } from '../connection.ts';
import { type Affect, affected, queried } from './affect.ts';
import { changeDomain, readDomain } from './change.ts';

/** In KiB; undefined where there is no limit. */
export interface MemoryLimits {
  hardLimitKiB: number | undefined;
  softLimitKiB: number | undefined;
  swapHardLimitKiB: number | undefined;
}

/** The limits that are to change, in KiB; MEMORY_UNLIMITED_KIB and above take a limit away. */
export type MemoryLimitChanges = Partial<Record<'hardLimitKiB' | 'softLimitKiB' | 'swapHardLimitKiB' | 'minGuaranteeKiB', number>>;

/** The limits of the stored definition, or those that the running domain's group has. */
export function memoryLimits(connection: Connection, ref: DomainRef, affect: Affect): MemoryLimits {
  const image = readDomain(connection, ref);
  const { definition, isLive } = queried(image, affect);
  if (!isLive) return { hardLimitKiB: undefined, softLimitKiB: undefined, swapHardLimitKiB: undefined, ...definition.memtune };
  const limits = new GroupMemory(cgroupOf(image));
  return { hardLimitKiB: limits.hard(), softLimitKiB: limits.soft(), swapHardLimitKiB: limits.swapHard() };
}

/** Throws ARGUMENT_UNSUPPORTED, INVALID_ARG when the hard limit would exceed that with swap, SYSTEM_ERROR from the group. */
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
function limitRunning(
  name: string,
  group: DomainCgroup,
  changes: MemoryLimitChanges,
  onWarning: ((text: string) => void) | undefined,
): void {
  const killedBefore = oomKills(group);
  try {
    new GroupMemory(group).set(changes);
  } catch (error) {
    const usedKiB = memoryUsageKiB(group);
    const limits = [changes.hardLimitKiB, changes.swapHardLimitKiB].filter((limit) => limit !== undefined && limit < usedKiB);
    if (limits.length > 0)
      warn(
        name,
        `the container uses ${usedKiB} KiB that cannot be freed: it cannot be limited to ${Math.min(...(limits as number[]))} KiB`,
        onWarning,
      );
    throw error;
  }
  const killed = oomKills(group) - killedBefore;
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
  changeDomain(connection, ref, (image) => (change.maximum ? setMaximum(image, memoryKiB, change) : setCurrent(image, memoryKiB, change)));
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
): { config?: DomainDefinition; live?: DomainDefinition } {
  const { live, config } = affected(image, change);
  for (const definition of [live && image.live, config && image.config]) {
    if (definition && memoryKiB > definition.memoryKiB) {
      throw libvirtError('INVALID_ARG', 'Cannot set memory higher than max memory');
    }
  }
  if (live) {
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
  const group = cgroupOf(image);
  return { actual: image.live.currentMemoryKiB, swapIn: new GroupMemory(group).swapUsage(), rss: memoryUsageKiB(group) };
}

/** The memory files of a group, v1 or v2 (memory.txt, cgroup-v2.rst). */
class GroupMemory {
  private readonly group: DomainCgroup;
  private readonly isV2: boolean;

  constructor(group: DomainCgroup) {
    this.group = group;
    this.isV2 = group.layout.version === 2;
  }

  hard(): number | undefined {
    return this.limit(this.isV2 ? 'memory.max' : 'memory.limit_in_bytes');
  }

  soft(): number | undefined {
    return this.limit(this.isV2 ? 'memory.high' : 'memory.soft_limit_in_bytes');
  }

  /** Memory and swap together; v2 counts swap alone. */
  swapHard(): number | undefined {
    if (!this.isV2) return this.limit('memory.memsw.limit_in_bytes');
    const [memory, swap] = [this.hard(), this.limit('memory.swap.max')];
    return memory === undefined || swap === undefined ? undefined : memory + swap;
  }

  swapUsage(): number {
    const file = this.isV2 ? 'memory.swap.current' : 'memory.memsw.usage_in_bytes';
    return this.group.has('memory', file) ? Number(BigInt(this.group.read('memory', file).trim()) >> 10n) : 0;
  }

  set({ hardLimitKiB: hard, softLimitKiB: soft, swapHardLimitKiB: swapHard }: MemoryLimitChanges): void {
    const setHard = () => this.write(this.isV2 ? 'memory.max' : 'memory.limit_in_bytes', hard);
    const setSwap = () => this.setSwap(hard, swapHard);
    // v1 refuses a limit with swap below the one without at every moment, so the order depends on the direction.
    const growing = swapHard !== undefined && swapHard >= (this.swapHard() ?? MEMORY_UNLIMITED_KIB);
    if (growing) setSwap();
    setHard();
    if (!growing) setSwap();
    this.write(this.isV2 ? 'memory.high' : 'memory.soft_limit_in_bytes', soft);
  }

  private setSwap(hard: number | undefined, swapHard: number | undefined): void {
    if (!this.isV2) {
      this.write('memory.memsw.limit_in_bytes', swapHard);
      return;
    }
    if (swapHard === undefined || swapHard >= MEMORY_UNLIMITED_KIB) this.write('memory.swap.max', swapHard);
    else this.write('memory.swap.max', Math.max(0, swapHard - (hard ?? this.hard() ?? 0)));
  }

  private write(file: string, kib: number | undefined): void {
    if (kib === undefined) return;
    const unlimited = this.isV2 ? 'max' : '-1';
    this.group.write('memory', file, kib >= MEMORY_UNLIMITED_KIB ? unlimited : (BigInt(kib) * 1024n).toString());
  }

  private limit(file: string): number | undefined {
    if (!this.group.has('memory', file)) return undefined;
    const text = this.group.read('memory', file).trim();
    if (text === 'max') return undefined;
    const kib = Number(BigInt(text) >> 10n);
    // v1 says "unlimited" with the largest number of pages that it can count.
    return kib >= MEMORY_UNLIMITED_KIB - 1024 ? undefined : kib;
  }
}
