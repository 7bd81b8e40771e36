// Which cgroup hierarchies this host has. v1 wins where both have controllers: on a hybrid host the unified mount is
// next to empty (Differs from libvirt 9.0, which cannot start a container there).
import fs from 'node:fs';
import { libvirtError } from '../../errors.ts';

/** v1 hierarchies that a container gets a cgroup in; those that are not mounted are done without. */
export const V1_CONTROLLERS = [
  'cpu',
  'cpuacct',
  'cpuset',
  'memory',
  'devices',
  'freezer',
  'blkio',
  'net_cls',
  'perf_event',
  'pids',
  'systemd',
] as const;
export type V1Controller = (typeof V1_CONTROLLERS)[number];
/** Hierarchies that libvirt makes no cgroups in. They limit nothing, or nobody: a partition that is not there is made, and taken back. */
export const UNMANAGED: readonly V1Controller[] = ['systemd', 'pids'];
/** Without these a container could not be held to its limits. */
const V1_REQUIRED: readonly V1Controller[] = ['cpuacct', 'devices', 'memory'];

export type CgroupLayout =
  /**
   * Mount points by controller; co-mounted controllers have the same one. `systemd` is the hierarchy name=systemd.
   * `unified`: the cgroup2 mount of a hybrid host, where systemd keeps track of processes.
   */
  { version: 1; mounts: Map<V1Controller, string>; unified?: string } | { version: 2; root: string; controllers: string[] };

/** Reads a mounts table (proc(5), /proc/mounts). Throws INTERNAL_ERROR where a needed controller is not mounted. */
export function cgroupLayout(mountsText: string, readControllers: (root: string) => string): CgroupLayout {
  const v1 = new Map<V1Controller, string>();
  let v2: string | undefined;
  for (const line of mountsText.split('\n')) {
    const [, point = '', type = '', options = ''] = line.split(' ');
    if (type === 'cgroup2') v2 ??= point;
    if (type !== 'cgroup') continue;
    const names = options.split(',');
    for (const controller of V1_CONTROLLERS) {
      const wanted = controller === 'systemd' ? 'name=systemd' : controller;
      if (names.includes(wanted) && !v1.has(controller)) v1.set(controller, point);
    }
  }
  if (v2 !== undefined && !v1.has('memory')) {
    const controllers = readControllers(v2).split(/\s+/).filter(Boolean);
    if (!controllers.includes('memory')) throw libvirtError('INTERNAL_ERROR', "Unable to find 'memory' cgroups controller mount");
    return { version: 2, root: v2, controllers };
  }
  if (v1.size === 0) throw libvirtError('INTERNAL_ERROR', 'no cgroup backend available');
  for (const controller of V1_REQUIRED) {
    if (!v1.has(controller)) throw libvirtError('INTERNAL_ERROR', `Unable to find '${controller}' cgroups controller mount`);
  }
  return { version: 1, mounts: v1, ...(v2 !== undefined && { unified: v2 }) };
}

/** What init systems look for beside v1 hierarchies. */
export const UNIFIED_NAME = 'unified';

/**
 * v1: the mount of systemd's hierarchy, if it limits nothing. With it a container can have a cgroup namespace: in one, nobody
 * can make a hierarchy that is not there (cgroup_namespaces(7)), and systemd does not boot without.
 */
export function systemdMount({ mounts }: CgroupLayout & { version: 1 }): string | undefined {
  const mount = mounts.get('systemd');
  return [...mounts.values()].filter((other) => other === mount).length === 1 ? mount : undefined;
}

/** v1: what is mounted at `mount` is for a container to see; that of `pids` alone, which libvirt shows to none, for init systems. */
export const isShown = ({ mounts }: CgroupLayout & { version: 1 }, mount: string, toInitSystem: boolean): boolean =>
  toInitSystem || [...mounts].some(([controller, other]) => other === mount && controller !== 'pids');

let layout: CgroupLayout | undefined;

/** This host's layout, read once. */
export function hostCgroups(): CgroupLayout {
  layout ??= cgroupLayout(fs.readFileSync('/proc/mounts', 'utf8'), (root) => fs.readFileSync(`${root}/cgroup.controllers`, 'utf8'));
  return layout;
}
