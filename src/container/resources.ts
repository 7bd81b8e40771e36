// Opens everything that a plan needs from the host: mount sources, ptys, the FUSE device. All of it is descriptors; whoever
// calls closes them by disposing of the result, also when a later step fails.
import fs from 'node:fs';
import {
  AT_EMPTY_PATH,
  AT_FDCWD,
  AT_SYMLINK_NOFOLLOW,
  MOUNT_ATTR_NODEV,
  MOUNT_ATTR_NOEXEC,
  MOUNT_ATTR_NOSUID,
  MOUNT_ATTR_RDONLY,
  O_CLOEXEC,
  O_PATH,
  O_RDWR,
  RESOLVE_IN_ROOT,
  S_IFBLK,
  S_IFCHR,
} from '../../lib-native/constants.ts';
import { linux } from '../../lib-native/linux.ts';
import type { DomainDefinition, FilesystemDevice } from '../domain/definition.ts';
import { libvirtError, systemError } from '../errors.ts';
import { makeDevice } from '../host/device-number.ts';
import { cloneMount, cloneTree, makeReadonly, newMount, tryNewMount } from '../host/mounts.ts';
import { openHostPty, openPtyOf, type Pty } from '../host/pty.ts';
import type { CgroupNames } from './cgroup-names.ts';
import type { DeviceNode } from './devices.ts';
import { hostPath } from './host-path.ts';
import { runsInitSystem } from './init-system.ts';
import { containerRoot, hostId } from './plan/idmap.ts';
import { hasNetworkNamespace, hasUserNamespace } from './plan/namespaces.ts';

export interface Resources extends Disposable {
  root: number;
  dev: number;
  devpts: number;
  /** Pairs in the order of <console>. */
  consoles: { guest: Pty; host: Pty }[];
  fuse: { device: number; mount: number };
  /** `bind` is opened in the container: without a mount here. */
  filesystems: Map<number, { mount?: number; isFile: boolean }>;
  /** The host's sysfs, for a container that cannot mount one: its network namespace is not its user namespace's. */
  sys: number | undefined;
  /** v1: init is an init system, which is to manage cgroups below its own. */
  managesCgroups: boolean;
  /** v1 only: the tmpfs that the cgroups' mounts hang in. */
  cgroupTmpfs: number | undefined;
}

const TTY_GROUP = 5;
/**
 * A host has 4,096, of which 1,024 are kept from instances of devpts that a container mounts itself, but not from this one:
 * no container takes them all. Differs from libvirt, which sets no bound.
 */
const MAX_PTYS = 512;
const DEV_TMPFS_BYTES = 65536;

export interface ResourceRequest {
  definition: DomainDefinition;
  /** Block devices of image files, by the place of their <filesystem> (images.ts). */
  images: ReadonlyMap<number, string>;
  nodes: readonly DeviceNode[];
  /** v1: directory names and links (`cpu` -> `cpu,cpuacct`) at the hierarchies' mount point, also of the cgroups that init may manage. */
  cgroupNames: ((managesCgroups: boolean) => CgroupNames) | undefined;
  /** Options of all file systems that are made here, by which they have the container's label. */
  labelOptions: Record<string, string>;
}

/** Throws LibvirtError; nothing stays open then. */
export function openResources(request: ResourceRequest): Resources {
  const fds: number[] = [];
  const keep = (fd: number): number => {
    fds.push(fd);
    return fd;
  };
  const close = () => {
    for (const fd of fds.splice(0)) linux.close(fd);
  };
  try {
    const { definition, images, labelOptions } = request;
    const owner = containerRoot(definition);
    const devpts = keep(openDevpts(definition, labelOptions));
    const consoles = definition.devices.consoles.map(() => {
      const guest = openPtyOf(devpts);
      keep(guest.master);
      const host = openHostPty();
      keep(host.master);
      return { guest, host };
    });
    giveAway(devpts, ['ptmx', ...consoles.map(({ guest }) => String(guest.index))], owner);
    const dev = keep(openDev(request.nodes, consoles.length, { owner, labelOptions }));
    const fuse = openFuse(labelOptions);
    keep(fuse.device);
    keep(fuse.mount);
    const root = keep(openRoot(definition, request));
    const filesystems = new Map<number, { mount?: number; isFile: boolean }>();
    definition.devices.filesystems.forEach((filesystem, i) => {
      if (filesystem.target === '/') return;
      if (filesystem.type === 'bind') {
        filesystems.set(i, { isFile: isFileBelow(root, filesystem.source) });
        return;
      }
      const mount = keep(openFilesystem(filesystem, { owner, image: images.get(i), labelOptions }));
      filesystems.set(i, { mount, isFile: !fs.fstatSync(mount).isDirectory() });
    });
    const managesCgroups = request.cgroupNames !== undefined && runsInitSystem(definition.os, root);
    const cgroupTmpfs = request.cgroupNames && keep(openCgroupTmpfs(request.cgroupNames(managesCgroups), { owner, labelOptions }));
    const sys = hasUserNamespace(definition) && !hasNetworkNamespace(definition) ? keep(openHostSys()) : undefined;
    return { root, dev, devpts, consoles, fuse, filesystems, sys, cgroupTmpfs, managesCgroups, [Symbol.dispose]: close };
  } catch (error) {
    close();
    throw error;
  }
}

