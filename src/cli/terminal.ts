// What is a terminal. node:tty costs milliseconds to load, so ask only of what can be one.

import { fstatSync } from 'node:fs';

/** isatty(3); false for a closed descriptor. */
export async function isTerminal(fd: number): Promise<boolean> {
  try {
    if (!fstatSync(fd).isCharacterDevice()) return false;
  } catch {
    return false;
  }
  const { isatty } = await import('node:tty');
  return isatty(fd);
}
