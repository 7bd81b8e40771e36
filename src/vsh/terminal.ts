// Tells whether a descriptor is a terminal, and leaves one as it was. node:tty takes milliseconds to load, so ask it only about
// character devices.

import { fstatSync } from 'node:fs';
import process from 'node:process';

/** The major number of /dev/null and its kin, Linux's devices.txt. */
const MEMORY_DEVICES = 1;

/** isatty(3); false for a closed descriptor. */
export function isTerminal(fd: number): boolean {
  try {
    const file = fstatSync(fd);
    if (!file.isCharacterDevice() || file.rdev >> 8 === MEMORY_DEVICES) return false;
  } catch {
    return false;
  }
  return process.getBuiltinModule('node:tty').isatty(fd);
}

/** Signals that would end the process; the terminal must be itself again before they do. */
const ENDING_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const;

/** Restores the terminal when the process ends or a signal ends it; the result takes that back. */
export function restoreOnEnd(restore: () => void): () => void {
  const end = (signal: NodeJS.Signals) => {
    release();
    restore();
    process.kill(process.pid, signal);
  };
  const release = () => {
    process.off('exit', restore);
    for (const signal of ENDING_SIGNALS) process.off(signal, end);
  };
  process.on('exit', restore);
  for (const signal of ENDING_SIGNALS) process.on(signal, end);
  return release;
}
