// The processor time that a cgroup had: cpuacct of v1 (cgroup-v1/cpuacct.rst), cpu.stat of v2 (cgroup-v2.rst).
import { libvirtError } from '../../errors.ts';
import type { DomainCgroup } from './cgroup.ts';

/** In nanoseconds. */
export interface CpuStats {
  totalNs: bigint;
  userNs: bigint;
  systemNs: bigint;
}

/** A tick of USER_HZ, which is 100 on every Linux (proc(5)). */
const TICK_NS = 10_000_000n;

/** Reads each file once. Throws INTERNAL_ERROR where one lacks a value. */
export function cpuStats(cgroup: DomainCgroup): CpuStats {
  if (cgroup.layout.version === 2) {
    const text = cgroup.read('cpu', 'cpu.stat');
    const microseconds = (name: string) => field(text, name) * 1000n;
    return { totalNs: microseconds('usage_usec'), userNs: microseconds('user_usec'), systemNs: microseconds('system_usec') };
  }
  const totalNs = BigInt(cgroup.read('cpuacct', 'cpuacct.usage').trim());
  const text = cgroup.read('cpuacct', 'cpuacct.stat');
  return { totalNs, userNs: field(text, 'user') * TICK_NS, systemNs: field(text, 'system') * TICK_NS };
}

/** The time on each CPU of the host; undefined on v2, which does not tell them apart. */
export function cpuTimesNs(cgroup: DomainCgroup): bigint[] | undefined {
  if (cgroup.layout.version === 2) return undefined;
  return cgroup.read('cpuacct', 'cpuacct.usage_percpu').trim().split(/\s+/).map(BigInt);
}

function field(text: string, name: string): bigint {
  const match = new RegExp(`^${name} (\\d+)$`, 'm').exec(text);
  if (!match) throw libvirtError('INTERNAL_ERROR', `cannot parse cpu usage stat '${name}'`);
  return BigInt(match[1]!);
}
