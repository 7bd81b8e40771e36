// The mounts of a container that hold files, out of /proc/PID/mountinfo (proc(5)). Pure.
import { type Mount, parseMountTable } from '../../../host/mount-table.ts';

/** What the kernel shows of itself. */
const PSEUDO = new Set(
  'proc sysfs cgroup cgroup2 devpts mqueue securityfs debugfs tracefs bpf pstore selinuxfs binfmt_misc configfs fusectl autofs hugetlbfs efivarfs nsfs rpc_pipefs'.split(
    ' ',
  ),
);
/** There a mount hides something of the kernel's, or a device. */
const HIDES = /^\/(?:proc|sys|dev)(?:\/|$)/;

/** Of several mounts at one place the last, which is the one to be seen. */
export function mountsWithFiles(table: string): Mount[] {
  const mounts = new Map<string, Mount>();
  for (const mount of parseMountTable(table)) {
    mounts.delete(mount.mountpoint);
    mounts.set(mount.mountpoint, mount);
  }
  return [...mounts.values()].filter(({ mountpoint, type }) => !PSEUDO.has(type) && !HIDES.test(mountpoint));
}
