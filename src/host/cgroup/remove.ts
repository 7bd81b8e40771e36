// Removing a container's cgroup with all that it has made below. Nothing here recurses, tries a directory again for each one above
// it, or needs a path that is longer than the kernel takes.
import fs from 'node:fs';
import { AT_FDCWD, O_CLOEXEC, O_DIRECTORY, O_NOFOLLOW, O_RDONLY } from '../../../lib-native/constants.ts';
import { linux } from '../../../lib-native/linux.ts';
import { monotonicMs } from '../../../lib-native/monotonic.ts';
import { pause } from '../../../lib-native/pause.ts';
import { errnoCode } from '../../errors.ts';
import { DEFAULT_PARTITION, type DomainCgroup } from './cgroup.ts';
import { UNMANAGED } from './layout.ts';
import { hasPidsLimit } from './pids.ts';
import { directoriesIn } from './tree.ts';

/** A container may have made cgroups without end: `destroy` does not take longer for it. */
const REMOVAL_MS = 700;
/** So long the kernel may take to let go of processes that are dead. */
const QUIET_MS = 200;

/**
 * Removes the cgroup and everything below it, in every hierarchy. Processes in it must be dead or dying: waits `quietMs` for the
 * kernel to let go of them. Returns false if something is left.
 */
export function removeCgroup(cgroup: DomainCgroup, quietMs = QUIET_MS): boolean {
  const until = monotonicMs() + REMOVAL_MS;
  let clean = true;
  for (const directory of cgroup.directories()) clean = removeTree(directory, until, quietMs) && clean;
  prunePartition(cgroup);
  return clean;
}

/** Takes back the partition that createV1() made where libvirt makes none, unless another container is in it. */
function prunePartition({ layout, path }: DomainCgroup): void {
  if (layout.version === 2 || `/${path}`.startsWith(`${DEFAULT_PARTITION}/`)) return;
  for (const root of [...UNMANAGED.map((controller) => layout.mounts.get(controller)), layout.unified]) {
    if (root === undefined) continue;
    const parts = path.split('/').slice(0, -1);
    try {
      for (; parts.length > 0 && !hasPidsLimit(`${root}/${parts.join('/')}`); parts.pop()) fs.rmdirSync(`${root}/${parts.join('/')}`);
    } catch {
      // in use, or gone
    }
  }
}

/**
 * Removes a cgroup's directory and everything below it. Processes in it must be dead or dying: waits `quietMs` for the kernel to let
 * go of them. `until` (monotonicMs()) is the end of all patience. Returns false if something is left.
 */
function removeTree(top: string, until: number, quietMs: number): boolean {
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
  let here = openDirectory(AT_FDCWD, top);
  if (here < 0) return false;
  const remove = (name: string): boolean => {
    try {
      fs.rmdirSync(`/proc/self/fd/${here}/${name}`);
      hasRemoved = true;
      return true;
    } catch {
      return false; // there are cgroups below it, or processes in it
    }
  };
  const go = (name: string): boolean => {
    const there = openDirectory(here, name);
    if (there < 0) return false;
    linux.close(here);
    here = there;
    return true;
  };
  const way = [{ name: '', left: directoriesIn(`/proc/self/fd/${here}`) }];
  while (monotonicMs() < until) {
    const name = way.at(-1)!.left.pop();
    if (name !== undefined) {
      if (!remove(name) && go(name)) way.push({ name, left: directoriesIn(`/proc/self/fd/${here}`) });
      continue;
    }
    const done = way.pop()!;
    if (way.length === 0 || !go('..')) break;
    remove(done.name);
  }
  linux.close(here);
  return hasRemoved;
}

const openDirectory = (dirfd: number, name: string): number => linux.openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
