// CPU time of a running domain, in nanoseconds: cpu-stats.

import { cgroupOf } from '../../container/definitions.ts';
import type { DomainRef } from '../../domain/ref.ts';
import { libvirtError } from '../../errors.ts';
import { type CpuStats, cpuStats, cpuTimesNs } from '../../host/cgroup/cpuacct.ts';
import type { Connection } from '../connection.ts';
import { readDomain } from './change.ts';

/** Throws OPERATION_INVALID while the domain is off. */
export function cpuTotals(connection: Connection, ref: DomainRef): CpuStats {
  return cpuStats(cgroupOf(readDomain(connection, ref)));
}

/**
 * The time that the domain had on each CPU of the host. Throws OPERATION_INVALID while it is off, OPERATION_UNSUPPORTED
 * with cgroup v2, which keeps no such figures.
 */
export function cpuTimes(connection: Connection, ref: DomainRef): bigint[] {
  const times = cpuTimesNs(cgroupOf(readDomain(connection, ref)));
  if (times === undefined) throw libvirtError('OPERATION_UNSUPPORTED', 'cgroup v2 does not tell the CPUs apart');
  return times;
}
