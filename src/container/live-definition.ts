// What a definition becomes when it is started, and what keeps it from being started.

import type { DomainDefinition, FilesystemDevice, InterfaceDevice } from '../domain/definition.ts';
import { libvirtError } from '../errors.ts';
import { DEFAULT_PARTITION } from '../host/cgroup/cgroup.ts';
import { hasUserNamespace } from './plan/namespaces.ts';

/**
 * A copy of `definition` as the running domain has it: a partition, a root, aliases for its consoles.
 * Throws CONFIG_UNSUPPORTED for what a container cannot have, with libvirt's words.
 */
export function liveDefinition(definition: DomainDefinition): DomainDefinition {
  const { consoles, filesystems } = definition.devices;
  if (consoles.length === 0) throw libvirtError('CONFIG_UNSUPPORTED', 'At least one PTY console is required');
  if (consoles.some(({ type }) => type !== 'pty')) throw libvirtError('CONFIG_UNSUPPORTED', 'Only PTY console types are supported');
  for (const { mode, type } of definition.devices.hostdevs) {
    const known = mode === 'subsystem' ? ['usb'] : ['storage', 'misc', 'net'];
    if (!known.includes(type)) throw libvirtError('CONFIG_UNSUPPORTED', `Unsupported hostdev type ${type}`);
  }
  const [shared] = Object.keys(definition.sharedNamespaces);
  // The kernel lets no process of a user namespace into what belongs to another one (setns(2)). libvirt finds that out in the child.
  if (shared !== undefined && hasUserNamespace(definition))
    throw libvirtError('CONFIG_UNSUPPORTED', `Config asks for inherit ${shared} namespace as well as idmap`);
  const live = structuredClone(definition);
  live.partition ??= DEFAULT_PARTITION;
  if (!filesystems.some(({ target }) => target === '/')) {
    live.devices.filesystems.unshift({ type: 'mount', source: '/', target: '/', readonly: false });
  }
  live.devices.consoles.forEach((device, i) => {
    device.alias = `console${i}`;
  });
  return live;
}

/** File systems whose owners can be mapped: one in memory is made for the ids of its container, and what is bound is a part of another. */
export const isMappable = ({ type }: FilesystemDevice): boolean => ['mount', 'block', 'file'].includes(type);

const withAccess = (definition: DomainDefinition, accessmode: 'mapped' | 'passthrough') => ({
  ...definition.devices,
  filesystems: definition.devices.filesystems.map((one) => accessible(one, accessmode)),
});

export const accessible = (one: FilesystemDevice, accessmode: 'mapped' | 'passthrough'): FilesystemDevice =>
  isMappable(one) ? { ...one, accessmode } : one;

/** A live definition with ids that its start has chosen: its files are mapped, whosever they are. */
export const withIds = (live: DomainDefinition, idmap: DomainDefinition['idmap']): DomainDefinition => ({
  ...live,
  idmap,
  devices: withAccess(live, 'mapped'),
});

/** The same definition for another start. */
export const withoutIds = (live: DomainDefinition): DomainDefinition => ({
  ...live,
  idmap: { uid: [], gid: [] },
  devices: withAccess(live, 'passthrough'),
});

/** What a start gives the devices of a definition. */
export interface DeviceRuntime {
  /** The host's pty of each console. */
  ptys?: readonly string[];
  /** With their names and ports. */
  interfaces?: readonly InterfaceDevice[] | undefined;
  /** Block devices of image files, by the place of their <disk>. */
  imageDevices?: ReadonlyMap<number, string>;
  /** Numbers of mounts, by the place of their <filesystem>: of all that are known. */
  mountIds?: ReadonlyMap<number, number>;
}

/** A live definition with these, as far as they are known. Nothing else puts them there. */
export function withDevices(live: DomainDefinition, { ptys, interfaces, imageDevices, mountIds }: DeviceRuntime): DomainDefinition {
  const { consoles, disks, filesystems } = live.devices;
  return {
    ...live,
    devices: {
      ...live.devices,
      ...(interfaces && { interfaces: [...interfaces] }),
      ...(ptys && { consoles: consoles.map((device, i) => ({ ...device, sourcePath: ptys[i]! })) }),
      ...(mountIds && { filesystems: filesystems.map((device, i) => withMountId(device, mountIds.get(i))) }),
      ...(imageDevices && {
        disks: disks.map((device, i) => {
          const imageDevice = imageDevices.get(i);
          return imageDevice === undefined ? device : { ...device, imageDevice };
        }),
      }),
    },
  };
}

/** Not that of an earlier run. */
export function withMountId({ mountId: _, ...device }: FilesystemDevice, mountId: number | undefined): FilesystemDevice {
  return { ...device, ...(mountId !== undefined && { mountId }) };
}

/** The <filesystem> that is the root. */
export const rootOf = ({ devices }: DomainDefinition) => devices.filesystems.find(({ target }) => target === '/');
