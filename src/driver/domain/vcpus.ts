// The virtual processors that a domain's XML speaks of: vcpucount, setvcpus, vcpupin. What they mean to a container, domain/processors.ts says.

import { pinController } from '../../container/controller-pin.ts';
import { cgroupOf } from '../../container/definitions.ts';
import type { DomainDefinition } from '../../domain/definition.ts';
import {
  allowedCpus,
  cpuQuotaUs,
  emulatorPin,
  usedVcpus,
  vcpuPins,
  withEmulatorPin,
  withMostVcpus,
  withUsedVcpus,
  withVcpuPin,
} from '../../domain/processors.ts';
import type { DomainRef } from '../../domain/ref.ts';
import { libvirtError, notRunning } from '../../errors.ts';
import { changeCpuTuning } from '../../host/cgroup/cpu.ts';
import { changeCpus } from '../../host/cgroup/cpuset.ts';
import { onlineCpus, presentCpus } from '../../host/cpu.ts';
import { isAlive } from '../../host/process.ts';
import { parseNumberList } from '../../host/system-files.ts';
import { numberChange } from '../../security/audit/records.ts';
import { formatBitmap } from '../../values/bitmap.ts';
import { type Connection, requireWritable } from '../connection.ts';
import { requireBeyondLibvirt } from '../functions.ts';
import { type Affect, affected, changeAffected, queried } from './affect.ts';
import { changeDomain, readDomain } from './change.ts';

export interface VcpuCounts {
  active: boolean;
  persistent: boolean;
  maximum: number;
  /** Undefined where the stored definition does not say how many of them are used. */
  configured: number | undefined;
  /** How many there are now; while it is off, how many there would be. */
  used: number;
}

export function vcpuCounts(connection: Connection, ref: DomainRef): VcpuCounts {
  const { active, persistent, config, live } = readDomain(connection, ref);
  const stored = (config ?? live)!.vcpu;
  return { active, persistent, maximum: stored.count, configured: stored.current, used: usedVcpus((live ?? config)!) };
}

/** As many as this host has, of which a container could use no more. */
export function maxVcpus(_connection: Connection): number {
  requireBeyondLibvirt('virConnectGetMaxVcpus');
  return presentCpus().length;
}

export interface VcpuChange extends Affect {
  /** There may be so many, in the stored definition. */
  readonly maximum?: boolean;
  readonly guest?: boolean;
}

/**
 * The container gets as much time as `count` processors have; all where that is the most there may be. `api`: as it was called.
 * Throws INVALID_ARG for more than there may be.
 */
export function setVcpus(connection: Connection, ref: DomainRef, count: number, change: VcpuChange, api: string): void {
  requireWritable(connection, api);
  requireBeyondLibvirt(api);
  if (change.guest) throw libvirtError('NO_SUPPORT', api);
  changeDomain(connection, ref, (image, audit) => {
    if (change.maximum) return changeAffected(image, change, (definition) => withMostVcpus(definition, count));
    const next = changeAffected(image, change, (definition) => withUsedVcpus(definition, count));
    for (const [word, definition] of [
      ['live', next.live],
      ['persistent', next.config],
    ] as const) {
      if (definition && count > definition.vcpu.count)
        throw libvirtError(
          'INVALID_ARG',
          `requested vcpus is greater than max allowable vcpus for the ${word} domain: ${count} > ${definition.vcpu.count}`,
        );
    }
    if (next.live) {
      audit.note(numberChange('vcpu', 'update', usedVcpus(image.live!), count));
      changeCpuTuning(cgroupOf(image), { quotaUs: cpuQuotaUs(next.live) ?? -1 });
      changeCpus(cgroupOf(image), onlineOf(allowedCpus(next.live)));
    }
    return next;
  });
}

/** Where each virtual processor may run, as `0-3,7`. */
export function vcpuAffinities(connection: Connection, ref: DomainRef, affect: Affect): string[] {
  requireBeyondLibvirt('virDomainGetVcpuPinInfo');
  const { definition } = queried(readDomain(connection, ref), affect);
  const pins = vcpuPins(definition);
  const all = definition.vcpu.cpuset ?? formatBitmap(presentCpus());
  return Array.from({ length: usedVcpus(definition) }, (_, number) => pins.get(number) ?? all);
}

/** `cpus`: undefined, all. Throws INVALID_ARG for a virtual processor that there is not, or no processor of the host. */
export function pinVcpu(
  connection: Connection,
  ref: DomainRef,
  { vcpu, cpus }: { vcpu: number; cpus: string | undefined },
  affect: Affect,
  api: string,
): void {
  requireWritable(connection, api);
  requireBeyondLibvirt(api);
  if (cpus !== undefined && onlineOf(cpus) === '') throw libvirtError('INVALID_ARG', 'Empty cpu list for pinning');
  changeDomain(connection, ref, (image) => {
    const pin = (word: string) => (definition: DomainDefinition) => {
      if (vcpu >= usedVcpus(definition))
        throw libvirtError('INVALID_ARG', `vcpu ${vcpu} is out of range of ${word} cpu count ${usedVcpus(definition)}`);
      return withVcpuPin(definition, vcpu, cpus);
    };
    const { live, config } = affected(image, affect);
    const next = { ...(live && { live: pin('live')(image.live!) }), ...(config && { config: pin('persistent')(image.config!) }) };
    if (next.live) changeCpus(cgroupOf(image), onlineOf(allowedCpus(next.live)));
    return next;
  });
}

/** Where the controller may run, as `0-3,7`. */
export function emulatorAffinity(connection: Connection, ref: DomainRef, affect: Affect): string {
  requireBeyondLibvirt('virDomainGetEmulatorPinInfo');
  return emulatorPin(queried(readDomain(connection, ref), affect).definition) ?? formatBitmap(presentCpus());
}

/** `cpus`: undefined, all. Throws INVALID_ARG for no processor of the host. */
export function pinEmulator(connection: Connection, ref: DomainRef, cpus: string | undefined, affect: Affect): void {
  requireWritable(connection, 'virDomainPinEmulator');
  requireBeyondLibvirt('virDomainPinEmulator');
  if (cpus !== undefined && onlineOf(cpus) === '') throw libvirtError('INVALID_ARG', 'Empty cpu list for pinning');
  changeDomain(connection, ref, (image) => {
    const next = changeAffected(image, affect, (definition) => withEmulatorPin(definition, cpus));
    if (next.live) {
      const { controller } = image.run!;
      if (!isAlive(controller)) throw notRunning();
      pinController(controller.pid, cpus);
    }
    return next;
  });
}

/** The kernel takes no processor that is off. */
function onlineOf(cpus: string | undefined): string | undefined {
  if (cpus === undefined) return undefined;
  const online = new Set(onlineCpus());
  return formatBitmap(parseNumberList(cpus).filter((cpu) => online.has(cpu)));
}
