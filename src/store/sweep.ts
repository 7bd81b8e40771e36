// What killed commands leave in a directory of the store, and nobody would ask for again.
import fs from 'node:fs';
import { processStat } from '../host/process.ts';

const TEMPORARY = /^\.(\d+)\.\d+\.new$/;

const swept = new Set<string>();

/**
 * Removes temporary files whose writer is dead, the first time that this process is about to write in `directory`. Gives what was
 * there then; nothing at any other time.
 */
export function sweepDirectory(directory: string): string[] {
  if (swept.has(directory)) return [];
  swept.add(directory);
  let entries: string[];
  try {
    entries = fs.readdirSync(directory);
  } catch {
    return []; // not there yet: whoever makes it says what is wrong
  }
  for (const entry of entries) {
    if (entry.charCodeAt(0) !== DOT) continue;
    const writer = TEMPORARY.exec(entry)?.[1];
    if (writer === undefined || /^[^ZX]/.test(processStat(Number(writer))?.state ?? '')) continue;
    try {
      fs.unlinkSync(`${directory}/${entry}`);
    } catch {
      // somebody else's sweep was faster, or the directory is not ours to write to
    }
  }
  return entries;
}

/** Nothing is left in this directory: spares its listing. */
export function skipSweep(directory: string): void {
  swept.add(directory);
}

const DOT = 0x2e;
