// Which processors a container may use, and how much of them, as its virtual ones say. Pure.
//
// A container has no virtual processors. It may run wherever any of those that its definition counts may run (<vcpupin>), and for as
// much time as there are of them, where the definition says that not all are used (<vcpu current=>).

import { formatBitmap, parseBitmap } from '../values/bitmap.ts';
import { echoedElement } from '../xml/echoed.ts';
import type { DomainDefinition } from './definition.ts';
import { CPU_MASK_BITS } from './elements/vcpu.ts';

/** The kernel's, where nothing is said (scheduler/sched-bwc.rst). */
const PERIOD_US = 100_000;
const PIN = 'vcpupin';

export const usedVcpus = ({ vcpu }: DomainDefinition): number => vcpu.current ?? vcpu.count;

/** By number; virtual processors that are pinned to no others than all have none. */
export function vcpuPins({ cputune }: DomainDefinition): Map<number, string> {
  const pins = new Map<number, string>();
  for (const { name, attributes } of cputune.others) {
    const { vcpu, cpuset } = Object.fromEntries(attributes);
    if (name === PIN && vcpu !== undefined && cpuset !== undefined) pins.set(Number(vcpu), cpuset);
  }
  return pins;
}

/** The definition with this virtual processor pinned, or no longer. */
export function withVcpuPin(definition: DomainDefinition, vcpu: number, cpuset: string | undefined): DomainDefinition {
  const pins = vcpuPins(definition);
  if (cpuset === undefined) pins.delete(vcpu);
  else pins.set(vcpu, cpuset);
  const written = [...pins]
    .sort(([a], [b]) => a - b)
    .map(([number, cpus]) =>
      echoedElement(PIN, [
        ['vcpu', String(number)],
        ['cpuset', cpus],
      ]),
    );
  const { cputune } = definition;
  return { ...definition, cputune: { ...cputune, others: [...written, ...cputune.others.filter(({ name }) => name !== PIN)] } };
}

/** Undefined: all. An automatic placement is left to the host. */
export function allowedCpus(definition: DomainDefinition): string | undefined {
  const { vcpu } = definition;
  const whole = vcpu.placement === 'static' ? vcpu.cpuset : undefined;
  const pins = vcpuPins(definition);
  if (pins.size === 0) return whole;
  const union = new Set<number>();
  for (let number = 0; number < usedVcpus(definition); number++) {
    const cpus = pins.get(number) ?? whole;
    if (cpus === undefined) return undefined;
    for (const cpu of parseBitmap(cpus, CPU_MASK_BITS)) union.add(cpu);
  }
  return formatBitmap([...union].sort((a, b) => a - b));
}

/** Microseconds in each period; undefined: as much as there is. */
export function cpuQuotaUs({ vcpu, cputune }: DomainDefinition): number | undefined {
  return cputune.quotaUs ?? (vcpu.current === undefined ? undefined : vcpu.current * (cputune.periodUs ?? PERIOD_US));
}

/** The definition with what its virtual processors come to where its own limits are read from. */
export function withProcessorLimits(definition: DomainDefinition): DomainDefinition {
  const [cpuset, quotaUs] = [allowedCpus(definition), cpuQuotaUs(definition)];
  return {
    ...definition,
    vcpu: { ...definition.vcpu, ...(cpuset !== undefined && { cpuset, placement: 'static' }) },
    cputune: { ...definition.cputune, ...(quotaUs !== undefined && { quotaUs }) },
  };
}

/** `count` of them are used. Differs from libvirt's virtual machines: a quota that was set for another number goes. */
export function withUsedVcpus(definition: DomainDefinition, count: number): DomainDefinition {
  const { quotaUs: _, ...cputune } = definition.cputune;
  const { current: __, ...vcpu } = definition.vcpu;
  return { ...definition, vcpu: count === vcpu.count ? vcpu : { ...vcpu, current: count }, cputune };
}

/** As many as there may be, of which no more are used than there are then. */
export function withMostVcpus(definition: DomainDefinition, count: number): DomainDefinition {
  const used = Math.min(usedVcpus(definition), count);
  return withUsedVcpus({ ...definition, vcpu: { ...definition.vcpu, count } }, used);
}
