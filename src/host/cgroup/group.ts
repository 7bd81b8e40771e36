// A container's group: made, limited, asked and removed, whatever the cgroup version. One of these exists in every v1
// hierarchy, and in the unified one where there is one.
import fs from 'node:fs';
import path from 'node:path';
import { monotonicMs } from '../../../lib-native/monotonic.ts';
import type { DomainDefinition } from '../../domain/definition.ts';
import { errnoCode, libvirtError, systemError } from '../../errors.ts';
import { type CgroupLayout, hostCgroups, V1_CONTROLLERS, type V1Controller } from './layout.ts';
import { groupName, machineName, partitionPath } from './names.ts';
import { removeGroupFolders } from './tree.ts';

/**
 * Where container processes are in the unified hierarchy: below the group that holds the limits, so that the container cannot
 * reach those.
 */
const PAYLOAD = 'payload';
/** Hierarchies that libvirt makes no groups in. They limit nothing, or nobody: a partition that is not there is made, and taken back. */
const UNMANAGED: readonly V1Controller[] = ['systemd', 'pids'];
export const DEFAULT_PARTITION = '/machine';
/** A container may have made groups without end: `destroy` does not take longer for it. */
const REMOVAL_MS = 700;
const MAX_GROUPS = 10_000;

export class DomainCgroup {
  readonly layout: CgroupLayout;
  /** Below each hierarchy's root, without a leading slash. */
  readonly path: string;

  constructor(path: string, layout: CgroupLayout = hostCgroups()) {
    this.path = path;
    this.layout = layout;
  }

  /** The folder that holds `controller`'s files, or undefined where v1 does not have it mounted. */
  folder(controller: V1Controller): string | undefined {
    if (this.layout.version === 2) return `${this.layout.root}/${this.path}`;
    const mount = this.layout.mounts.get(controller);
    return mount === undefined ? undefined : `${mount}/${this.path}`;
  }

  /** Every folder of the group, co-mounted ones once. */
  folders(): string[] {
    return [...this.foldersV1(), ...(this.unified === undefined ? [] : [this.unified])];
  }

  /** The folders of v1 hierarchies, co-mounted ones once. */
  foldersV1(): string[] {
    if (this.layout.version === 2) return [];
    return [...new Set(this.layout.mounts.values())].map((mount) => `${mount}/${this.path}`);
  }

  /** The group's folder of the unified hierarchy. */
  private get unified(): string | undefined {
    const root = this.layout.version === 2 ? this.layout.root : this.layout.unified;
    return root === undefined ? undefined : `${root}/${this.path}`;
  }

  /** The folder that container processes are in, where there is a unified hierarchy. */
  get payload(): string | undefined {
    return this.unified === undefined ? undefined : `${this.unified}/${PAYLOAD}`;
  }

  /**
   * Where a further process of the container goes in the unified hierarchy: to its init. An init system hands controllers down
   * from the payload and moves itself below; then the payload takes no process any more (cgroup-v2.rst, "No Internal Process").
   * undefined where there is no such hierarchy, or init has no group of its own there, as an earlier version of this program did.
   */
  payloadOf(initPid: number): string | undefined {
    const { payload } = this;
    if (payload === undefined) return undefined;
    let own: string;
    try {
      own = /^0::(.*)$/m.exec(fs.readFileSync(`/proc/${initPid}/cgroup`, 'utf8'))?.[1] ?? '';
    } catch (error) {
      throw systemError(`Unable to read from '/proc/${initPid}/cgroup'`, error);
    }
    const above = `/${this.path}/${PAYLOAD}/`;
    if (own.startsWith(above)) return `${payload}/${own.slice(above.length)}`;
    return this.layout.version === 2 || `${own}/` === above ? payload : undefined;
  }

  /** Text of one of the group's files. Throws SYSTEM_ERROR. */
  read(controller: V1Controller, file: string): string {
    const path = this.file(controller, file);
    try {
      return fs.readFileSync(path, 'utf8');
    } catch (error) {
      throw systemError(`Unable to read from '${path}'`, error);
    }
  }

  /** Throws SYSTEM_ERROR with libvirt's words: the value and the file. */
  write(controller: V1Controller, file: string, value: string): void {
    const path = this.file(controller, file);
    try {
      fs.writeFileSync(path, value);
    } catch (error) {
      throw systemError(errnoCode(error) === 'EINVAL' ? `Invalid value '${value}' for '${file}'` : `Unable to write to '${path}'`, error);
    }
  }

  has(controller: V1Controller, file: string): boolean {
    const folder = this.folder(controller);
    return folder !== undefined && fs.existsSync(`${folder}/${file}`);
  }

  private file(controller: V1Controller, file: string): string {
    const folder = this.folder(controller);
    if (folder === undefined) throw libvirtError('CONFIG_UNSUPPORTED', `cgroup controller '${controller}' is not mounted`);
    return `${folder}/${file}`;
  }
}

const controllerNames = (layout: CgroupLayout): readonly string[] => (layout.version === 1 ? V1_CONTROLLERS : layout.controllers);

/** The group that a controller of this pid has for `definition`. Nothing is made. */
export function cgroupFor(definition: Pick<DomainDefinition, 'name' | 'partition'>, controllerPid: number): DomainCgroup {
  const layout = hostCgroups();
  const names = controllerNames(layout);
  const partition = partitionPath(definition.partition ?? DEFAULT_PARTITION, names);
  return new DomainCgroup(`${partition}/${groupName(machineName(controllerPid, definition.name), names)}`, layout);
}

/**
 * Makes the group in every hierarchy. The default partition is made too; another one must be there, but where libvirt makes none.
 * Throws SYSTEM_ERROR; then what was made is removed again.
 */
