// v1 hosts that nobody has given the hierarchy name=systemd: no systemd boots there under mapped ids, since nobody but the host's
// root can make a hierarchy (cgroups(7)). A container whose init is an init system has one made for it, and it goes with the last
// such container.
// Differs from libvirt, where a systemd without mapped ids makes it itself: its cgroups then stay for as long as the host runs.
import fs from 'node:fs';
import path from 'node:path';
import {
  EBUSY,
  LOCK_EX,
  MOUNT_ATTR_NODEV,
  MOUNT_ATTR_NOEXEC,
  MOUNT_ATTR_NOSUID,
  O_CLOEXEC,
  O_DIRECTORY,
  O_RDONLY,
} from '../../../lib-native/constants.ts';
import { linux } from '../../../lib-native/linux.ts';
import { monotonicMs } from '../../../lib-native/monotonic.ts';
import { pause } from '../../../lib-native/pause.ts';
import { systemError } from '../../errors.ts';
import { tryNewMount } from '../mounts.ts';
import { DEFAULT_PARTITION } from './cgroup.ts';
import type { CgroupLayout } from './layout.ts';

/** Beside the host's own hierarchies: whose it is can be seen in the mount table. */
const OWN_DIRECTORY = 'virsh-lxc';
/** The kernel forgets a removed cgroup a little later, and a hierarchy only with its last mount and without any cgroup. */
const FORGET_MS = 500;

const base = ({ mounts }: CgroupLayout & { version: 1 }): string => path.dirname(mounts.get('memory')!);
const ownPlace = (layout: CgroupLayout & { version: 1 }): string => `${base(layout)}/${OWN_DIRECTORY}/systemd`;

/** From here on `layout` has the hierarchy. It is made by inSystemdHierarchy(). */
export function expectSystemdHierarchy(layout: CgroupLayout): void {
  if (layout.version === 1 && !layout.mounts.has('systemd')) layout.mounts.set('systemd', ownPlace(layout));
}

/**
 * Calls `makeCgroup`, with the hierarchy there if `layout` has it: another command does not take it away before there is a cgroup
 * in it. Throws SYSTEM_ERROR.
 */
export function inSystemdHierarchy<T>(layout: CgroupLayout, makeCgroup: () => T): T {
  if (layout.version === 2 || layout.mounts.get('systemd') !== ownPlace(layout)) return makeCgroup();
  try {
    return locked(layout, () => {
      if (!isMounted(layout)) mountOwn(layout);
      return makeCgroup();
    });
  } catch (error) {
    dropSystemdHierarchy(layout);
    throw error;
  }
}

/** Takes the hierarchy away, if it is ours and no container has a cgroup in it. Never throws. */
export function dropSystemdHierarchy(layout: CgroupLayout): void {
  if (layout.version === 2 || (layout.mounts.get('systemd') ?? ownPlace(layout)) !== ownPlace(layout)) return;
  if (!fs.existsSync(path.dirname(ownPlace(layout)))) return;
  try {
    locked(layout, () => {
      if (isMounted(layout) && !unmountUnused(layout)) return;
      const place = ownPlace(layout);
      removeDirectory(place);
      removeDirectory(path.dirname(place));
    });
  } catch {
    // the next command that ends a domain tries again
  }
}

/** False while somebody has a cgroup in it. */
function unmountUnused(layout: CgroupLayout & { version: 1 }): boolean {
  const place = ownPlace(layout);
  removeDirectory(`${place}${DEFAULT_PARTITION}`);
  if (fs.readdirSync(place, { withFileTypes: true }).some((entry) => entry.isDirectory())) return false;
  if (linux.umount2(place, 0) < 0) return false;
  // Unmounted while the kernel still knows of a cgroup that was in it, it stays, mounted nowhere, until it is unmounted again.
  const until = monotonicMs() + FORGET_MS;
  for (let waits = 1; hierarchyIsThere() && monotonicMs() < until; waits++) {
    pause(10);
    if (waits % 6 !== 0) continue;
    const again = newHierarchy();
    if (again >= 0) linux.close(again);
  }
  return true;
}

function mountOwn(layout: CgroupLayout & { version: 1 }): void {
  const place = ownPlace(layout);
  try {
    fs.mkdirSync(place, { recursive: true, mode: 0o755 });
  } catch (error) {
    throw systemError(`Failed to create '${place}'`, error);
  }
  const until = monotonicMs() + FORGET_MS;
  let mount = newHierarchy();
  // One that is just going away (the kernel would wait for that, but for its restarted fsconfig(2)).
  for (; mount === -EBUSY && monotonicMs() < until; mount = newHierarchy()) pause(10);
  if (mount < 0) throw systemError("Failed to make the cgroup hierarchy 'name=systemd'", -mount);
  try {
    const result = linux.moveMount(mount, place);
    if (result < 0) throw systemError(`Failed to mount cgroup on '${place}'`, -result);
  } finally {
    linux.close(mount);
  }
}

/** A mount of it, attached nowhere, or -errno. */
const newHierarchy = (): number =>
  tryNewMount({
    type: 'cgroup',
    options: { source: OWN_DIRECTORY, name: 'systemd' },
    flags: ['none'],
    attributes: MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC,
  });

const hierarchyIsThere = (): boolean => fs.readFileSync('/proc/self/cgroup', 'latin1').includes(':name=systemd:');

const isMounted = (layout: CgroupLayout & { version: 1 }): boolean =>
  fs.readFileSync('/proc/self/mounts', 'utf8').includes(` ${ownPlace(layout)} cgroup `);

function removeDirectory(directory: string): void {
  if (fs.existsSync(directory)) fs.rmdirSync(directory);
}

/** One command at a time, whatever its store is: the hierarchy is the host's. */
function locked<T>(layout: CgroupLayout & { version: 1 }, action: () => T): T {
  const fd = linux.open(base(layout), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) throw systemError(`Unable to open '${base(layout)}'`, -fd);
  try {
    linux.flock(fd, LOCK_EX);
    return action();
  } finally {
    linux.close(fd);
  }
}
