// Everything that a container can leave on a machine, by what marks it as a test's own.
import fs from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { directoriesIn } from '../../src/host/cgroup/tree.ts';
import { isAlive } from './is-alive.ts';

export interface Leftovers {
  /** `pid command`, zombies not counted. */
  processes: string[];
  cgroups: string[];
  mounts: string[];
  /** Block devices that stand for image files. */
  images: string[];
  links: string[];
  /** Files of the store that belong to no defined domain: status, pids, locks, temporary ones. */
  files: string[];
}

const read = (file: string): string => {
  try {
    return fs.readFileSync(file, 'latin1');
  } catch {
    return ''; // gone meanwhile
  }
};
const list = (folder: string): string[] => {
  try {
    return fs.readdirSync(folder);
  } catch {
    return [];
  }
};

/** Whatever has to do with the store `prefix` or with domains whose names begin with `tag`. */
export function leftovers(prefix: string, tag: string): Leftovers {
  return {
    processes: processes(prefix, tag),
    cgroups: cgroupMounts().flatMap((mount) => groupsBelow(mount, tag)),
    mounts: read('/proc/self/mountinfo')
      .split('\n')
      .filter((line) => line.includes(`${prefix}/`)),
    images: list('/sys/block').filter((name) => imageOf(name).startsWith(prefix)),
    links: list('/sys/class/net').filter((name) => ownUuids(prefix).some((uuid) => read(`/sys/class/net/${name}/ifalias`).includes(uuid))),
    files: storeFiles(prefix),
  };
}

/** The file behind a loop device, or the last word of the command line that serves a network block device. */
function imageOf(name: string): string {
  const server = read(`/sys/block/${name}/pid`).trim();
  const words = server ? read(`/proc/${server}/cmdline`).split('\0') : [];
  return words.at(-2) ?? read(`/sys/block/${name}/loop/backing_file`);
}

function processes(prefix: string, tag: string): string[] {
  const own = String(process.pid);
  return list('/proc')
    .filter((pid) => /^\d+$/.test(pid) && pid !== own)
    .map((pid) => ({ pid, command: read(`/proc/${pid}/cmdline`).replaceAll('\0', ' ').trim() }))
    .filter(
      ({ pid, command }) =>
        command.includes(`${tag}-`) ||
        read(`/proc/${pid}/cgroup`).includes(`-${tag}-`) ||
        read(`/proc/${pid}/environ`).split('\0').includes(`VIRSH_LXC_PREFIX=${prefix}`),
    )
    .filter(({ pid }) => isAlive(pid)) // last, as few come so far
    .map(({ pid, command }) => `${pid} ${command}`);
}

const cgroupMounts = (): string[] =>
  read('/proc/mounts')
    .split('\n')
    .map((line) => line.split(' '))
    .filter(([, point, type]) => (type === 'cgroup' || type === 'cgroup2') && point?.startsWith('/sys/fs/cgroup'))
    .map(([, point]) => point!);

/** Containers' groups are two levels down; those of a partition of their own one more. */
function groupsBelow(directory: string, tag: string, depth = 3): string[] {
  if (depth === 0) return [];
  return directoriesIn(directory).flatMap((name) => {
    const group = path.join(directory, name);
    return name.includes(tag) ? [group] : groupsBelow(group, tag, depth - 1);
  });
}

/** Interfaces carry the uuid of their domain; the log of events keeps those of domains that are gone. */
const ownUuids = (prefix: string): string[] => [
  ...new Set(read(path.join(prefix, 'run/libvirt/lxc/events.log')).match(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g)),
];

const PERMANENT = new Set(['driver.pid', 'events.log', 'events.log.old', 'cgroups', 'labels', 'seats', 'uuids', 'autostarted', 'program']);

function storeFiles(prefix: string): string[] {
  const run = path.join(prefix, 'run/libvirt/lxc');
  const etc = path.join(prefix, 'etc/libvirt/lxc');
  const isDefined = (name: string): boolean => fs.existsSync(path.join(etc, `${name}.xml`));
  return [
    ...list(run).filter((name) => !PERMANENT.has(name) && !(/\.(end|lock)$/.test(name) && isDefined(name.replace(/\.\w+$/, '')))),
    ...list(path.join(run, 'labels')).map((name) => `labels/${name}`),
    ...list(etc).filter((name) => name !== 'autostart'),
    ...list(path.join(etc, 'autostart')),
  ];
}
