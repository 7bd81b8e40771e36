// Whether a process that a file speaks of is still that process: its pid and the time it was started.
import fs from 'node:fs';

export interface ProcessIdentity {
  pid: number;
  /** Field 22 of /proc/PID/stat: ticks since boot. */
  startTime: string;
}

interface Stat {
  /** Of the program, or as the process calls itself. */
  name: string;
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
  const nameEnd = text.lastIndexOf(')');
  const fields = text.slice(nameEnd + 2).split(' ', 20);
  const name = text.slice(text.indexOf('(') + 1, nameEnd);
  return { name, state: fields[0] ?? '', parent: Number(fields[1]), startTime: fields[19] ?? '' };
}

/** The same of a process that still is the one that is meant, and runs: a zombie does not. */
export function livingProcess({ pid, startTime }: ProcessIdentity): Stat | undefined {
  const stat = processStat(pid);
  return stat?.startTime === startTime && stat.state !== 'Z' && stat.state !== 'X' ? stat : undefined;
}

export const isAlive = (identity: ProcessIdentity): boolean => livingProcess(identity) !== undefined;