/** Whose what is made is, as the host counts, and with which label. */
interface ForContainer {
  owner: { uid: number; gid: number };
  labelOptions: Record<string, string>;
}

/** A devpts instance of its own, mounted nowhere yet. */
function openDevpts(definition: DomainDefinition, labelOptions: Record<string, string>): number {
  return newMount({
    type: 'devpts',
    options: {
      ptmxmode: '0666',
      mode: '0620',
      max: String(MAX_PTYS),
      gid: String(hostId(definition.idmap.gid, TTY_GROUP)),
      ...labelOptions,
    },
    attributes: MOUNT_ATTR_NOSUID,
  });
}

function giveAway(directory: number, names: string[], { uid, gid }: { uid: number; gid: number }): void {
  if (uid === 0 && gid === 0) return;
  for (const name of ['', ...names]) {
    // A pty's group is devpts's own; only its owner changes.
    const isPty = name !== '' && name !== 'ptmx';
    const result = linux.fchownat(directory, name, uid, isPty ? 0xffffffff : gid, AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH);
    if (result < 0) throw systemError(`Failed to change owner of '${name}' to ${uid}:${gid}`, -result);
  }
}

/** /dev: a small tmpfs with its nodes and links, owned by the container's root. */
function openDev(nodes: readonly DeviceNode[], consoles: number, { owner, labelOptions }: ForContainer): number {
  const options = { mode: '755', size: String(DEV_TMPFS_BYTES), ...labelOptions };
  const dev = newMount({ type: 'tmpfs', options, attributes: MOUNT_ATTR_NOSUID });
  try {
    const done = (result: number, path: string) => {
      if (result < 0 && result !== -17) throw systemError(`Failed to make device '/dev/${path}'`, -result); // EEXIST: a directory that two share
      const owned = owner.uid || owner.gid ? linux.fchownat(dev, path, owner.uid, owner.gid, AT_SYMLINK_NOFOLLOW) : 0;
      if (owned < 0) throw systemError(`Failed to change owner of '/dev/${path}'`, -owned);
    };
    if (owner.uid || owner.gid) linux.fchownat(dev, '', owner.uid, owner.gid, AT_EMPTY_PATH);
    done(linux.mkdirat(dev, 'pts', 0o755), 'pts');
    for (const { path, type, major, minor, mode } of nodes) {
      const parts = path.split('/');
      for (let i = 1; i < parts.length; i++) {
        const directory = parts.slice(0, i).join('/');
        done(linux.mkdirat(dev, directory, 0o755), directory);
      }
      done(linux.mknodat(dev, path, (type === 'b' ? S_IFBLK : S_IFCHR) | mode, makeDevice(major, minor)), path);
      linux.fchmodat(dev, path, mode); // mknod obeyed the umask
    }
    // Differs from libvirt: links, as its documentation says, instead of bind mounts.
    const links: [name: string, target: string][] = [
      ['stdin', '/proc/self/fd/0'],
      ['stdout', '/proc/self/fd/1'],
      ['stderr', '/proc/self/fd/2'],
      ['fd', '/proc/self/fd'],
      ['ptmx', '/dev/pts/ptmx'],
      ['console', '/dev/pts/0'],
    ];
    for (let i = 0; i < consoles; i++) links.push([`tty${i + 1}`, `/dev/pts/${i}`]);
    for (const [name, target] of links) done(linux.symlinkat(target, dev, name), name);
    return dev;
  } catch (error) {
    linux.close(dev);
    throw error;
  }
}

/** The file system of the container's files of /proc (linux/fuse.h): a directory, which the controller has yet to fill. */
function openFuse(labelOptions: Record<string, string>): { device: number; mount: number } {
  const device = linux.open('/dev/fuse', O_RDWR | O_CLOEXEC);
  if (device < 0) throw systemError('Unable to open /dev/fuse', -device);
  const mount = tryNewMount({
    type: 'fuse',
    options: { source: 'libvirt', fd: String(device), rootmode: '40555', user_id: '0', group_id: '0', ...labelOptions },
    flags: ['allow_other', 'default_permissions'], // the latter makes the kernel ask for the size whenever it is opened
    attributes: MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV,
  });
  if (mount < 0) {
    linux.close(device);
    throw systemError('Failed to mount fuse', -mount);
  }
  return { device, mount };
}

