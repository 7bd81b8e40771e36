import fs from 'node:fs';

/** Does the process run? One that only has to be waited for does not. */
export function isAlive(pid: number | string): boolean {
  try {
    return !/^State:\s+[ZX]/m.test(fs.readFileSync(`/proc/${pid}/status`, 'latin1'));
  } catch {
    return false; // it may go at any moment
  }
}
