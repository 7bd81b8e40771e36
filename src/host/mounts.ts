// Mounts that are attached nowhere yet: descriptors that a plan's child attaches inside the container (mount API of
// Linux 5.2: fsopen(2), fsmount(2), open_tree(2)). A path inside a container is never followed from here.

import {
  AT_EMPTY_PATH,
  AT_FDCWD,
  AT_RECURSIVE,
  MOUNT_ATTR_RDONLY,
  OPEN_TREE_CLOEXEC,
  OPEN_TREE_CLONE,
} from '../../lib-native/constants.ts';
import { linux } from '../../lib-native/linux.ts';
import { systemError } from '../errors.ts';

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
export function cloneTree(path: string): number {
  return linux.openTree(AT_FDCWD, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE);
}

/** The same of the one mount at `path`: what is mounted below it stays behind. */
export function cloneMount(path: string): number {
  return linux.openTree(AT_FDCWD, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
}

/** Makes a detached tree read-only, all of it. Throws SYSTEM_ERROR. */
export function makeReadonly(tree: number): void {
  const result = linux.mountSetattr(tree, '', AT_EMPTY_PATH | AT_RECURSIVE, BigInt(MOUNT_ATTR_RDONLY));
  if (result < 0) throw systemError('Failed to make mount readonly', -result);
}
