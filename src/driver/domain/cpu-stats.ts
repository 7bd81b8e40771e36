// CPU time of a running domain, in nanoseconds: cpu-stats.

import { cgroupOf } from '../../container/definitions.ts';
import type { DomainRef } from '../../domain/ref.ts';
import { libvirtError } from '../../errors.ts';
import type { DomainCgroup } from '../../host/cgroup/cgroup.ts';
import { cpuStat, cpuTimeNs } from '../../host/cgroup/stats.ts';
import type { Connection } from '../connection.ts';
import { readDomain } from './change.ts';

export interface CpuTotals {
  cpuNs: bigint;
  userNs: bigint;
  systemNs: bigint;
}

/** Nanoseconds in a tick of USER_HZ, which is 100 on every Linux (proc(5)). */
const TICK_NS = 10_000_000n;

/** Throws OPERATION_INVALID while the domain is off. */
export function cpuTotals(connection: Connection, ref: DomainRef): CpuTotals {
  const group = cgroupOf(readDomain(connection, ref));
  const cpuNs = cpuTimeNs(group);
  if (group.layout.version === 2)
    return { cpuNs, userNs: cpuStat(group, 'user_usec') * 1000n, systemNs: cpuStat(group, 'system_usec') * 1000n };
  return { cpuNs, userNs: ticks(group, 'user') * TICK_NS, systemNs: ticks(group, 'system') * TICK_NS };
}

function ticks(group: DomainCgroup, name: string): bigint {
  const match = new RegExp(`^${name} (\\d+)$`, 'm').exec(group.read('cpuacct', 'cpuacct.stat'));
  if (!match) throw libvirtError('INTERNAL_ERROR', `cannot parse cpu usage stat '${name}'`);
  return BigInt(match[1]!);
}

/**
 * The time that the domain had on each CPU of the host. Throws OPERATION_INVALID while it is off, OPERATION_UNSUPPORTED
 * with cgroup v2, which keeps no such figures.
 */
export function cpuTimes(connection: Connection, ref: DomainRef): bigint[] {
  const group = cgroupOf(readDomain(connection, ref));
  if (group.layout.version === 2) throw libvirtError('OPERATION_UNSUPPORTED', 'cgroup v2 does not tell the CPUs apart');
  return group.read('cpuacct', 'cpuacct.usage_percpu').trim().split(/\s+/).map(BigInt);
}
