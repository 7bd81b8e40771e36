// The group of a container that is being started.
import fs from 'node:fs';
import type { DomainDefinition } from '../domain/definition.ts';
import { libvirtError } from '../errors.ts';
import { restrictDevices } from '../host/cgroup/devices.ts';
import { cgroupFor, createCgroup, DEFAULT_PARTITION, type DomainCgroup, removeCgroup } from '../host/cgroup/group.ts';
import { systemdMount } from '../host/cgroup/layout.ts';
import { applyLimits, blockDeviceNumber, domainLimits } from '../host/cgroup/limits.ts';
import { forgetCgroup } from '../store/left-cgroups.ts';
import type { DomainDevicesPlan } from './devices.ts';
import { dissolve } from './left-cgroups.ts';

/** Makes it, named after the controller, with the domain's limits. Throws what setting those fails of; nothing is left then. */
export function makeGroup(domain: DomainDefinition, controllerPid: number, devices: DomainDevicesPlan): DomainCgroup {
  const group = cgroupFor(domain, controllerPid);
  clearPlace(group);
  createCgroup(group, domain.partition === DEFAULT_PARTITION);
  try {
    applyLimits(group, domainLimits(domain, group.layout.version, blockDeviceNumber));
    restrictDevices(group, devices.rules);
    handOver(group, domain);
    return group;
  } catch (error) {
    dissolve(domain.name, group);
    throw error;
  }
}

/** A group of this name is that of an earlier controller with this pid: its limits and whatever is in it are not ours. Throws INTERNAL_ERROR. */
function clearPlace(group: DomainCgroup): void {
  if (!group.folders().some((folder) => fs.existsSync(folder))) return;
  if (!removeCgroup(group)) throw libvirtError('INTERNAL_ERROR', `cgroup '${group.path}' of an earlier container is still in use`);
  forgetCgroup(group.path);
}

/** A container with mapped ids owns the groups that it may manage: the payload, and that in v1's hierarchy without controllers. */
function handOver(group: DomainCgroup, { idmap }: DomainDefinition): void {
  const uid = idmap.uid[0]?.target;
  const gid = idmap.gid[0]?.target;
  if (uid === undefined || gid === undefined) return;
  const { payload, layout } = group;
  if (payload !== undefined) {
    fs.chownSync(payload, uid, gid);
    for (const file of ['cgroup.procs', 'cgroup.threads', 'cgroup.subtree_control']) fs.chownSync(`${payload}/${file}`, uid, gid);
  }
  const mount = layout.version === 1 ? systemdMount(layout) : undefined;
  if (mount === undefined) return;
  const folder = `${mount}/${group.path}`;
  fs.chownSync(folder, uid, gid);
  for (const file of fs.readdirSync(folder)) fs.chownSync(`${folder}/${file}`, uid, gid);
}
