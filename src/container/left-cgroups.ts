// The last of a container's cgroup: what is still in it ends, and where it cannot be removed even so, it is by a later command.
import { isContainerCgroup } from '../domain/cgroup-path.ts';
import { failureInSync } from '../errors.ts';
import { DomainCgroup } from '../host/cgroup/cgroup.ts';
import { killAll } from '../host/cgroup/kill.ts';
import { hostCgroups } from '../host/cgroup/layout.ts';
import { removeCgroup } from '../host/cgroup/remove.ts';
import { dropSystemdHierarchy } from '../host/cgroup/systemd-hierarchy.ts';
import { forgetCgroup, leftCgroups, rememberCgroup } from '../store/left-cgroups.ts';
import { warn } from '../store/log.ts';

/** Ends what is still in the cgroup of a container that is over, and removes it. Never throws: a cgroup keeps nothing from being over. */
export function dissolve(domain: string, cgroup: DomainCgroup, onWarning?: (text: string) => void): void {
  if (isRemoved(cgroup)) return;
  const failure = failureInSync(() => rememberCgroup(cgroup.path));
  const later = failure ? failure.message : 'the next command that starts or ends a domain tries again';
  warn(domain, `cgroup '${cgroup.path}' cannot be removed, something is still in it: ${later}`, onWarning);
}

function isRemoved(cgroup: DomainCgroup): boolean {
  if (!removeCgroup(cgroup)) {
    killAll(cgroup);
    if (!removeCgroup(cgroup)) return false;
  }
  dropSystemdHierarchy(cgroup.layout);
  return true;
}

/** Removes what is left of earlier containers, if it can be by now. Waits for nothing. */
export function removeLeftCgroups(): void {
  for (const path of leftCgroups()) if (isContainerCgroup(path) && removeCgroup(new DomainCgroup(path), 0)) forgetCgroup(path);
  failureInSync(() => dropSystemdHierarchy(hostCgroups())); // no cgroups: then there is no hierarchy of ours, either
}
