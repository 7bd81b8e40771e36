// Tells whether a descriptor is a terminal. node:tty takes milliseconds to load, so ask it only about character devices.

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
