// The cgroup of a container that is being started.
import fs from 'node:fs';
import type { DomainDefinition } from '../domain/definition.ts';
import { withProcessorLimits } from '../domain/processors.ts';
import { libvirtError } from '../errors.ts';
import { cgroupFor, DEFAULT_PARTITION, type DomainCgroup } from '../host/cgroup/cgroup.ts';
import { createCgroup, handOverCgroup } from '../host/cgroup/create.ts';
import { restrictDevices } from '../host/cgroup/devices.ts';
import { applyLimits } from '../host/cgroup/limit.ts';
import { domainLimits } from '../host/cgroup/limits.ts';
import { countsPids, pidsLimit } from '../host/cgroup/pids.ts';
import { removeCgroup } from '../host/cgroup/remove.ts';
import { inSystemdHierarchy } from '../host/cgroup/systemd-hierarchy.ts';
import { onlineCpus } from '../host/cpu.ts';
import { blockDeviceNumber } from '../host/device-number.ts';
import { maxPids } from '../security/level.ts';
import { forgetCgroup } from '../store/left-cgroups.ts';
import type { DomainDevicesPlan } from './devices.ts';
import { dissolve } from './left-cgroups.ts';

/**
 * Makes it, named after the controller, with the domain's limits; `pinned`: by its virtual processors, too.
 * Throws why one cannot be set; nothing is left then.
 */
export function makeCgroup(
  domain: DomainDefinition,
  controllerPid: number,
  { devices, pinned }: { devices: DomainDevicesPlan; pinned: boolean },
): DomainCgroup {
  const cgroup = cgroupFor(domain, controllerPid);
  clearPlace(cgroup);
  inSystemdHierarchy(cgroup.layout, () => createCgroup(cgroup, domain.partition === DEFAULT_PARTITION));
  try {
    const limited = pinned ? withProcessorLimits(domain, onlineCpus) : domain;
    applyLimits(cgroup, domainLimits(limited, cgroup.layout.version, blockDeviceNumber));
    limitPids(cgroup, domain);
    restrictDevices(cgroup, devices.rules);
    handOver(cgroup, domain);
    return cgroup;
  } catch (error) {
    dissolve(domain.name, cgroup);
    throw error;
  }
}

/** A cgroup of this name is that of an earlier controller with this pid: its limits and whatever is in it are not ours. Throws INTERNAL_ERROR. */
function clearPlace(cgroup: DomainCgroup): void {
  if (!cgroup.directories().some((directory) => fs.existsSync(directory))) return;
  if (!removeCgroup(cgroup)) throw libvirtError('INTERNAL_ERROR', `cgroup '${cgroup.path}' of an earlier container is still in use`);
  forgetCgroup(cgroup.path);
}

/** A host that cannot is done without, unless the definition gives a number. */
function limitPids(cgroup: DomainCgroup, domain: DomainDefinition): void {
  const max = maxPids(domain);
  if (max !== undefined && (domain.security?.maxPids !== undefined || countsPids(cgroup))) applyLimits(cgroup, [pidsLimit(max)]);
}

/** A container with mapped ids owns what it may manage. */
function handOver(cgroup: DomainCgroup, { idmap }: DomainDefinition): void {
  const [uid, gid] = [idmap.uid[0]?.target, idmap.gid[0]?.target];
  if (uid !== undefined && gid !== undefined) handOverCgroup(cgroup, uid, gid);
}
