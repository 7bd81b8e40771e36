// The group of a container that is being started.
import fs from 'node:fs';
import type { DomainDevicesPlan } from '../container/devices.ts';
import type { DomainDefinition } from '../domain/definition.ts';
import { restrictDevices } from '../host/cgroup/devices.ts';
import { cgroupFor, createCgroup, DEFAULT_PARTITION, type DomainCgroup, removeCgroup } from '../host/cgroup/group.ts';
import { systemdMount } from '../host/cgroup/layout.ts';
import { applyLimits, blockDeviceNumber, domainLimits } from '../host/cgroup/limits.ts';

/** Makes it, named after the controller, with the domain's limits. Throws what setting those fails of; nothing is left then. */
export function makeGroup(domain: DomainDefinition, controllerPid: number, devices: DomainDevicesPlan): DomainCgroup {
  const group = cgroupFor(domain, controllerPid);
  createCgroup(group, domain.partition === DEFAULT_PARTITION);
  try {
    applyLimits(group, domainLimits(domain, group.layout.version, blockDeviceNumber));
    restrictDevices(group, devices.rules);
    handOver(group, domain);
    return group;
  } catch (error) {
    removeCgroup(group);
    throw error;
  }
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
