// The group of the controllers, on a host with systemd. systemd kills what is left in a service's group when the service
// ends, and a container dies with its controller: one that a timer's script had started would not outlive the script.
import fs from 'node:fs';
import { DEFAULT_PARTITION } from './group.ts';
import { hostCgroups } from './layout.ts';

const SYSTEMD_RUNS = '/run/systemd/system'; // sd_booted(3)
/** Where systemd keeps track of processes on a v1 host: its own hierarchy, and on a hybrid one the unified. */
const V1_ROOTS = ['/sys/fs/cgroup/systemd', '/sys/fs/cgroup/unified'];
/** One group for all of them, which is never removed. */
const CONTROLLERS = `${DEFAULT_PARTITION}/virsh-lxc`;

/** Takes a controller out of the unit that it was started in. Elsewhere than under systemd it stays where it is. */
export function leaveUnit(controllerPid: number): void {
  if (!fs.existsSync(SYSTEMD_RUNS)) return;
  const layout = hostCgroups();
  for (const root of layout.version === 2 ? [layout.root] : V1_ROOTS) {
    if (!fs.existsSync(`${root}/cgroup.procs`)) continue;
    try {
      fs.mkdirSync(`${root}${CONTROLLERS}`, { recursive: true });
      fs.writeFileSync(`${root}${CONTROLLERS}/cgroup.procs`, String(controllerPid));
    } catch {
      // a part of the tree that is not ours to change: what happens to the unit happens to the container
    }
  }
}