function openRoot(definition: DomainDefinition, { images, labelOptions }: ResourceRequest): number {
  const { filesystems } = definition.devices;
  const root = filesystems.find(({ target }) => target === '/');
  if (root && !['mount', 'block', 'file'].includes(root.type)) {
    throw libvirtError('CONFIG_UNSUPPORTED', `Unsupported root filesystem type ${root.type}`);
  }
  const owner = containerRoot(definition);
  const mount = root ? openFilesystem(root, { owner, image: images.get(filesystems.indexOf(root)), labelOptions }) : openDirectory('/');
  if (!fs.fstatSync(mount).isDirectory()) {
    linux.close(mount);
    throw systemError(`Failed to access '${root?.source ?? '/'}'`, 20);
  }
  return mount;
}

/** A detached mount of a <filesystem>'s source. `image`: the block device that one of type `file` is behind. Throws LibvirtError. */
export function openFilesystem(
  filesystem: FilesystemDevice,
  { owner, image, labelOptions }: ForContainer & { image: string | undefined },
): number {
  const { type, source, readonly } = filesystem;
  switch (type) {
    case 'mount': {
      const tree = openDirectory(source);
      return readonly ? readonlyTree(tree) : tree;
    }
    case 'ram':
      return newMount({
        type: 'tmpfs',
        options: {
          size: `${filesystem.usageKiB ?? 0}k`,
          ...(owner.uid || owner.gid ? { uid: String(owner.uid), gid: String(owner.gid) } : {}),
          ...labelOptions,
        },
        // As libvirt: one that nothing can be put into needs no other restriction.
        attributes: readonly ? MOUNT_ATTR_RDONLY : MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV,
      });
    case 'block':
      return mountBlock(hostPath(source), readonly, labelOptions);
    case 'file':
      return mountBlock(image!, readonly, labelOptions);
    default: {
      // The source of a volume is no path.
      if (type !== 'volume' && !fs.existsSync(hostPath(source))) throw systemError(`Failed to access '${source}'`, 2);
      throw libvirtError('CONFIG_UNSUPPORTED', `Cannot mount filesystem type ${type}`);
    }
  }
}

function openHostSys(): number {
  const sys = cloneMount('/sys');
  if (sys < 0) throw systemError('Failed to bind /sys', -sys);
  return readonlyTree(sys, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
}

/** False also for what is not there, or only once another file system is mounted. */
function isFileBelow(root: number, source: string): boolean {
  const fd = linux.openat2(root, source, O_PATH | O_CLOEXEC, RESOLVE_IN_ROOT);
  if (fd < 0) return false;
  try {
    return !fs.fstatSync(fd).isDirectory();
  } finally {
    linux.close(fd);
  }
}

function openDirectory(source: string): number {
  const tree = cloneTree(hostPath(source));
  if (tree < 0) throw systemError(`Failed to access '${source}'`, -tree);
  return tree;
}

function readonlyTree(tree: number, attributes = 0): number {
  try {
    makeReadonly(tree, attributes);
    return tree;
  } catch (error) {
    linux.close(tree);
    throw error;
  }
}

/** Mounts a block device as whatever type it turns out to have: each that the host knows of is tried (mount(8), /etc/filesystems). */
function mountBlock(device: string, readonly: boolean, labelOptions: Record<string, string>): number {
  const attributes = readonly ? MOUNT_ATTR_RDONLY : 0;
  for (const type of blockFilesystems()) {
    const mount = tryNewMount({ type, options: { source: device, ...labelOptions }, flags: readonly ? ['ro'] : [], attributes });
    if (mount >= 0) return mount;
  }
  throw libvirtError('INTERNAL_ERROR', `Failed to mount device ${device}, unable to detect filesystem`);
}

function blockFilesystems(): string[] {
  const read = (file: string) => (fs.existsSync(file) ? fs.readFileSync(file, 'utf8').split('\n') : []);
  const known = read('/proc/filesystems')
    .filter((line) => line.startsWith('\t'))
    .map((line) => line.trim());
  const preferred = read('/etc/filesystems')
    .map((line) => line.trim())
    .filter((line) => line && !line.startsWith('#') && !line.startsWith('nodev'));
  if (preferred.length === 0) return known;
  return preferred.flatMap((type) => (type === '*' ? known : [type]));
}

function openCgroupTmpfs({ directories, links }: CgroupNames, { owner, labelOptions }: ForContainer): number {
  const owned = owner.uid || owner.gid ? { uid: String(owner.uid), gid: String(owner.gid) } : {};
  const options = { mode: '755', size: '65536', ...owned, ...labelOptions };
  const tmpfs = newMount({ type: 'tmpfs', options, attributes: MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC });
  for (const directory of directories) linux.mkdirat(tmpfs, directory, 0o755);
  for (const [name, target] of links) linux.symlinkat(target, tmpfs, name);
  return tmpfs;
}

/** Opens a namespace file. Throws SYSTEM_ERROR with `what`. */
export function openNamespaceFile(path: string, what: string): number {
  const fd = linux.openat(AT_FDCWD, path, O_CLOEXEC);
  if (fd < 0) throw systemError(what, -fd);
  return fd;
}
