// The end of a noted change, whoever comes to it: the command itself, or the next one after it died.
import fs from 'node:fs';
import { forgetChange, type NotedChange, notedChange } from './change-note.ts';
import { moveRecords } from './console-record.ts';
import { forgetAutostart, isDefined, removeDefinition } from './definitions.ts';
import { moveEnd } from './live-status.ts';
import { tryLockDomain, tryLockStore } from './lock.ts';
import { logFile } from './paths.ts';

/** What is left to do of a rename when only the new definition is there. */
export function endRename({ from, to }: NotedChange): void {
  moveEnd(from, to);
  if (fs.existsSync(logFile(from))) fs.renameSync(logFile(from), logFile(to));
  moveRecords(from, to);
  forgetChange();
}

/** Puts right what a change that died has left, if nobody else does. */
export function repairChange(): void {
  const noted = notedChange();
  if (noted === undefined) return; // over meanwhile
  // That of the store, which is called '', comes last in any case.
  const [first, second] = [noted.from, noted.to].filter(Boolean).sort();
  using lockA = tryLockDomain(first!);
  using lockB = lockA && second !== undefined ? tryLockDomain(second) : lockA;
  using store = lockB && tryLockStore();
  const change = store && notedChange();
  if (change?.from !== noted.from || change.to !== noted.to) return; // it is not dead
  if (isDefined(change.from)) {
    if (change.to !== '') removeDefinition(change.to, { isNoted: true });
    forgetChange();
    return;
  }
  forgetAutostart(change.from);
  if (change.to === '') forgetChange();
  else endRename(change);
}
