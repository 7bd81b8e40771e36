// What a container uses, read from its group.
import { libvirtError } from '../../errors.ts';
import type { DomainCgroup } from './group.ts';

/** Memory in use, page cache included. */
export function memoryUsageKiB(group: DomainCgroup): number {
  const text = group.read('memory', group.layout.version === 2 ? 'memory.current' : 'memory.usage_in_bytes');
  return Number(BigInt(text.trim()) >> 10n);
}

/** All CPU time that the container's processes have had. */
export function cpuTimeNs(group: DomainCgroup): bigint {
  if (group.layout.version === 2) return cpuStat(group, 'usage_usec') * 1000n;
  return BigInt(group.read('cpuacct', 'cpuacct.usage').trim());
}

/** A value of cpu.stat (v2). Throws INTERNAL_ERROR where it has none of that name. */
export function cpuStat(group: DomainCgroup, name: string): bigint {
  const match = new RegExp(`^${name} (\\d+)$`, 'm').exec(group.read('cpu', 'cpu.stat'));
  if (!match) throw libvirtError('INTERNAL_ERROR', `cannot parse cpu usage stat '${name}'`);
  return BigInt(match[1]!);
}
