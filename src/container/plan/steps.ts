// Steps of a plan, one maker per system call, named as in its manual page. Pure.
import {
  AT_EMPTY_PATH,
  AT_FDCWD,
  AT_RECURSIVE,
  EEXIST,
  FSCONFIG_CMD_CREATE,
  FSCONFIG_SET_STRING,
  FSMOUNT_CLOEXEC,
  FSOPEN_CLOEXEC,
  MOVE_MOUNT_F_EMPTY_PATH,
  MOVE_MOUNT_T_EMPTY_PATH,
  MOVE_MOUNT_T_SYMLINKS,
  O_CLOEXEC,
  O_WRONLY,
  OPEN_TREE_CLOEXEC,
  OPEN_TREE_CLONE,
  SYS,
  type SyscallName,
} from '../../../lib-native/constants.ts';
import { type Argument, GO, type Step } from '../../../lib-native/plan-encoding.ts';

export const step = (call: SyscallName, args: Argument[], purpose: string, extra: Partial<Step> = {}): Step => ({
  call: SYS[call],
  args,
  purpose,
  ...extra,
});

/** Waits until the parent says go on; an end of file means that it has gone. */
export const waitForGo = (purpose: string): Step => step('read', [GO, Buffer.alloc(8), 1], purpose, { nonZero: true });

/** A mount descriptor: a number inherited, or the result of an earlier step. */
export type Mount = number | { step: Step };

/** A new file system of a type that must be made inside (its contents depend on the namespaces of who mounts it). */
export function mountNew(
  type: string,
  attributes: number,
  purpose: string,
  options: readonly (readonly [name: string, value: string])[] = [],
): { steps: Step[]; mount: Mount } {
  const open = step('fsopen', [type, FSOPEN_CLOEXEC], purpose);
  const source = step('fsconfig', [{ step: open }, FSCONFIG_SET_STRING, 'source', type, 0], purpose);
  const further = options.map(([name, value]) => step('fsconfig', [{ step: open }, FSCONFIG_SET_STRING, name, value, 0], purpose));
  const create = step('fsconfig', [{ step: open }, FSCONFIG_CMD_CREATE, null, null, 0], purpose);
  const mount = step('fsmount', [{ step: open }, FSMOUNT_CLOEXEC, attributes], purpose);
  return { steps: [open, source, ...further, create, mount], mount: { step: mount } };
}

export const openTree = (path: string, recursive: boolean, purpose: string): Step =>
  step('open_tree', [AT_FDCWD, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | (recursive ? AT_RECURSIVE : 0)], purpose);

/** Sets MOUNT_ATTR_* on a detached mount and all below it. */
export function setAttributes(mount: Mount, attributes: number, purpose: string): Step {
  const structure = Buffer.alloc(32); // struct mount_attr: attr_set first
  structure.writeBigUInt64LE(BigInt(attributes), 0);
  return step('mount_setattr', [mount, '', AT_EMPTY_PATH | AT_RECURSIVE, structure, structure.length], purpose);
}

export const moveMount = (mount: Mount, target: string, purpose: string): Step =>
  step('move_mount', [mount, '', AT_FDCWD, target, MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_SYMLINKS], purpose);

/** Attaches a mount to the place that makeTarget() found. */
export const moveMountTo = (mount: Mount, target: Step, purpose: string): Step =>
  step('move_mount', [mount, '', { step: target }, '', MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH], purpose);

/**
 * The place of a mount, and the directories above it, made where they are missing: through links that lead nowhere yet as well,
 * but not out of the container's root. A mount of a file needs a file.
 */
export const makeTarget = (path: string, { isFile }: { isFile: boolean }, purpose: string): Step =>
  step('make_target', [path, isFile ? 0 : 1], purpose);

/** Makes a directory and those above it; what is there already is fine. */
export function makeDirectories(path: string, tolerate: number[] = []): Step[] {
  const parts = path.split('/').filter(Boolean);
  return parts.map((_, i) => {
    const directory = `/${parts.slice(0, i + 1).join('/')}`;
    return step('mkdirat', [AT_FDCWD, directory, 0o755], `Failed to create '${directory}'`, { tolerate: [EEXIST, ...tolerate] });
  });
}

/** Writes a text to a file of the kernel's. */
export function writeFile(path: string, text: string, purpose: string): Step[] {
  const open = step('openat', [AT_FDCWD, path, O_WRONLY | O_CLOEXEC], purpose);
  return [open, step('write', [{ step: open }, text, Buffer.byteLength(text)], purpose), step('close', [{ step: open }], purpose)];
}
