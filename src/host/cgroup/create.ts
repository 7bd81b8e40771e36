// Making a container's cgroup, in every hierarchy.
import fs from 'node:fs';
import path from 'node:path';
import { errnoCode, systemError } from '../../errors.ts';
import type { DomainCgroup } from './cgroup.ts';
import { inheritCpuset } from './cpuset.ts';
import { type CgroupLayout, systemdMount, UNMANAGED } from './layout.ts';
import { removeCgroup } from './remove.ts';

/** A host has 65,536 cgroups with a limit of memory, and a container could make them all. */
const MAX_CGROUPS = 10_000;

/**
 * Makes the cgroup in every hierarchy. The default partition is made too; another one must be there, but where libvirt makes none.
 * Throws SYSTEM_ERROR; then what was made is removed again.
 */
export function createCgroup(cgroup: DomainCgroup, isDefaultPartition: boolean): void {
  try {
    if (cgroup.layout.version === 2) createV2(cgroup, cgroup.layout, isDefaultPartition);
    else createV1(cgroup, cgroup.layout, isDefaultPartition);
  } catch (error) {
    removeCgroup(cgroup);
    throw error;
  }
}

function makeDirectory(directory: string, what: string): void {
  try {
    fs.mkdirSync(directory, 0o755);
  } catch (error) {
    if (errnoCode(error) !== 'EEXIST') throw systemError(`Failed to create ${what}`, error);
  }
}

function createV1(cgroup: DomainCgroup, layout: CgroupLayout & { version: 1 }, isDefaultPartition: boolean): void {
  const parts = cgroup.path.split('/');
  const cpuset = layout.mounts.get('cpuset');
  const unmanaged = new Set(UNMANAGED.map((controller) => layout.mounts.get(controller)));
  const controllers = new Map([...layout.mounts].reverse().map(([controller, mount]) => [mount, controller]));
  for (const mount of new Set(layout.mounts.values())) {
    const what = `v1 controller ${controllers.get(mount)} for group`;
    let directory = mount;
    parts.forEach((part, i) => {
      const parent = directory;
      directory = `${directory}/${part}`;
      if (i === parts.length - 1 || isDefaultPartition || unmanaged.has(mount)) makeDirectory(directory, what);
      if (mount === cpuset) inheritCpuset(parent, directory);
    });
  }
  // No controller is handed down in a hybrid host's unified hierarchy: there is nothing to limit there.
  if (cgroup.payload === undefined) return;
  makeUnmanaged(cgroup.payload);
  boundCgroups(path.dirname(cgroup.payload));
}

/** How many a container can make. Differs from libvirt, which lets it make all that there are. v1 has no such bound. */
function boundCgroups(directory: string): void {
  try {
    fs.writeFileSync(`${directory}/cgroup.max.descendants`, String(MAX_CGROUPS));
  } catch {
    // Linux before 4.14
  }
}

function makeUnmanaged(directory: string): void {
  try {
    fs.mkdirSync(directory, { recursive: true, mode: 0o755 });
  } catch (error) {
    throw systemError(`Failed to create v2 cgroup '${directory}'`, error);
  }
}

function createV2(cgroup: DomainCgroup, layout: CgroupLayout & { version: 2 }, isDefaultPartition: boolean): void {
  const parts = cgroup.path.split('/');
  let directory = layout.root;
  parts.forEach((part, i) => {
    enableControllers(directory);
    directory = `${directory}/${part}`;
    if (i === parts.length - 1 || isDefaultPartition) makeDirectory(directory, `v2 cgroup '${directory}'`);
  });
  enableControllers(directory);
  makeDirectory(cgroup.payload!, `v2 cgroup '${cgroup.payload}'`);
  boundCgroups(directory);
}

/** Hands every controller that a cgroup has down to its children. One that cannot be handed down is done without (cgroup-v2.rst). */
function enableControllers(directory: string): void {
  const words = (file: string) => fs.readFileSync(`${directory}/${file}`, 'utf8').split(/\s+/).filter(Boolean);
  let missing: string[];
  try {
    const enabled = new Set(words('cgroup.subtree_control'));
    missing = words('cgroup.controllers').filter((name) => !enabled.has(name));
  } catch (error) {
    throw systemError(`Unable to read controllers of '${directory}'`, error);
  }
  for (const name of missing) {
    try {
      fs.writeFileSync(`${directory}/cgroup.subtree_control`, `+${name}`);
    } catch {
      // EBUSY or EOPNOTSUPP: processes or threaded cgroups are in the way, for this controller only
    }
  }
}

/** Lets the owner of a container's mapped ids manage what it may: the payload, and its directory of v1's hierarchy without controllers. */
export function handOverCgroup({ path: own, payload, layout }: DomainCgroup, uid: number, gid: number): void {
  if (payload !== undefined) {
    fs.chownSync(payload, uid, gid);
    for (const file of ['cgroup.procs', 'cgroup.threads', 'cgroup.subtree_control']) fs.chownSync(`${payload}/${file}`, uid, gid);
  }
  const mount = layout.version === 1 ? systemdMount(layout) : undefined;
  if (mount === undefined) return;
  const directory = `${mount}/${own}`;
  fs.chownSync(directory, uid, gid);
  for (const file of fs.readdirSync(directory)) fs.chownSync(`${directory}/${file}`, uid, gid);
}
