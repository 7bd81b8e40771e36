// Which processors a container may use, and how much of them, as its virtual ones say. Pure.
//
// A container has no virtual processors. It may run wherever any of those that its definition counts may run (<vcpupin>), and for as
// much time as there are of them, where the definition says that not all are used (<vcpu current=>). That there are any says nothing:
// every definition has one at least, also where nobody wrote it.

import { formatBitmap, parseBitmap } from '../values/bitmap.ts';
import { type EchoedElement, echoedElement } from '../xml/echoed.ts';
import type { Cputune, DomainDefinition } from './definition.ts';
import { CPU_MASK_BITS } from './elements/vcpu.ts';

/** The kernel's, where nothing is said (scheduler/sched-bwc.rst). */
const PERIOD_US = 100_000;
const PIN = 'vcpupin';
/** The controller's own, which stands for what runs a virtual machine. */
const EMULATOR_PIN = 'emulatorpin';

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
  return { ...definition, cputune: withPins(definition.cputune, PIN, written) };
}

/** Where the controller may run; undefined: anywhere. */
export const emulatorPin = ({ cputune }: DomainDefinition): string | undefined =>
  cputune.others.find(({ name }) => name === EMULATOR_PIN)?.attributes[0]?.[1];

export const withEmulatorPin = (definition: DomainDefinition, cpuset: string | undefined): DomainDefinition => ({
  ...definition,
  cputune: withPins(definition.cputune, EMULATOR_PIN, cpuset === undefined ? [] : [echoedElement(EMULATOR_PIN, [['cpuset', cpuset]])]),
});

/** In libvirt's order: periods and quotas, then these, then what is about other threads. */
function withPins(cputune: Cputune, pin: typeof PIN | typeof EMULATOR_PIN, written: readonly EchoedElement[]): Cputune {
  const others = cputune.others.filter(({ name }) => name !== pin);
  const after = others.findIndex(({ name }) => !/_(?:period|quota)$/.test(name) && name !== PIN);
  return { ...cputune, others: others.toSpliced(after < 0 ? others.length : after, 0, ...written) };
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

/** The definition with what its virtual processors come to where its own limits are read from. Of pins those that the host has count. */
export function withProcessorLimits(definition: DomainDefinition, onlineCpus: () => readonly number[]): DomainDefinition {
  const [allowed, quotaUs] = [allowedCpus(definition), cpuQuotaUs(definition)];
  const cpuset = allowed !== undefined && vcpuPins(definition).size > 0 ? thoseOf(onlineCpus(), allowed) || allowed : allowed;
  return {
    ...definition,
    vcpu: { ...definition.vcpu, ...(cpuset !== undefined && { cpuset, placement: 'static' }) },
    cputune: { ...definition.cputune, ...(quotaUs !== undefined && { quotaUs }) },
  };
}

const thoseOf = (cpus: readonly number[], list: string): string =>
  formatBitmap(parseBitmap(list, CPU_MASK_BITS).filter((cpu) => cpus.includes(cpu)));

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
