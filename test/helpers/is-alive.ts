import fs from 'node:fs';

/** Does the process run? One that only has to be waited for does not. */
export function isAlive(pid: number | string): boolean {
  try {
    return !/^State:\s+[ZX]/m.test(fs.readFileSync(`/proc/${pid}/status`, 'latin1'));
  } catch {
    return false; // it may go at any moment
  }
}

/** Is there such a process, be it one that only has to be waited for? */
export const isThere = (pid: number | string): boolean => fs.existsSync(`/proc/${pid}`);
