// The folders below a group: a container may have made as many, and as deep ones, as it liked. Nothing here recurses, tries a
// folder again for each one above it, or needs a path that is longer than the kernel takes.
import fs from 'node:fs';
import { AT_FDCWD, O_CLOEXEC, O_DIRECTORY, O_NOFOLLOW, O_RDONLY } from '../../../lib-native/constants.ts';
import { linux } from '../../../lib-native/linux.ts';
import { monotonicMs } from '../../../lib-native/monotonic.ts';
import { pause } from '../../../lib-native/pause.ts';
import { errnoCode } from '../../errors.ts';

/** What a look through groups takes must not be the container's to choose. */
const LOOK_LIMIT = { folders: 1000, path: 1024 };

/**
 * A group's folder and those below it, those above first; not all of them, where there are more than any program needs. (What is
 * to be killed is found otherwise, too: pid-namespace.ts.)
 */
export function groupFolders(top: string): string[] {
  const folders = [top];
  for (const folder of folders)
    for (const name of foldersIn(folder))
      if (folders.length < LOOK_LIMIT.folders && folder.length + name.length < LOOK_LIMIT.path) folders.push(`${folder}/${name}`);
  return folders;
}

/**
 * Removes a group's folder and everything below it. Processes in it must be dead or dying: waits `quietMs` for the kernel to let
 * go of them. `until` (monotonicMs()) is the end of all patience. Returns false if something is left.
 */
export function removeGroupFolders(top: string, until: number, quietMs: number): boolean {
  for (let quietSince = monotonicMs(); ; ) {
    try {
      fs.rmdirSync(top);
      return true;
    } catch (error) {
      if (errnoCode(error) === 'ENOENT') return true;
      if (errnoCode(error) !== 'EBUSY') return false;
    }
    const hasRemoved = removeBelow(top, until);
    const now = monotonicMs();
    if (hasRemoved) quietSince = now;
    else if (now - quietSince >= quietMs || now > until) return false;
    else pause(2);
  }
}

/** One walk through what is below, by descriptors. True if it removed anything. */
function removeBelow(top: string, until: number): boolean {
  let hasRemoved = false;
  let here = openFolder(AT_FDCWD, top);
  if (here < 0) return false;
  const remove = (name: string): boolean => {
    try {
      fs.rmdirSync(`/proc/self/fd/${here}/${name}`);
      hasRemoved = true;
      return true;
    } catch {
      return false; // there are groups below it, or processes in it
    }
  };
  const go = (name: string): boolean => {
    const there = openFolder(here, name);
    if (there < 0) return false;
    linux.close(here);
    here = there;
    return true;
  };
  const way = [{ name: '', left: foldersIn(`/proc/self/fd/${here}`) }];
  while (monotonicMs() < until) {
    const name = way.at(-1)!.left.pop();
    if (name !== undefined) {
      if (!remove(name) && go(name)) way.push({ name, left: foldersIn(`/proc/self/fd/${here}`) });
      continue;
    }
    const done = way.pop()!;
    if (way.length === 0 || !go('..')) break;
    remove(done.name);
  }
  linux.close(here);
  return hasRemoved;
}

const openFolder = (dirfd: number, name: string): number => linux.openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

function foldersIn(folder: string): string[] {
  try {
    return fs
      .readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name);
  } catch {
    return []; // gone meanwhile
  }
}
