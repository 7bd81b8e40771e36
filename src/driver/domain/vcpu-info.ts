// What a domain's virtual processors are of the host's: vcpuinfo. A container has none; its processes run on whichever CPUs it may use.

import { allowedCpus, usedVcpus, vcpuPins } from '../../domain/processors.ts';
import type { DomainRef } from '../../domain/ref.ts';
import { attempt } from '../../host/attempt.ts';
import { DomainCgroup } from '../../host/cgroup/cgroup.ts';
import { cpuTimesNs } from '../../host/cgroup/cpuacct.ts';
import { presentCpus } from '../../host/cpu.ts';
import { parseNumberList } from '../../host/system-files.ts';
import type { Connection } from '../connection.ts';
import { requireBeyondLibvirt } from '../functions.ts';
import { readDomain } from './change.ts';

export interface VcpuInfo {
  /** undefined while the domain is off. `timeNs`: where the kernel tells what the container had of this CPU, and it stands for no other. */
  running: { cpu: number; timeNs: bigint | undefined } | undefined;
  /** Where it may run. */
  affinity: number[];
}

export function vcpuInfo(connection: Connection, ref: DomainRef): { hostCpus: number; vcpus: VcpuInfo[] } {
  const { live, config, cgroup } = readDomain(connection, ref);
  requireBeyondLibvirt(live ? 'virDomainGetVcpus' : 'virDomainGetVcpuPinInfo');
  const definition = (live ?? config)!;
  const present = presentCpus();
  const pins = vcpuPins(definition);
  const all = definition.vcpu.cpuset;
  const count = usedVcpus(definition);
  const times = cgroup === undefined ? undefined : attempt(() => cpuTimesNs(new DomainCgroup(cgroup)));
  const together = parseCpus(allowedCpus(definition), present);
  const vcpus = Array.from({ length: count }, (_, number): VcpuInfo => {
    const affinity = parseCpus(pins.get(number) ?? all, present);
    if (!live) return { running: undefined, affinity };
    // Each is given one of those that it may run on; where there are as many of both, each has its own.
    const cpu = affinity[number % Math.max(1, affinity.length)] ?? 0;
    return { running: { cpu, timeNs: together.length === count ? times?.[cpu] : undefined }, affinity };
  });
  return { hostCpus: present.length, vcpus };
}

const parseCpus = (cpus: string | undefined, present: readonly number[]): number[] =>
  cpus === undefined ? [...present] : parseNumberList(cpus).filter((cpu) => present.includes(cpu));
