// The last of a container's group: what is still in it ends, and where it cannot be removed even so, it is by a later command.
import { isContainerGroup } from '../domain/group-path.ts';
import { asLibvirtError, isFailure } from '../errors.ts';
import { killAll } from '../host/cgroup/freezer.ts';
import { DomainCgroup, removeCgroup } from '../host/cgroup/group.ts';
import { forgetCgroup, leftCgroups, rememberCgroup } from '../store/left-cgroups.ts';
import { warn } from '../store/log.ts';

/** Ends what is still in the group of a container that is over, and removes it. Never throws: a group keeps nothing from being over. */
export function dissolve(domain: string, group: DomainCgroup, onWarning?: (text: string) => void): void {
  if (removeCgroup(group)) return;
  killAll(group);
  if (removeCgroup(group)) return;
  let later = 'the next command that starts or ends a domain tries again';
  try {
    rememberCgroup(group.path);
  } catch (error) {
    if (!isFailure(error)) throw error;
    later = asLibvirtError(error).message;
  }
  warn(domain, `cgroup '${group.path}' cannot be removed, something is still in it: ${later}`, onWarning);
}

/** Removes what is left of earlier containers, if it can be by now. Waits for nothing. */
export function removeLeftCgroups(): void {
  for (const path of leftCgroups()) if (isContainerGroup(path) && removeCgroup(new DomainCgroup(path), 0)) forgetCgroup(path);
}