export function createCgroup(group: DomainCgroup, isDefaultPartition: boolean): void {
  try {
    if (group.layout.version === 2) createV2(group, group.layout, isDefaultPartition);
    else createV1(group, group.layout, isDefaultPartition);
  } catch (error) {
    removeCgroup(group);
    throw error;
  }
}

function makeFolder(folder: string, what: string): void {
  try {
    fs.mkdirSync(folder, 0o755);
  } catch (error) {
    if (errnoCode(error) !== 'EEXIST') throw systemError(`Failed to create ${what}`, error);
  }
}

function createV1(group: DomainCgroup, layout: CgroupLayout & { version: 1 }, isDefaultPartition: boolean): void {
  const parts = group.path.split('/');
  const cpuset = layout.mounts.get('cpuset');
  const unmanaged = new Set(UNMANAGED.map((controller) => layout.mounts.get(controller)));
  const controllers = new Map([...layout.mounts].reverse().map(([controller, mount]) => [mount, controller]));
  for (const mount of new Set(layout.mounts.values())) {
    const what = `v1 controller ${controllers.get(mount)} for group`;
    let folder = mount;
    parts.forEach((part, i) => {
      const parent = folder;
      folder = `${folder}/${part}`;
      if (i === parts.length - 1 || isDefaultPartition || unmanaged.has(mount)) makeFolder(folder, what);
      if (mount === cpuset) inheritCpuset(parent, folder);
    });
  }
  // No controller is handed down in a hybrid host's unified hierarchy: there is nothing to limit there.
  if (group.payload === undefined) return;
  makeUnmanaged(group.payload);
  boundGroups(path.dirname(group.payload));
}

/**
 * A host has 65,536 groups with a limit of memory, and a container could make them all. Differs from libvirt, which lets it.
 * v1 has no such bound.
 */
function boundGroups(folder: string): void {
  try {
    fs.writeFileSync(`${folder}/cgroup.max.descendants`, String(MAX_GROUPS));
  } catch {
    // Linux before 4.14
  }
}

function makeUnmanaged(folder: string): void {
  try {
    fs.mkdirSync(folder, { recursive: true, mode: 0o755 });
  } catch (error) {
    throw systemError(`Failed to create v2 cgroup '${folder}'`, error);
  }
}

/** A new cpuset is empty, and nothing may enter an empty one. */
function inheritCpuset(parent: string, folder: string): void {
  for (const file of ['cpuset.cpus', 'cpuset.mems']) {
    try {
      if (fs.readFileSync(`${folder}/${file}`, 'utf8').trim() === '') {
        fs.writeFileSync(`${folder}/${file}`, fs.readFileSync(`${parent}/${file}`, 'utf8'));
      }
    } catch (error) {
      throw systemError(`Unable to write to '${folder}/${file}'`, error);
    }
  }
}

function createV2(group: DomainCgroup, layout: CgroupLayout & { version: 2 }, isDefaultPartition: boolean): void {
  const parts = group.path.split('/');
  let folder = layout.root;
  parts.forEach((part, i) => {
    enableControllers(folder);
    folder = `${folder}/${part}`;
    if (i === parts.length - 1 || isDefaultPartition) makeFolder(folder, `v2 cgroup '${folder}'`);
  });
  enableControllers(folder);
  makeFolder(group.payload!, `v2 cgroup '${group.payload}'`);
  boundGroups(folder);
}

/** Hands every controller that a group has down to its children. One that cannot be handed down is done without (cgroup-v2.rst). */
function enableControllers(folder: string): void {
  const words = (file: string) => fs.readFileSync(`${folder}/${file}`, 'utf8').split(/\s+/).filter(Boolean);
  let missing: string[];
  try {
    const enabled = new Set(words('cgroup.subtree_control'));
    missing = words('cgroup.controllers').filter((name) => !enabled.has(name));
  } catch (error) {
    throw systemError(`Unable to read controllers of '${folder}'`, error);
  }
  for (const name of missing) {
    try {
      fs.writeFileSync(`${folder}/cgroup.subtree_control`, `+${name}`);
    } catch {
      // EBUSY or EOPNOTSUPP: processes or threaded groups are in the way, for this controller only
    }
  }
}

/** So long the kernel may take to let go of processes that are dead. */
const QUIET_MS = 200;

/**
/**
 * Removes the group and everything below it, in every hierarchy. Processes in it must be dead or dying: waits `quietMs` for the
 * kernel to let go of them. Returns false if something is left.
 */
export function removeCgroup(group: DomainCgroup, quietMs = QUIET_MS): boolean {
  const until = monotonicMs() + REMOVAL_MS;
  let clean = true;
  for (const folder of group.folders()) clean = removeGroupFolders(folder, until, quietMs) && clean;
  prunePartition(group);
  return clean;
}

/** Takes back the partition that createV1() made where libvirt makes none, unless another container is in it. */
function prunePartition({ layout, path }: DomainCgroup): void {
  if (layout.version === 2 || `/${path}`.startsWith(`${DEFAULT_PARTITION}/`)) return;
  for (const root of [...UNMANAGED.map((controller) => layout.mounts.get(controller)), layout.unified]) {
    if (root === undefined) continue;
    const parts = path.split('/').slice(0, -1);
    try {
      for (; parts.length > 0 && !hasLimit(`${root}/${parts.join('/')}`); parts.pop()) fs.rmdirSync(`${root}/${parts.join('/')}`);
    } catch {
      // in use, or gone
    }
  }
}

/** Somebody's own partition, then: it was made to limit what is in it. */
function hasLimit(folder: string): boolean {
  try {
    return fs.readFileSync(`${folder}/pids.max`, 'latin1') !== 'max\n';
  } catch {
    return false; // another hierarchy
  }
}
