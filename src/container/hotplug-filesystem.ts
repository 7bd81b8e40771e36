// <filesystem>s of a running container: what is attached is what a start would have attached, a copy of the host's mounts; where, the
// container's own files say, which an errand looks up inside (controller/mounts.c).
import fs from 'node:fs';
import { EBUSY, ETIMEDOUT, O_CLOEXEC } from '../../lib-native/constants.ts';
import { linux } from '../../lib-native/linux.ts';
import type { DomainDefinition, FilesystemDevice } from '../domain/definition.ts';
import { isSameTarget } from '../domain/device-list.ts';
import { libvirtError, notRunning, systemError } from '../errors.ts';
import { attempt } from '../host/attempt.ts';
import { allowDevice, forbidDevice } from '../host/cgroup/devices.ts';
import { mountIdOf } from '../host/mounts.ts';
import type { ChosenLabel } from '../security/labels.ts';
import { cgroupOf, type DomainDefinitions } from './definitions.ts';
import { filesystemRule, remainingRules } from './devices.ts';
import { type Descriptor, type ErrandEnd, runErrand } from './errand.ts';
import { attachFilesystemImage, releaseFilesystemImages } from './images.ts';
import { openInit } from './init.ts';
import { accessible, withMountId } from './live-definition.ts';
import { isMapped, mapFilesystem } from './mapped-mounts.ts';
import { openOwnMounts } from './own-mounts.ts';
import { containerRoot, idMapText } from './plan/idmap.ts';
import { hasUserNamespace } from './plan/namespaces.ts';
import { openFilesystem } from './resources.ts';

/** Not those that no start can give a container, either. */
const PLUGGABLE = ['mount', 'bind', 'ram', 'block', 'file'];
/** For what was written to a file system to come to its disk. */
const WRITING_MS = 60_000;

/** The file system as it would run. Throws CONFIG_UNSUPPORTED for one that only a start can give a container, or that no running one can lose. */
export function pluggable({ run }: DomainDefinitions, filesystem: FilesystemDevice): FilesystemDevice {
  if (isSameTarget(filesystem.target, '/'))
    throw libvirtError('CONFIG_UNSUPPORTED', 'the root file system of a running domain cannot be changed');
  if (!PLUGGABLE.includes(filesystem.type) || filesystem.socket !== undefined)
    throw libvirtError('CONFIG_UNSUPPORTED', `filesystem type '${filesystem.type}' of a running domain cannot be changed`);
  return run?.automaticIds ? accessible(filesystem, 'mapped') : filesystem;
}

/**
 * Attaches it; returns it as it runs. `next`: the running definition with it; `label`: what the container runs with.
 * Throws LibvirtError; nothing is attached then, though a directory that was missing may have been made for it.
 */
export function plugFilesystem(
  image: DomainDefinitions,
  next: DomainDefinition,
  filesystem: FilesystemDevice,
  label: ChosenLabel | undefined,
): FilesystemDevice {
  const { type, source, target, readonly } = filesystem;
  const purpose = `Failed to mount '${source}' on '${target}'`;
  using inside = enterable(image);
  const rule = filesystemRule(filesystem);
  label?.driver.prepare(next, label.seclabel);
  try {
    if (rule) allowDevice(cgroupOf(image), rule, remainingRules(next));
    if (type === 'bind') {
      const end = runErrand({ words: ['bind', ...inside.words, source, target, readonly ? 'ro' : 'rw'] });
      check(purpose, end);
      return withMountId(filesystem, Number(end?.output));
    }
    using device = type === 'file' ? attachFilesystemImage(image.live!, filesystem) : undefined;
    using mount = openMount(image, next, filesystem, { label, image: device?.path });
    const end = runErrand({ words: ['mount', ...inside.words, mount, target] });
    if (end || !hasArrived(mount)) check(purpose, end);
    device?.keep();
    return withMountId(filesystem, mountIdOf(mount.fd));
  } catch (error) {
    if (rule) forbidDevice(cgroupOf(image), rule, remainingRules(image.live!));
    label?.driver.prepare(image.live!, label.seclabel);
    throw error;
  }
}

/**
 * Takes it off, whoever uses it: what is open in it stays open, and keeps the device of an image. One that the container has taken off itself is gone already.
 * Throws OPERATION_FAILED where it cannot be got at; then it is still there. `next`: the running definition without it.
 */
