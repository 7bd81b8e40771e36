// What a container uses, read from its cgroup.
import { libvirtError } from '../../errors.ts';
import type { DomainCgroup } from './cgroup.ts';

/** Memory in use, page cache included. */
export function memoryUsageKiB(cgroup: DomainCgroup): number {
  const text = cgroup.read('memory', cgroup.layout.version === 2 ? 'memory.current' : 'memory.usage_in_bytes');
  return Number(BigInt(text.trim()) >> 10n);
}

/** All CPU time that the container's processes have had. */
export function cpuTimeNs(cgroup: DomainCgroup): bigint {
  if (cgroup.layout.version === 2) return cpuStat(cgroup, 'usage_usec') * 1000n;
  return BigInt(cgroup.read('cpuacct', 'cpuacct.usage').trim());
}

/** A value of cpu.stat (v2). Throws INTERNAL_ERROR where it has none of that name. */
export function cpuStat(cgroup: DomainCgroup, name: string): bigint {
  const match = new RegExp(`^${name} (\\d+)$`, 'm').exec(cgroup.read('cpu', 'cpu.stat'));
  if (!match) throw libvirtError('INTERNAL_ERROR', `cannot parse cpu usage stat '${name}'`);
  return BigInt(match[1]!);
}
