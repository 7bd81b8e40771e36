// Whether a group is frozen: asked by everything that shows a domain's state, so without the rest of what groups can do.
import fs from 'node:fs';
import { type CgroupLayout, hostCgroups } from './layout.ts';

/**
 * True if the group at `path` was told to freeze; its own setting, not that of groups above it. undefined where that cannot
 * be told: no such group, or no freezer.
 */
export function isAskedToFreeze(path: string, layout: CgroupLayout = hostCgroups()): boolean | undefined {
  const file =
    layout.version === 2 ? `${layout.root}/${path}/cgroup.freeze` : `${layout.mounts.get('freezer')}/${path}/freezer.self_freezing`;
  try {
    return fs.readFileSync(file, 'latin1').startsWith('1');
  } catch {
    return undefined;
  }
}
