// The steps by which a container is contained, init and whatever is executed in it later. Pure.
import {
  EBADF,
  ENOENT,
  PR_SET_NO_NEW_PRIVS,
  SECCOMP_FILTER_FLAG_SPEC_ALLOW,
  SECCOMP_SET_MODE_FILTER,
} from '../../../lib-native/constants.ts';
import type { Step } from '../../../lib-native/plan-encoding.ts';
import type { Containment } from '../../security/containment.ts';
import { compileFilter, type Machine } from '../../security/seccomp/compile.ts';
import { describeFilter, type SyscallFilter } from '../../security/seccomp/rules.ts';
import { type Mount, mountNew, moveMount, openTree, setAttributes, step } from './steps.ts';

/** No step after these may need a call that is refused, nor a right that a program would have to give. */
export function confine({ filter, noNewPrivileges }: Containment, machine: Machine): Step[] {
  return [
    ...(noNewPrivileges ? [step('prctl', [PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0], 'Failed to forbid new privileges')] : []),
    ...(filter ? [setFilter(filter, machine)] : []),
  ];
}

/**
 * Needs CAP_SYS_ADMIN in the user namespace, or no new privileges (seccomp(2)). With the flag, older kernels do not make every
 * process slower that has a filter (PR_SET_SPECULATION_CTRL(2const)).
 */
function setFilter(filter: SyscallFilter, machine: Machine): Step {
  const program = compileFilter(filter, machine);
  const header = Buffer.alloc(16); // struct sock_fprog: the number of instructions, and where they are
  header.writeUInt16LE(program.length / 8, 0);
  return step(
    'seccomp',
    [SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_SPEC_ALLOW, { bytes: header, pointers: [{ at: 8, to: program }] }],
    'Failed to filter system calls',
    { notes: describeFilter(filter) },
  );
}

/** A kernel, or a host, may lack any of these. */
const MISSING = [ENOENT, EBADF];

/** When the container has its /proc, /sys and /dev. What lies over a file is its own /dev/null: the mode of the host's is not its to change. */
export function hidePaths({ maskedFiles, maskedDirectories, readOnlyPaths }: Containment, lockedAttributes: number): Step[] {
  const cover = (mount: Mount, path: string, purpose: string): Step => ({ ...moveMount(mount, path, purpose), tolerate: MISSING });
  return [
    ...maskedFiles.flatMap((path) => {
      const purpose = `Failed to hide '${path}'`;
      const nothing = openTree('/dev/null', false, purpose);
      return [nothing, cover({ step: nothing }, path, purpose)];
    }),
    ...maskedDirectories.flatMap((path) => {
      const purpose = `Failed to hide '${path}'`;
      const empty = mountNew('tmpfs', lockedAttributes, purpose);
      return [...empty.steps, cover(empty.mount, path, purpose)];
    }),
    ...readOnlyPaths.flatMap((path) => {
      const purpose = `Failed to make '${path}' readonly`;
      const tree = { ...openTree(path, false, purpose), tolerate: MISSING };
      return [
        tree,
        { ...setAttributes({ step: tree }, lockedAttributes, purpose), tolerate: MISSING },
        cover({ step: tree }, path, purpose),
      ];
    }),
  ];
}
