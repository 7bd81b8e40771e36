// What a plan is compiled from: opened resources, by the numbers that the container's child knows them by, and facts of the host.
import path from 'node:path';
import type { DomainDefinition, SecurityLevel, SharedNamespace } from '../domain/definition.ts';
import type { DomainCgroup } from '../host/cgroup/cgroup.ts';
import { isShown, systemdMount, UNIFIED_NAME } from '../host/cgroup/layout.ts';
import { containment } from '../security/containment.ts';
import { mayHoldTerminal } from './controlling-terminal.ts';
import { hostFacts } from './host-facts.ts';
import { runsOnHostRoot } from './host-root.ts';
import { initIdentity } from './identity.ts';
import type { InheritedFds } from './launch.ts';
import type { PlanInputs } from './plan/plan.ts';
import type { Resources } from './resources.ts';

export interface InheritedNumbers {
  root: number;
  dev: number;
  devpts: number;
  meminfo: number;
  sys: number | undefined;
  cgroupTmpfs: number | undefined;
  managesCgroups: boolean;
  filesystems: Map<number, { mount?: number; isFile: boolean }>;
  sharedNamespaces: Partial<Record<SharedNamespace, number>>;
  /** For reading only, in this process. */
  rootFd: number;
}

/** Lets the controller inherit them, in an order of no meaning. */
export function inheritResources(
  resources: Resources,
  shared: Partial<Record<SharedNamespace, number>>,
  inherited: InheritedFds,
): InheritedNumbers {
  const filesystems = new Map<number, { mount?: number; isFile: boolean }>();
  for (const [i, { mount, isFile }] of resources.filesystems)
    filesystems.set(i, { ...(mount !== undefined && { mount: inherited.add(mount) }), isFile });
  const sharedNamespaces: Partial<Record<SharedNamespace, number>> = {};
  for (const kind of ['net', 'ipc', 'uts'] as const) {
    const fd = shared[kind];
    if (fd !== undefined) sharedNamespaces[kind] = inherited.add(fd);
  }
  return {
    root: inherited.add(resources.root),
    dev: inherited.add(resources.dev),
    devpts: inherited.add(resources.devpts),
    meminfo: inherited.add(resources.fuse.mount),
    sys: resources.sys === undefined ? undefined : inherited.add(resources.sys),
    cgroupTmpfs: resources.cgroupTmpfs === undefined ? undefined : inherited.add(resources.cgroupTmpfs),
    managesCgroups: resources.managesCgroups,
    filesystems,
    sharedNamespaces,
    rootFd: resources.root,
  };
}

export interface StartFacts {
  passFds: number[];
  /** Whoever starts the domain sits at a terminal. */
  atTerminal: boolean;
  level: SecurityLevel;
}

export function planInputs(domain: DomainDefinition, fds: InheritedNumbers, cgroup: DomainCgroup, start: StartFacts): PlanInputs {
  // Differs from libvirt, which gives nobody the terminal. A root of its own that a script starts is taken for a system, whose
  // programs see to that themselves; its shell says what it says under libvirt.
  const wantsTerminal = domain.controllingTerminal || start.atTerminal || runsOnHostRoot(domain);
  return {
    host: hostFacts(domain),
    containment: containment(domain, start.level),
    identity: initIdentity(domain.os, fds.rootFd),
    root: fds.root,
    dev: fds.dev,
    devpts: fds.devpts,
    meminfo: fds.meminfo,
    sys: fds.sys,
    cgroup: cgroupInputs(cgroup, fds, start.level !== 'libvirt'),
    filesystems: fds.filesystems,
    sharedNamespaces: fds.sharedNamespaces,
    holdsTerminal: wantsTerminal && mayHoldTerminal(domain.os, fds.rootFd),
    passFds: start.passFds,
  };
}

/**
 * On v1 an init system gets a cgroup namespace and the cgroups that it manages; for any other init all is read-only, as libvirt
 * documents it, and where it stands on the host is hidden from it as well, if it is `contained`.
 */
function cgroupInputs(cgroup: DomainCgroup, { cgroupTmpfs, managesCgroups }: InheritedNumbers, contained: boolean): PlanInputs['cgroup'] {
  const memory = cgroup.directory('memory')!;
  const { layout } = cgroup;
  if (layout.version === 2) return { version: 2, payload: cgroup.payload!, memory };
  const mounts = [...new Set(layout.mounts.values())].filter((mount) => isShown(layout, mount, managesCgroups));
  const systemd = managesCgroups ? systemdMount(layout) : undefined;
  return {
    version: 1,
    directories: cgroup.directoriesV1(),
    payload: cgroup.payload,
    ownNamespace: managesCgroups ? systemd !== undefined : contained,
    base: path.dirname(layout.mounts.get('memory')!),
    tmpfs: cgroupTmpfs!,
    binds: [
      ...mounts.map((mount) => ({ directory: `${mount}/${cgroup.path}`, name: path.basename(mount), isWritable: mount === systemd })),
      ...(cgroup.payload === undefined || systemd === undefined
        ? []
        : [{ directory: cgroup.payload, name: UNIFIED_NAME, isWritable: true }]),
    ],
    memory,
  };
}
