// Under which names a container sees its cgroups, below the directory where the host mounts its hierarchies. Version 1 only: the
// unified hierarchy is mounted as it is.
import path from 'node:path';
import { type CgroupLayout, isShown, systemdMount, UNIFIED_NAME } from '../host/cgroup/layout.ts';

export interface CgroupNames {
  folders: string[];
  /** `cpu` -> `cpu,cpuacct`. */
  links: [name: string, target: string][];
}

/** The names, for an init that manages cgroups of its own and for one that does not. */
export function cgroupMountNames(layout: CgroupLayout): ((managesGroups: boolean) => CgroupNames) | undefined {
  return layout.version === 2 ? undefined : (managesGroups) => namesOf(layout, managesGroups);
}

function namesOf(layout: CgroupLayout & { version: 1 }, managesGroups: boolean): CgroupNames {
  const folders = new Set<string>();
  const links: [string, string][] = [];
  for (const [controller, mount] of layout.mounts) {
    if (!isShown(layout, mount, managesGroups)) continue;
    const name = path.basename(mount);
    folders.add(name);
    if (name !== controller && controller !== 'systemd') links.push([controller, name]);
  }
  if (managesGroups && layout.unified !== undefined && systemdMount(layout) !== undefined) folders.add(UNIFIED_NAME);
  return { folders: [...folders], links };
}
