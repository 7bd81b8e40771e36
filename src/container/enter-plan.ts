// The plan of lxc-enter-namespace: one more process in a container, held as its init is. Pure.
import {
  AT_FDCWD,
  CLONE_NEWCGROUP,
  CLONE_NEWIPC,
  CLONE_NEWNET,
  CLONE_NEWNS,
  CLONE_NEWPID,
  CLONE_NEWUSER,
  CLONE_NEWUTS,
  O_CLOEXEC,
  PER_LINUX32,
} from '../../lib-native/constants.ts';
import type { Plan, Step } from '../../lib-native/plan-encoding.ts';
import type { DomainDefinition } from '../domain/definition.ts';
import { hasUserNamespace } from './namespaces.ts';
import { becomeRoot, dropCapabilities, finish, type HostFacts, openFilesLimit } from './plan.ts';
import { step, writeFile } from './steps.ts';

export interface EnterInputs {
  host: HostFacts;
  /** A pidfd of the container's init, as the child will see it. */
  initPidfd: number;
  cgroup: { version: 1; folders: string[] } | { version: 2; payload: string };
  argv: string[];
  env: string[];
}

/**
 * Joins the container's groups, namespaces and ids, drops what init has not, and executes argv[0], which is not looked for
 * in PATH. Differs from libvirt, which leaves the command all capabilities and, under an idmap, no identity.
 */
export function compileEnterPlan(definition: DomainDefinition, { host, initPidfd, cgroup, argv, env }: EnterInputs): Plan {
  const parent: Step[] = [];
  const plan: Plan = { cloneFlags: 0, parent, child: [] };
  if (cgroup.version === 2) {
    const group = step('openat', [AT_FDCWD, cgroup.payload, O_CLOEXEC], `cannot open group '${cgroup.payload}'`);
    parent.push(group);
    plan.cgroup = group;
  }
  // A process cannot change its own PID namespace, only that of its children.
  parent.push(step('setns', [initPidfd, CLONE_NEWPID], 'Failed to enter the PID namespace'));
  const flags =
    CLONE_NEWNS |
    CLONE_NEWUTS |
    CLONE_NEWIPC |
    CLONE_NEWNET |
    (cgroup.version === 2 ? CLONE_NEWCGROUP : 0) |
    (hasUserNamespace(definition) ? CLONE_NEWUSER : 0);
  plan.child = [
    ...(cgroup.version === 1
      ? cgroup.folders.flatMap((folder) => writeFile(`${folder}/tasks`, '0', `cannot enter group '${folder}'`))
      : []),
    step('setns', [initPidfd, flags], 'Failed to enter the namespaces'),
    ...(hasUserNamespace(definition) ? becomeRoot() : []),
    openFilesLimit(host),
    ...(host.is32Bit ? [step('personality', [PER_LINUX32], 'Failed to set personality')] : []),
    ...dropCapabilities(definition, host),
    ...finish(3),
    step('execve', [argv[0]!, argv, env], `cannot execute '${argv[0]}'`),
  ];
  return plan;
}
