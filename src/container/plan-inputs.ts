// What a plan is compiled from: opened resources, by the numbers that the container's child knows them by, and facts of the host.
import path from 'node:path';
import type { PlanView } from '../../lib-native/plan-encoding.ts';
import { capabilityNumber } from '../domain/capabilities.ts';
import type { DomainDefinition, SecurityLevel, SharedNamespace } from '../domain/definition.ts';
import type { DomainCgroup } from '../host/cgroup/cgroup.ts';
import { isShown, systemdMount, UNIFIED_NAME } from '../host/cgroup/layout.ts';
import { readText } from '../host/system-files.ts';
import { containment } from '../security/containment.ts';
import { obeysPins } from './controller-pin.ts';
import { mayHoldTerminal } from './controlling-terminal.ts';
import { hostFacts } from './host-facts.ts';
import { runsOnHostRoot } from './host-root.ts';
import { initIdentity } from './identity.ts';
import { runsInitSystem } from './init-system.ts';
import type { InheritedFds } from './launch.ts';
import { hasUserNamespace } from './plan/namespaces.ts';
import type { HostFacts, PlanInputs } from './plan/plan.ts';
import type { Resources } from './resources.ts';

export interface InheritedNumbers {
  root: number;
  dev: number;
  devpts: number;
  fuse: number;
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
    fuse: inherited.add(resources.fuse.mount),
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
  /** The security label that init is executed with. */
  label?: PlanInputs['label'];
  mountOptions?: PlanInputs['mountOptions'];
}

export function planInputs(domain: DomainDefinition, fds: InheritedNumbers, cgroup: DomainCgroup, start: StartFacts): PlanInputs {
  // Differs from libvirt, which gives nobody the terminal. A root of its own that a script starts is taken for a system, whose
  // programs see to that themselves; its shell says what it says under libvirt.
  const wantsTerminal = domain.controllingTerminal || start.atTerminal || runsOnHostRoot(domain);
  const host = hostFacts(domain);
  return {
    host,
    containment: containment(domain, start.level),
    identity: initIdentity(domain.os, fds.rootFd),
    root: fds.root,
    dev: fds.dev,
    devpts: fds.devpts,
    view: viewInputs(domain, start.level, host, fds.fuse, cgroup),
    sys: fds.sys,
    cgroup: cgroupInputs(cgroup, fds, start.level !== 'libvirt'),
    filesystems: fds.filesystems,
    sharedNamespaces: fds.sharedNamespaces,
    processorsOfCgroup: obeysPins(start.level),
    isSystem: start.level === 'strict' && runsInitSystem(domain.os, fds.rootFd),
    holdsTerminal: wantsTerminal && mayHoldTerminal(domain.os, fds.rootFd),
    passFds: start.passFds,
    ...(start.label && { label: start.label }),
    ...(start.mountOptions && { mountOptions: start.mountOptions }),
  };
}

/** At level libvirt, and where the definition says so, only memory is the container's own. */
function viewInputs(
  domain: DomainDefinition,
  level: SecurityLevel,
  host: HostFacts,
  mount: number,
  cgroup: DomainCgroup,
): NonNullable<PlanInputs['view']> {
  const isWhole = !domain.hostView && level !== 'libvirt';
  const clock = isWhole && maySetClock(domain, host) ? clockFromNow() : undefined;
  const directories: PlanView['directories'] = {};
  for (const name of ['memory', 'cpu', 'cpuacct', 'cpuset', 'blkio', 'pids'] as const) addTo(directories, name, cgroup.directory(name));
  addTo(directories, 'pressure', cgroup.unified);
  return { mount, isWhole, directories, ...(clock && { clock }) };
}

function addTo(directories: PlanView['directories'], name: keyof PlanView['directories'], directory: string | undefined): void {
  if (directory !== undefined) directories[name] = directory;
}

/** That of a time namespace: root of a user namespace may, and who may set the host's. */
const maySetClock = (domain: DomainDefinition, { permittedCapabilities }: HostFacts): boolean =>
  hasUserNamespace(domain) || (permittedCapabilities & (1n << BigInt(capabilityNumber('sys_time')!))) !== 0n;

/** undefined: the kernel has no time namespaces. Our own may be one already, and offsets are from the host's clock. */
function clockFromNow(): { sinceS: number; offsetS: number } | undefined {
  const own = /^boottime\s+(-?\d+)/m.exec(readText('/proc/self/timens_offsets') ?? '')?.[1];
  if (own === undefined) return undefined;
  // sysinfo(2) would round up.
  const sinceS = Math.floor(Number.parseFloat(readText('/proc/uptime') ?? '0'));
  return { sinceS, offsetS: Number(own) - sinceS };
}

/**
 * On v1 an init system gets a cgroup namespace and the cgroups that it manages; for any other init all is read-only, as libvirt
 * documents it, and where it stands on the host is hidden from it as well, if it is `contained`.
 */
function cgroupInputs(cgroup: DomainCgroup, { cgroupTmpfs, managesCgroups }: InheritedNumbers, contained: boolean): PlanInputs['cgroup'] {
  const { layout } = cgroup;
  if (layout.version === 2) return { version: 2, payload: cgroup.payload! };
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
  };
}
