// Plans that make or remove a device node in a running container. Pure.
//
// The child enters the mount namespace and nothing else: in the container's user namespace it could not make a node. So
// it has the host's rights and stands before what the container made of its /dev: no symbolic link is followed, and every
// step goes by the descriptor of the folder before it.
import {
  AT_FDCWD,
  AT_SYMLINK_NOFOLLOW,
  CLONE_NEWNS,
  EEXIST,
  ENOENT,
  O_CLOEXEC,
  O_DIRECTORY,
  O_NOFOLLOW,
  O_PATH,
  S_IFBLK,
  S_IFCHR,
} from '../../lib-native/constants.ts';
import type { Argument, Plan, Step } from '../../lib-native/plan-encoding.ts';
import type { DeviceNode } from './devices.ts';
import { step } from './steps.ts';

export interface NewNode extends Pick<DeviceNode, 'path' | 'type' | 'mode'> {
  /** As mknod(2) takes it. */
  number: bigint;
  uid: number;
  gid: number;
}

const FOLDER = O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;

/** Makes the node and the folders above it. A node that is there already is left alone: the plan fails. */
export function compileMakeNode(initPidfd: number, { path, type, mode, number, uid, gid }: NewNode): Plan {
  const full = `/dev/${path}`;
  const purpose = `Unable to create device ${full}`;
  const { steps, folder, name } = openFolder(path, purpose, (parent, child) => [
    step('mkdirat', [parent, child, 0o755], purpose, { tolerate: [EEXIST] }),
  ]);
  return inMountNamespace(initPidfd, full, [
    step('umask', [0], purpose),
    ...steps,
    step('mknodat', [folder, name, (type === 'b' ? S_IFBLK : S_IFCHR) | mode, number], purpose),
    step('fchownat', [folder, name, uid, gid, AT_SYMLINK_NOFOLLOW], `Failed to change owner of '${full}'`),
  ]);
}

/** Removes the node, if it is still there. */
export function compileRemoveNode(initPidfd: number, path: string): Plan {
  const full = `/dev/${path}`;
  const purpose = `Unable to remove device ${full}`;
  const { steps, folder, name } = openFolder(path, purpose, () => []);
  return inMountNamespace(initPidfd, full, [...steps, step('unlinkat', [folder, name, 0], purpose, { tolerate: [ENOENT] })]);
}

/** Opens the folder that `path` (below /dev) is in; `before` comes before each folder is opened. */
function openFolder(
  path: string,
  purpose: string,
  before: (parent: Argument, child: string) => Step[],
): { steps: Step[]; folder: Argument; name: string } {
  const folders = path.split('/');
  const name = folders.pop()!;
  let last = step('openat', [AT_FDCWD, '/dev', FOLDER], purpose);
  const steps = [last];
  for (const child of folders) {
    const parent = { step: last };
    last = step('openat', [parent, child, FOLDER], purpose);
    steps.push(...before(parent, child), last);
  }
  return { steps, folder: { step: last }, name };
}

const inMountNamespace = (initPidfd: number, full: string, steps: Step[]): Plan => ({
  cloneFlags: 0,
  parent: [],
  child: [
    step('setns', [initPidfd, CLONE_NEWNS], `Unable to enter the mount namespace for ${full}`),
    ...steps,
    step('exit_group', [0], 'Unable to exit'),
  ],
});
