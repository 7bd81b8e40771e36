// Devices of a running container: their nodes in its /dev, the right to use them, its network interfaces.

import { ETIMEDOUT, O_CLOEXEC, O_DIRECTORY, O_PATH } from '../../lib-native/constants.ts';
import { linux } from '../../lib-native/linux.ts';
import type { PrepareOptions } from '../bridge/attachment.ts';
import { releaseOldPorts } from '../bridge/ports.ts';
import type { DomainDefinition, InterfaceDevice } from '../domain/definition.ts';
import { libvirtError, notRunning, systemError } from '../errors.ts';
import { allowDevice, forbidDevice } from '../host/cgroup/devices.ts';
import { isAlive } from '../host/process.ts';
import { cgroupOf, type DomainDefinitions } from './definitions.ts';
import { type OwnNode, remainingRules, ruleOf } from './devices.ts';
import { type Descriptor, runErrand } from './errand.ts';
import { detachInterface, guestLinkNames, moveInterfaces, type PreparedNetwork, prepareAddedInterface } from './network.ts';
import { containerRoot } from './plan/idmap.ts';
import { freeName } from './plan/interface-names.ts';

/**
 * Lets the container's processes use a device and makes its node. `next` is the running definition with it.
 * Throws SYSTEM_ERROR, `File exists` too; then nothing has changed.
 */
export function plugNode(image: DomainDefinitions, next: DomainDefinition, own: OwnNode): void {
  const cgroup = cgroupOf(image);
  const rule = ruleOf(own);
  allowDevice(cgroup, rule, remainingRules(next));
  try {
    const { path, type, mode, major, minor } = own.node;
    const { uid, gid } = containerRoot(next);
    changeNode(image, `Unable to create device /dev/${path}`, (dev) => ['make-node', dev, path, type, mode, major, minor, uid, gid]);
  } catch (error) {
    forbidDevice(cgroup, rule, remainingRules(image.live!));
    throw error;
  }
}

/**
 * Removes the node and the right to use it. `next` is the running definition without it. `own`: undefined where the host
 * has lost the device, so that nothing of it can be used any more.
 */
export function unplugNode(image: DomainDefinitions, next: DomainDefinition, nodePath: string, own: OwnNode | undefined): void {
  const { type, major, minor } = own?.node ?? { type: '-', major: 0, minor: 0 };
  changeNode(image, `Unable to remove device /dev/${nodePath}`, (dev) => ['remove-node', dev, nodePath, type, major, minor]);
  if (own) forbidDevice(cgroupOf(image), ruleOf(own), remainingRules(next));
}

/**
 * Has a node of the container's /dev made or removed: of the file system that we mounted there, which the controller holds,
 * whatever the container has mounted over it. Throws SYSTEM_ERROR with `purpose`.
 */
function changeNode(
  { ownDev }: DomainDefinitions,
  purpose: string,
  words: (dev: Descriptor) => readonly (string | number | Descriptor)[],
): void {
  if (!ownDev)
    throw libvirtError('OPERATION_UNSUPPORTED', 'the domain was started by an older release: devices can be changed after its next start');
  const fd = linux.open(`/proc/${ownDev.controller.pid}/fd/${ownDev.fd}`, O_PATH | O_DIRECTORY | O_CLOEXEC);
  try {
    if (fd < 0 || !isAlive(ownDev.controller)) throw notRunning();
    const end = runErrand({ words: words({ fd }) });
    if (!end) throw systemError(purpose, ETIMEDOUT);
    if (end.errno !== 0) throw systemError(purpose, end.errno);
  } finally {
    if (fd >= 0) linux.close(fd);
  }
}

/** What is to be made for one more interface. Throws CONFIG_UNSUPPORTED and what a start would throw; nothing is made yet. */
export function prepareInterface(image: DomainDefinitions, added: InterfaceDevice, options: PrepareOptions): PreparedNetwork {
  if (!['network', 'bridge', 'ethernet', 'direct'].includes(added.type)) {
    throw libvirtError('CONFIG_UNSUPPORTED', 'Network device type is not supported');
  }
  const live = image.live!;
  if (added.type === 'network') releaseOldPorts(live, live.devices.interfaces); // those of a command that was killed at the same
  const named = added.guestDev === undefined ? { ...added, guestDev: freeGuestName(image) } : added;
  return prepareAddedInterface(live, named, options);
}

/** A container without a network of its own has the host's devices beside its own. */
function freeGuestName({ live, initPid }: DomainDefinitions): string {
  const known = live!.devices.interfaces.flatMap(({ guestDev }) => guestDev ?? []);
  return freeName('eth%d', new Set([...known, ...guestLinkNames(initPid)]));
}

/** Makes it. The name of its device on the host may turn out otherwise than planned. */
export function plugInterface({ initPid }: DomainDefinitions, { links }: PreparedNetwork): void {
  moveInterfaces(links, initPid, { loopback: false });
}

export function unplugInterface({ live, initPid }: DomainDefinitions, device: InterfaceDevice): void {
  detachInterface(live!.uuid, device, initPid);
}
