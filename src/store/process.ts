// Whether a process that a file speaks of is still that process: its pid and the time it was started.
import fs from 'node:fs';

export interface ProcessIdentity {
  pid: number;
  /** Field 22 of /proc/PID/stat: ticks since boot. */
  startTime: string;
}

interface Stat {
  state: string;
  parent: number;
  startTime: string;
}

/** Facts of /proc/PID/stat (proc(5)), or undefined where there is no such process. */
export function processStat(pid: number): Stat | undefined {
  let text: string;
  try {
    text = fs.readFileSync(`/proc/${pid}/stat`, 'latin1');
  } catch {
    return undefined; // gone: ENOENT, or ESRCH while it was read
  }
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return { state: fields[0] ?? '', parent: Number(fields[1]), startTime: fields[19] ?? '' };
}

/** True if it runs: a zombie does not. */
export function isAlive(identity: ProcessIdentity): boolean {
  const stat = processStat(identity.pid);
  return stat !== undefined && stat.startTime === identity.startTime && stat.state !== 'Z' && stat.state !== 'X';
}
