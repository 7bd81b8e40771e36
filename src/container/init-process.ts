// Whether a process is the init that a status speaks of.
import fs from 'node:fs';
import { isAlive, type ProcessIdentity, processStat } from '../host/process.ts';

/** True if `pid` is the init of a PID namespace below ours, and a child of its controller as long as that lives. */
export function isContainerInit(pid: number, controller: ProcessIdentity): boolean {
  const stat = processStat(pid);
  if (!stat) return false;
  if (stat.parent === controller.pid) return true;
  return !isAlive(controller) && namespacePids(pid).at(-1) === '1' && namespacePids(pid).length > 1;
}

function namespacePids(pid: number): string[] {
  try {
    return (/^NSpid:\s*(.*)$/m.exec(fs.readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1] ?? '').split(/\s+/);
  } catch {
    return []; // gone
  }
}
