// Image files that a container has as block devices: of <filesystem type='file'> and <disk type='file'>. Between file and
// device stands a loop device or, for what the kernel cannot read itself, a network block device (libvirt: LXC driver, images).
import { linux } from '../../lib-native/linux.ts';
import type { DiskDevice, DomainDefinition, FilesystemDevice } from '../domain/definition.ts';
import { libvirtError } from '../errors.ts';
import { attachLoop } from '../host/loop.ts';
import { attachNbd, releaseNbds, releaseUnusedNbds } from '../host/nbd.ts';
import { hostPath } from './host-path.ts';

export interface Images extends Disposable {
  /** The block devices, by the place of their <filesystem> or <disk> in the definition. */
  filesystems: Map<number, string>;
  disks: Map<number, string>;
  /** What keeps the disks' loop devices bound: to be the controller's as long as the container runs. A file system is kept by its mount. */
  diskFds: number[];
  /** Leaves network block devices to the container, whose end gives them back. */
  keep(): void;
}

interface Image {
  kind: 'fs' | 'disk';
  file: string;
  driver: string | undefined;
  format: string | undefined;
  cache: string | undefined;
  readonly: boolean;
}

const imageOfFilesystem = ({ source, driver, readonly }: FilesystemDevice): Image => ({
  kind: 'fs',
  file: hostPath(source),
  driver: driver?.type,
  format: driver?.format,
  cache: undefined,
  readonly,
});

const imageOfDisk = ({ source, driver, readonly }: DiskDevice): Image => ({
  kind: 'disk',
  file: hostPath(source!),
  driver: driver?.name,
  format: driver?.type,
  cache: driver?.others.find(([name]) => name === 'cache')?.[1],
  readonly,
});

/** In libvirt's order, each with its place. */
function imagesOf({ devices: { filesystems, disks } }: DomainDefinition): [of: 'filesystems' | 'disks', place: number, image: Image][] {
  return [
    ...filesystems.flatMap((device, i): ['filesystems', number, Image][] =>
      device.type === 'file' ? [['filesystems', i, imageOfFilesystem(device)]] : [],
    ),
    ...disks.flatMap((device, i): ['disks', number, Image][] =>
      device.type === 'file' && device.source !== undefined ? [['disks', i, imageOfDisk(device)]] : [],
    ),
  ];
}

/** Throws CONFIG_UNSUPPORTED, INTERNAL_ERROR or SYSTEM_ERROR; nothing is attached then. */
export function attachImages(definition: DomainDefinition): Images {
  const devices = { filesystems: new Map<number, string>(), disks: new Map<number, string>() };
  const fds: number[] = [];
  const diskFds: number[] = [];
  const images = imagesOf(definition);
  let ours = images.some(([, , image]) => driverFor(image) === 'nbd');
  if (ours) releaseNbds(definition.uuid); // of a start whose command was killed
  const dispose = () => {
    for (const fd of fds.splice(0)) linux.close(fd);
    if (ours) releaseNbds(definition.uuid);
  };
  try {
    for (const [of, place, image] of images) {
      const { path, fd } = attach(image, definition.uuid);
      devices[of].set(place, path);
      if (fd === undefined) continue;
      fds.push(fd);
      if (of === 'disks') diskFds.push(fd);
    }
  } catch (error) {
    dispose();
    throw error;
  }
  const keep = () => {
    ours = false;
  };
  return { ...devices, diskFds, keep, [Symbol.dispose]: dispose };
}

/** The block device of one image, for whoever mounts it: a mount keeps a loop device, and keep() a network block device. */
export interface FilesystemImage extends Disposable {
  path: string;
  keep(): void;
}

/** That of a file system that the running container `live` is given. Throws as attachImages(). */
export function attachFilesystemImage(live: DomainDefinition, filesystem: FilesystemDevice): FilesystemImage {
  const image = imageOfFilesystem(filesystem);
  releaseFilesystemImages(live); // of a command that was killed
  const { path, fd } = attach(image, live.uuid);
  let ours = fd === undefined;
  return {
    path,
    keep: () => {
      ours = false;
    },
    [Symbol.dispose]: () => {
      if (fd !== undefined) linux.close(fd);
      if (ours) releaseFilesystemImages(live);
    },
  };
}

/** Gives back what stands for images of which the running container has nothing mounted any more; one that is in use stays until the end. */
export function releaseFilesystemImages({ uuid, devices: { disks } }: DomainDefinition): void {
  releaseUnusedNbds(uuid, new Set(disks.flatMap(({ imageDevice }) => imageDevice ?? [])));
}

/** `fd`: what keeps a loop device until somebody else does; a network block device is kept by its server. */
function attach(image: Image, owner: string): { path: string; fd?: number } {
  checkImage(image);
  const { file, readonly } = image;
  return driverFor(image) === 'nbd' ? { path: attachNbd({ file, format: image.format!, readonly, owner }) } : attachLoop(file, readonly);
}

const isRaw = ({ format }: Image): boolean => format === undefined || format === 'raw';

function driverFor(image: Image): string {
  return image.driver ?? (isRaw(image) ? 'loop' : 'nbd');
}

function checkImage(image: Image): void {
  const driver = driverFor(image);
  const refuse = (message: string): never => {
    throw libvirtError('CONFIG_UNSUPPORTED', message);
  };
  if (driver !== 'loop' && driver !== 'nbd') refuse(`${image.kind} driver ${driver} is not supported`);
  if (driver === 'loop' && !isRaw(image)) refuse(`${image.kind} format ${image.format} is not supported`);
  if (driver === 'loop') return;
  if (image.cache !== undefined && image.cache !== 'none') refuse(`Disk cache mode ${image.cache} is not supported`);
  if (image.format === undefined) refuse('An explicit disk format must be specified');
}