export function unplugFilesystem(
  image: DomainDefinitions,
  next: DomainDefinition,
  filesystem: FilesystemDevice,
  label: ChosenLabel | undefined,
): void {
  const { type, source, target, mountId } = filesystem;
  using inside = enterable(image);
  const which = mountId === undefined ? ['bind', source] : ['id', mountId]; // a start does not know of what it binds
  const end = runErrand({ words: ['unmount', ...inside.words, target, ...which], finishMs: WRITING_MS });
  if (end?.errno === EBUSY)
    throw libvirtError('OPERATION_FAILED', `the container has covered what was mounted on '${target}', or moved it to another place`);
  check(`Failed to unmount '${target}'`, end);
  if (type === 'file') releaseFilesystemImages(next);
  const rule = attempt(() => filesystemRule(filesystem));
  if (rule) forbidDevice(cgroupOf(image), rule, remainingRules(next));
  label?.driver.prepare(next, label.seclabel);
}

function check(purpose: string, end: ErrandEnd | undefined): void {
  if (end?.errno === 0) return;
  throw systemError(purpose, end ? end.errno : ETIMEDOUT);
}

/** An errand that was given up may be kept by the kernel on its very last step: so that it comes to nothing the mount is made unfit for it. */
const hasArrived = (mount: Descriptor): boolean => runErrand({ words: ['revoke', mount] })?.errno !== 0;

/** The first words of an errand in the container's mounts, which holds the namespaces as they are now. */
function enterable({ live, run }: DomainDefinitions): Disposable & { words: readonly [Descriptor, 'mounts' | 'users'] } {
  if (!run) throw notRunning();
  const init = openInit(run);
  try {
    const mounts = openOwnMounts(live!, init.pid);
    return {
      words: mounts.fd === undefined ? [{ fd: init.pidfd }, 'users'] : [{ fd: mounts.fd }, 'mounts'],
      [Symbol.dispose]: () => {
        mounts[Symbol.dispose]();
        init[Symbol.dispose]();
      },
    };
  } catch (error) {
    init[Symbol.dispose]();
    throw error;
  }
}

function openMount(
  { run }: DomainDefinitions,
  next: DomainDefinition,
  filesystem: FilesystemDevice,
  { label, image }: { label: ChosenLabel | undefined; image: string | undefined },
): Disposable & Descriptor {
  const labelOptions = label?.driver.mountOptions(label.seclabel) ?? {};
  const mount = held(openFilesystem(filesystem, { owner: containerRoot(next), image, labelOptions }));
  try {
    if (isMapped(next, filesystem, run!.level)) {
      using userns = openOwnUsers(next, run!.initPid);
      mapFilesystem(filesystem, mount.fd, userns.fd);
    }
    return mount;
  } catch (error) {
    mount[Symbol.dispose]();
    throw error;
  }
}

/**
 * The user namespace that the start has made. An init could have gone on to one of its own, by which it would see files as those of
 * whom it likes; it cannot come back from there, so what it is in after the file was opened is what was opened, or below it.
 */
function openOwnUsers(domain: DomainDefinition, initPid: number): Disposable & Descriptor {
  if (!hasUserNamespace(domain)) throw new RangeError('no user namespace');
  const userns = held(linux.open(`/proc/${initPid}/ns/user`, O_CLOEXEC));
  const isOwn = (['uid', 'gid'] as const).every(
    (kind) =>
      rangesOf(attempt(() => fs.readFileSync(`/proc/${initPid}/${kind}_map`, 'latin1')) ?? '') === rangesOf(idMapText(domain.idmap[kind])),
  );
  if (userns.fd >= 0 && isOwn) return userns;
  userns[Symbol.dispose]();
  throw libvirtError('OPERATION_DENIED', 'init has left the user namespace of its container: no files are shown by the ids of another');
}

/** Of a text as uid_map has it: the kernel sorts many. */
const rangesOf = (text: string): string =>
  text
    .split('\n')
    .map((line) => line.trim().replace(/ +/g, ' '))
    .filter(Boolean)
    .sort()
    .join();

const held = (fd: number): Disposable & Descriptor => ({
  fd,
  [Symbol.dispose]: () => {
    if (fd >= 0) linux.close(fd);
  },
});
