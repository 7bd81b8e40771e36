// The steps by which a container is contained, init and whatever is executed in it later. Pure.
import {
  AT_FDCWD,
  EBADF,
  ENOENT,
  OPEN_TREE_CLOEXEC,
  OPEN_TREE_CLONE,
  PR_SET_NO_NEW_PRIVS,
  SECCOMP_FILTER_FLAG_SPEC_ALLOW,
  SECCOMP_SET_MODE_FILTER,
} from '../../../lib-native/constants.ts';
import type { Step } from '../../../lib-native/plan-encoding.ts';
import type { Containment } from '../../security/containment.ts';
import { compileFilter, type Machine } from '../../security/seccomp/compile.ts';
import { describeFilter, type SyscallFilter } from '../../security/seccomp/rules.ts';
import { mountNew, moveMount, openTree, setAttributes, step } from './steps.ts';

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

/** Made in sight of the host's /dev, attached when the container has its /proc and /sys. */
export function hidePaths(
  { maskedFiles, maskedDirectories, readOnlyPaths }: Containment,
  lockedAttributes: number,
): { steps: Step[]; attach: Step[] } {
  const steps: Step[] = [];
  const attach: Step[] = [];
  for (const path of maskedFiles) {
    const nothing = openTree('/dev/null', false, `Failed to hide '${path}'`);
    steps.push(nothing);
    attach.push({ ...moveMount({ step: nothing }, path, `Failed to hide '${path}'`), tolerate: MISSING });
  }
  for (const path of maskedDirectories) {
    const empty = mountNew('tmpfs', lockedAttributes, `Failed to hide '${path}'`);
    steps.push(...empty.steps);
    attach.push({ ...moveMount(empty.mount, path, `Failed to hide '${path}'`), tolerate: MISSING });
  }
  for (const path of readOnlyPaths) {
    const purpose = `Failed to make '${path}' readonly`;
    const tree = step('open_tree', [AT_FDCWD, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC], purpose, { tolerate: MISSING });
    attach.push(
      tree,
      { ...setAttributes({ step: tree }, lockedAttributes, purpose), tolerate: MISSING },
      { ...moveMount({ step: tree }, path, purpose), tolerate: MISSING },
    );
  }
  return { steps, attach };
}
