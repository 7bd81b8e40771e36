// How many processes a cgroup may hold (cgroup-v1/pids.rst; v2 has the same file).
import fs from 'node:fs';

/** Is a number set in `directory`? Not in a hierarchy without the controller. */
export function hasPidsLimit(directory: string): boolean {
  try {
    return fs.readFileSync(`${directory}/pids.max`, 'latin1') !== 'max\n';
  } catch {
    return false; // another hierarchy
  }
}
