// A process's groups, in either version of them.
import fs from 'node:fs';
import path from 'node:path';

const isUnified = (): boolean => !/^\S+ \S+ cgroup \S*\bmemory\b/m.test(fs.readFileSync('/proc/mounts', 'utf8'));

export interface ProcessGroup {
  /** The container's folder of a hierarchy; v2 has one for all of them. */
  folder(controller: string): string;
  /** A file of it, without the newline at its end. */
  read(controller: string, v1: string, v2: string): string;
}

/** The group of a container's process; below it, on v2, are the processes. */
export function cgroupOf(pid: number): ProcessGroup {
  const membership = fs.readFileSync(`/proc/${pid}/cgroup`, 'utf8').trim().split('\n');
  const mounts = fs
    .readFileSync('/proc/mounts', 'utf8')
    .split('\n')
    .map((line) => line.split(' '));
  const folder = (controller: string): string => {
    if (isUnified()) {
      const own = membership.find((line) => line.startsWith('0::'))!.slice(3);
      const mount = mounts.find(([, , type]) => type === 'cgroup2')![1]!;
      return path.join(mount, own.replace(/(\.libvirt-lxc)\/.*$/, '$1'));
    }
    const own = membership.map((line) => line.split(':')).find(([, names]) => names!.split(',').includes(controller))![2]!;
    const mount = mounts.find(([, , type, options]) => type === 'cgroup' && options!.split(',').includes(controller))![1]!;
    return path.join(mount, own);
  };
  return { folder, read: (controller, v1, v2) => fs.readFileSync(path.join(folder(controller), isUnified() ? v2 : v1), 'utf8').trim() };
}
