// Under which names a container sees its cgroups, below the directory where the host mounts its hierarchies. Version 1 only: the
// unified hierarchy is mounted as it is.
import path from 'node:path';
import { type CgroupLayout, isShown, systemdMount, UNIFIED_NAME } from '../host/cgroup/layout.ts';
import { expectSystemdHierarchy } from '../host/cgroup/systemd-hierarchy.ts';

export interface CgroupNames {
  directories: string[];
  /** `cpu` -> `cpu,cpuacct`. */
  links: [name: string, target: string][];
}

/** The names, for an init that manages cgroups of its own and for one that does not. */
export function cgroupMountNames(layout: CgroupLayout): ((managesCgroups: boolean) => CgroupNames) | undefined {
  if (layout.version === 2) return undefined;
  return (managesCgroups) => {
    if (managesCgroups) expectSystemdHierarchy(layout);
    return namesOf(layout, managesCgroups);
  };
}

function namesOf(layout: CgroupLayout & { version: 1 }, managesCgroups: boolean): CgroupNames {
  const directories = new Set<string>();
  const links: [string, string][] = [];
  for (const [controller, mount] of layout.mounts) {
    if (!isShown(layout, mount, managesCgroups)) continue;
    const name = path.basename(mount);
    directories.add(name);
    if (name !== controller && controller !== 'systemd') links.push([controller, name]);
  }
  if (managesCgroups && layout.unified !== undefined && systemdMount(layout) !== undefined) directories.add(UNIFIED_NAME);
  return { directories: [...directories], links };
}
