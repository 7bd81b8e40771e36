// The end of a rename, whoever comes to it: the command itself, or the next one after it died.
import fs from 'node:fs';
import { isDefined, removeDefinition, setAutostartLink } from './definitions.ts';
import { moveEnd } from './live-status.ts';
import { tryLockDomain, tryLockStore } from './lock.ts';
import { logFile } from './paths.ts';
import { forgetRename, notedRename, type Rename } from './rename-journal.ts';

/** What is left to do of a rename when only the new definition is there. */
export function endRename({ from, to }: Rename): void {
  moveEnd(from, to);
  if (fs.existsSync(logFile(from))) fs.renameSync(logFile(from), logFile(to));
  forgetRename();
}

/** Puts right what a rename that died has left, if nobody else does. */
export function repairRename(): void {
  const noted = notedRename();
  if (noted === undefined) return; // over meanwhile
  const [first, second] = [noted.from, noted.to].sort();
  using lockA = tryLockDomain(first!);
  using lockB = lockA && tryLockDomain(second!);
  using store = lockB && tryLockStore();
  const rename = store && notedRename();
  if (rename?.from !== noted.from || rename.to !== noted.to) return; // it is not dead
  if (isDefined(rename.from)) {
    removeDefinition(rename.to);
    forgetRename();
  } else {
    setAutostartLink(rename.from, false);
    endRename(rename);
  }
}
