// The mounts of a container that hold files, out of /proc/PID/mountinfo (proc(5)). Pure.

export interface Mount {
  mountpoint: string;
  type: string;
  /** The device, or what else is mounted. */
  source: string;
  /** `major:minor`. */
  number: string;
}

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
  for (const line of table.split('\n')) {
    const fields = line.split(' ');
    const dash = fields.indexOf('-', 6);
    const [, , number, , mountpoint] = fields;
    const [type, source] = [fields[dash + 1], fields[dash + 2]];
    if (dash < 0 || mountpoint === undefined || type === undefined || source === undefined) continue;
    const place = unescaped(mountpoint);
    mounts.delete(place);
    mounts.set(place, { mountpoint: place, type, source: unescaped(source), number: number! });
  }
  return [...mounts.values()].filter(({ mountpoint, type }) => !PSEUDO.has(type) && !HIDES.test(mountpoint));
}

/** Blanks and the like are written as three octal digits. */
const unescaped = (text: string): string =>
  text.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
