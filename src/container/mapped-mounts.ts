// File systems that a container with mapped ids sees as its own: what belongs to root on the disk is its root's, and what it writes is
// root's on the disk. Nothing is chowned, and one root can be that of containers with different ids.
import fs from 'node:fs';
import { EINVAL, EPERM, O_CLOEXEC } from '../../lib-native/constants.ts';
import { linux } from '../../lib-native/linux.ts';
import type { DomainDefinition, FilesystemDevice, SecurityLevel } from '../domain/definition.ts';
import { errnoCode, type LibvirtError, libvirtError, strerror, systemError } from '../errors.ts';
import { cloneMount, mapOwners, mountsWithin } from '../host/mounts.ts';
import { hostPath } from './host-path.ts';
import { asStartup, startupFailure } from './launch.ts';
import { isMappable } from './live-definition.ts';
import { hasUserNamespace } from './plan/namespaces.ts';
import type { Resources } from './resources.ts';

/** Whether the owners of a file system's files are shown as the container's own. */
export const isMapped = (definition: DomainDefinition, filesystem: FilesystemDevice, level: SecurityLevel): boolean =>
  level !== 'libvirt' && hasUserNamespace(definition) && filesystem.accessmode === 'mapped' && isMappable(filesystem);

/**
 * Maps the owners of the files that <filesystem accessmode='mapped'> gives to a container, by the ids of its init, which waits until
 * it may touch them. Differs from libvirt, to which that word says nothing in a container.
 * Throws INTERNAL_ERROR with the name of a file system that cannot.
 */
export function mapFilesystems(
  definition: DomainDefinition,
  { root, filesystems }: Resources,
  { initPid, level }: { initPid: number; level: SecurityLevel },
): void {
  const mapped = definition.devices.filesystems.flatMap((filesystem, i) =>
    isMapped(definition, filesystem, level) ? [{ filesystem, mount: filesystem.target === '/' ? root : filesystems.get(i)!.mount! }] : [],
  );
  if (mapped.length === 0) return;
  const file = `/proc/${initPid}/ns/user`;
  const userns = linux.open(file, O_CLOEXEC);
  if (userns < 0) throw startupFailure(systemError(`Unable to open '${file}'`, -userns).message);
  try {
    for (const { filesystem, mount } of mapped) asStartup(() => mapFilesystem(filesystem, mount, userns));
  } finally {
    linux.close(userns);
  }
}

/** The same of one, by the ids of a user namespace. Throws CONFIG_UNSUPPORTED with its name. */
export function mapFilesystem(filesystem: FilesystemDevice, mount: number, userns: number): void {
  const result = mapOwners(mount, userns);
  if (result < 0) throw refusal(filesystem, userns, -result);
}

function refusal(filesystem: FilesystemDevice, userns: number, errno: number): LibvirtError {
  const [what, found] = culprit(filesystem, userns) ?? ['its file system', errno];
  const why = { [EINVAL]: 'does not know idmapped mounts', [EPERM]: 'has mapped ids already' }[found] ?? strerror(found);
  return libvirtError('CONFIG_UNSUPPORTED', `owners in '${filesystem.source}' cannot be mapped for the container: ${what} ${why}`);
}

/** Which of the file systems below a directory cannot: each is tried alone. */
function culprit({ type, source }: FilesystemDevice, userns: number): [what: string, errno: number] | undefined {
  if (type !== 'mount') return undefined;
  try {
    const directory = fs.realpathSync(hostPath(source));
    for (const mount of mountsWithin(fs.readFileSync('/proc/self/mountinfo', 'utf8'), directory)) {
      const inside = mount.mountpoint.length < directory.length ? directory : mount.mountpoint;
      const copy = cloneMount(inside);
      if (copy < 0) continue;
      const result = mapOwners(copy, userns);
      linux.close(copy);
      if (result < 0) return [`the ${mount.type} at '${inside}'`, -result];
    }
  } catch (error) {
    if (errnoCode(error) === undefined) throw error; // gone meanwhile
  }
  return undefined;
}
