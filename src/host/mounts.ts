// Mounts that are attached nowhere yet: descriptors that a plan's child attaches inside the container (mount API of
// Linux 5.2: fsopen(2), fsmount(2), open_tree(2)). A path inside a container is never followed from here.

import fs from 'node:fs';
import {
  AT_EMPTY_PATH,
  AT_FDCWD,
  AT_RECURSIVE,
  MOUNT_ATTR_IDMAP,
  MOUNT_ATTR_RDONLY,
  MS_PRIVATE,
  OPEN_TREE_CLOEXEC,
  OPEN_TREE_CLONE,
} from '../../lib-native/constants.ts';
import { linux } from '../../lib-native/linux.ts';
import { systemError } from '../errors.ts';
import { type Mount, parseMountTable } from './mount-table.ts';

export interface FilesystemRequest {
  type: string;
  options: Record<string, string>;
  flags?: string[];
  /** MOUNT_ATTR_* */
  attributes: number;
}

/** A new file system, mounted nowhere. The caller closes the descriptor. Throws SYSTEM_ERROR. */
export function newMount({ type, options, flags = [], attributes }: FilesystemRequest): number {
  const result = tryNewMount({ type, options, flags, attributes });
  if (result < 0) throw systemError(`Failed to mount ${type}`, -result);
  return result;
}

/** As newMount, but -errno instead of an exception: for callers that try one type after the other. */
export function tryNewMount({ type, options, flags = [], attributes }: FilesystemRequest): number {
  const context = linux.fsopen(type);
  if (context < 0) return context;
  try {
    for (const [key, value] of Object.entries({ source: type, ...options })) {
      const result = linux.fsconfigString(context, key, value);
      if (result < 0) return result;
    }
    for (const flag of flags) {
      const result = linux.fsconfigFlag(context, flag);
      if (result < 0) return result;
    }
    const created = linux.fsconfigCreate(context);
    return created < 0 ? created : linux.fsmount(context, attributes);
  } finally {
    linux.close(context);
  }
}

/** A copy of the mounts at `path`, with what is mounted below it, attached nowhere. -errno where that fails. */
export const cloneTree = (path: string): number => clone(path, AT_RECURSIVE);

/** The same of the one mount at `path`: what is mounted below it stays behind. */
export const cloneMount = (path: string): number => clone(path, 0);

/** A copy of a shared mount, which is what systemd makes of all, would be its peer: private, nothing gets from one to the other. */
function clone(path: string, recursive: number): number {
  const tree = linux.openTree(AT_FDCWD, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | recursive);
  if (tree < 0) return tree;
  const result = linux.mountSetattr(tree, '', AT_EMPTY_PATH | AT_RECURSIVE, { propagation: MS_PRIVATE });
  if (result >= 0) return tree;
  linux.close(tree);
  return result;
}

/** Makes a detached tree read-only, all of it, and gives it further `attributes` (MOUNT_ATTR_*). Throws SYSTEM_ERROR. */
export function makeReadonly(tree: number, attributes = 0): void {
  const result = setAttributes(tree, MOUNT_ATTR_RDONLY | attributes);
  if (result < 0) throw systemError('Failed to make mount readonly', -result);
}

/** MOUNT_ATTR_*, of a detached tree, all of it. Throws SYSTEM_ERROR. */
export function restrictMount(tree: number, attributes: number): void {
  const result = setAttributes(tree, attributes);
  if (result < 0) throw systemError('Failed to restrict mount', -result);
}

const setAttributes = (tree: number, set: number): number => linux.mountSetattr(tree, '', AT_EMPTY_PATH | AT_RECURSIVE, { set });

/**
 * Shows the files of a detached tree, all of it, with the ids of a user namespace (MOUNT_ATTR_IDMAP of mount_setattr(2)): what is
 * root's there is its root's here. 0, or -errno: EINVAL where a file system cannot, EPERM where its ids are mapped already.
 */
export const mapOwners = (tree: number, userns: number): number =>
  linux.mountSetattr(tree, '', AT_EMPTY_PATH | AT_RECURSIVE, { set: MOUNT_ATTR_IDMAP, userns });

/** The kernel's number of the mount that a descriptor is on: the same wherever it is attached, until it is taken off. */
export const mountIdOf = (fd: number): number => Number(/^mnt_id:\s*(\d+)/m.exec(fs.readFileSync(`/proc/self/fdinfo/${fd}`, 'latin1'))![1]);

/** Out of a table of proc_pid_mountinfo(5): what a copy of the mounts at `directory`, whose links are resolved, has in it; the first is what `directory` itself is on. */
export function mountsWithin(mountinfo: string, directory: string): Mount[] {
  const found: Mount[] = [];
  const within = directory === '/' ? '/' : `${directory}/`;
  let own: Mount | undefined;
  for (const mount of parseMountTable(mountinfo)) {
    const { mountpoint } = mount;
    if (mountpoint.startsWith(within) && mountpoint !== directory) found.push(mount);
    else if (within.startsWith(mountpoint === '/' ? '/' : `${mountpoint}/`) && mountpoint.length >= (own?.mountpoint.length ?? 0))
      own = mount; // the later one covers
  }
  return own ? [own, ...found] : found;
}
