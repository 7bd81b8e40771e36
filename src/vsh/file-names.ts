// Names of files, for completion.

import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Candidate } from './complete.ts';

/** The paths that begin with `start`; directories end with a slash. Hidden ones are there when a dot was typed. */
export function pathsBeginning(kind: 'file' | 'directory', start: string): Candidate[] {
  const directory = start.slice(0, start.lastIndexOf('/') + 1);
  const name = start.slice(directory.length);
  return entriesOf(directory || '.')
    .filter((entry) => entry.startsWith(name) && (name !== '' || !entry.startsWith('.')))
    .flatMap((entry) => {
      if (isDirectory(join(directory, entry))) return [{ text: `${directory}${entry}/` }];
      return kind === 'file' ? [{ text: directory + entry }] : [];
    });
}

function entriesOf(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return []; // not there, or not to be read by us
  }
}

function isDirectory(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false; // a link to nothing
  }
}
