// Which namespaces a container gets of its own (namespaces(7)). Pure.
import { CLONE_NEWIPC, CLONE_NEWNET, CLONE_NEWNS, CLONE_NEWPID, CLONE_NEWUSER, CLONE_NEWUTS } from '../../../lib-native/constants.ts';
import type { DomainDefinition } from '../../domain/definition.ts';
import { libvirtError } from '../../errors.ts';

export const hasUserNamespace = (definition: DomainDefinition): boolean =>
  definition.idmap.uid.length > 0 && definition.idmap.gid.length > 0;

const hasOwnDevices = ({ devices }: DomainDefinition): boolean =>
  devices.interfaces.length > 0 || devices.hostdevs.some((device) => device.mode === 'capabilities' && device.type === 'net');

/**
 * True if the container has a network namespace of its own: it has an interface, or asks for it, and does not share one.
 * Throws CONFIG_UNSUPPORTED where it wants both.
 */
export function hasNetworkNamespace(definition: DomainDefinition): boolean {
  if (definition.sharedNamespaces.net) {
    if (hasOwnDevices(definition) || definition.features.privnet) {
      throw libvirtError('CONFIG_UNSUPPORTED', 'Config asks for inherit net namespace as well as private network interfaces');
    }
    return false;
  }
  return hasOwnDevices(definition) || definition.features.privnet;
}

/** CLONE_NEW* flags. The cgroup namespace, where there is one, is made later, from inside the cgroup. */
export function cloneFlags(definition: DomainDefinition): number {
  let flags = CLONE_NEWPID | CLONE_NEWNS;
  if (hasUserNamespace(definition)) flags |= CLONE_NEWUSER;
  if (hasNetworkNamespace(definition)) flags |= CLONE_NEWNET;
  if (!definition.sharedNamespaces.ipc) flags |= CLONE_NEWIPC;
  if (!definition.sharedNamespaces.uts) flags |= CLONE_NEWUTS;
  return flags;
}
