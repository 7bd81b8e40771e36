// The cgroup of the controllers, on a host with systemd. systemd kills what is left in a service's cgroup when the service
// ends, and a container dies with its controller: one that a timer's script had started would not outlive the script.
import fs from 'node:fs';
import { DEFAULT_PARTITION } from './cgroup.ts';
import { type CgroupLayout, hostCgroups } from './layout.ts';

const SYSTEMD_RUNS = '/run/systemd/system'; // sd_booted(3)
/** One cgroup for all of them, which is never removed. */
const CONTROLLERS = `${DEFAULT_PARTITION}/virsh-lxc`;

/** Takes a controller out of the unit that it was started in. Elsewhere than under systemd it stays where it is. */
export function leaveUnit(controllerPid: number): void {
  if (!fs.existsSync(SYSTEMD_RUNS)) return;
  for (const root of unitRoots(hostCgroups(), controllerPid)) {
    try {
      fs.mkdirSync(`${root}${CONTROLLERS}`, { recursive: true });
      fs.writeFileSync(`${root}${CONTROLLERS}/cgroup.procs`, String(controllerPid));
    } catch {
      // a part of the tree that is not ours to change: what happens to the unit happens to the container
    }
  }
}

/** Roots of the hierarchies in which a unit can have a cgroup: v1's, where the process is in one (systemd.resource-control(5)). */
function unitRoots(layout: CgroupLayout, pid: number): string[] {
  if (layout.version === 2) return [layout.root];
  const roots = layout.unified === undefined ? [] : [layout.unified];
  for (const line of fs.readFileSync(`/proc/${pid}/cgroup`, 'latin1').split('\n')) {
    const [, names = '', cgroup] = line.split(':');
    if (cgroup === undefined || cgroup === '/' || names.includes('cpuset')) continue; // nothing can enter a cpuset that is empty
    const root = [...layout.mounts].find(([controller]) => names.replace('name=', '').split(',').includes(controller))?.[1];
    if (root !== undefined) roots.push(root);
  }
  return roots;
}
