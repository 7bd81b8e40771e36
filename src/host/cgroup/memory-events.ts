// What happened to a cgroup for want of memory (cgroup-v2.rst: memory.events; v1 memory.rst: memory.oom_control).
import { LibvirtError } from '../../errors.ts';
import type { DomainCgroup } from './cgroup.ts';

/** How many processes the kernel has killed for memory, from the text of either file; 0 where it does not say. Pure. */
export const oomKillsIn = (text: string): number => Number(/^oom_kill (\d+)$/m.exec(text)?.[1] ?? 0);

/** The same of a cgroup; 0 where it cannot be read any more. */
export function oomKills(cgroup: DomainCgroup): number {
  try {
    return oomKillsIn(cgroup.read('memory', cgroup.layout.version === 2 ? 'memory.events' : 'memory.oom_control'));
  } catch (error) {
    if (error instanceof LibvirtError) return 0;
    throw error;
  }
}
