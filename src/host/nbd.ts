// Network block devices (nbd) for image files that the kernel cannot read itself: each is served by a qemu-nbd of its own
// (qemu-nbd(8)), which ends when its device is disconnected. Nothing is written down about them: a device's server is found by
// the kernel, and what it is for by its command line. Differs from libvirt: a server is not in the container's cgroups, whose
// limits would count it and whose freezer would stop it while something is still to be written.
import fs from 'node:fs';
import { EBUSY, NBD_CLEAR_QUE, NBD_CLEAR_SOCK, NBD_DISCONNECT, O_CLOEXEC, O_EXCL, O_RDONLY, O_RDWR } from '../../lib-native/constants.ts';
import { linux } from '../../lib-native/linux.ts';
import { pause } from '../../lib-native/pause.ts';
import { libvirtError } from '../errors.ts';
import { leaveUnit } from './cgroup/unit.ts';
import { failureOf, requireProgram, wasGiven } from './programs.ts';

const SYSFS = '/sys/block';
const START_TIMEOUT_MS = 20_000;
const READY_TIMEOUT_MS = 1000;
/** For a file system that was mounted from a device to be written back. */
const UNMOUNT_TIMEOUT_MS = 10_000;
const POLL_MS = 5;

export interface NbdRequest {
  /** An absolute path, which is never taken for one of qemu's protocols. */
  file: string;
  /** As qemu-img(1) knows it. */
  format: string;
  readonly: boolean;
  /** Uuid of the domain. */
  owner: string;
}

/** Puts `file` behind a free device and returns that. Throws INTERNAL_ERROR or OPERATION_FAILED; nothing is left then. */
export function attachNbd({ file, format, readonly, owner }: NbdRequest): string {
  loadModule();
  const program = requireProgram('qemu-nbd', 'qemu-utils');
  const options = [`--format=${format}`, ...(readonly ? ['--read-only'] : []), '--nocache', mark(owner)];
  let reason = 'No free NBD devices';
  for (const name of devices()) {
    if (serverOf(name) !== undefined) continue;
    const device = `/dev/${name}`;
    // The server outlives us, with what it is given.
    const environment = { timeoutMs: START_TIMEOUT_MS, cwd: '/', env: { LC_ALL: 'C' } };
    const failure = failureOf(program, [...options, `--connect=${device}`, file], environment);
    const server = failure === undefined ? waitFor(() => serverOf(name), READY_TIMEOUT_MS) : undefined;
    if (server !== undefined) {
      leaveUnit(server);
      return device;
    }
    if (failure === undefined) disconnect(name);
    reason = failure === undefined ? `${device} is not served` : `qemu-nbd: ${failure.replace(/^qemu-nbd: /, '')}`;
    if (serverOf(name) === undefined) break; // nobody else was quicker to take it: it is the file
  }
  throw libvirtError('INTERNAL_ERROR', reason);
}

/** Disconnects the devices of a domain whose container has ended, after what was mounted from them has been written back. */
export function releaseNbds(owner: string): void {
  for (const device of devicesOf(owner)) {
    waitFor(() => !isMounted(device.name) || undefined, UNMOUNT_TIMEOUT_MS);
    release(device, owner);
  }
}

/** The same of a running one, of those devices that nothing is mounted from, but for `inUse`. */
export function releaseUnusedNbds(owner: string, inUse: ReadonlySet<string>): void {
  for (const device of devicesOf(owner)) {
    if (!inUse.has(`/dev/${device.name}`) && !isMounted(device.name)) release(device, owner);
  }
}

interface ServedDevice {
  name: string;
  server: number;
}

function devicesOf(owner: string): ServedDevice[] {
  if (!fs.existsSync(`${SYSFS}/nbd0`)) return []; // the module is not loaded
  return devices().flatMap((name) => {
    const server = serverOf(name);
    return server !== undefined && wasGiven(server, mark(owner)) ? [{ name, server }] : [];
  });
}

function release({ name, server }: ServedDevice, owner: string): void {
  disconnect(name);
  waitFor(() => !wasGiven(server, mark(owner)) || undefined, READY_TIMEOUT_MS);
}

function loadModule(): void {
  if (devices().length === 0) failureOf('modprobe', ['nbd']); // the next line tells
  if (devices().length === 0) throw libvirtError('INTERNAL_ERROR', 'Failed to load nbd module');
}

/** In the order of their numbers. */
function devices(): string[] {
  const names = fs.readdirSync(SYSFS).filter((name) => /^nbd\d+$/.test(name));
  return names.sort((a, b) => Number(a.slice(3)) - Number(b.slice(3)));
}

/** The thread that serves a device. */
function serverOf(device: string): number | undefined {
  try {
    const pid = Number(fs.readFileSync(`${SYSFS}/${device}/pid`, 'latin1').trim());
    return pid > 1 ? pid : undefined;
  } catch {
    return undefined; // only a device that is connected has the file
  }
}

/** What `find` gives as soon as it gives something; undefined when the time is over. */
function waitFor<T>(find: () => T | undefined, timeoutMs: number): T | undefined {
  for (let waited = 0; ; waited += POLL_MS) {
    const found = find();
    if (found !== undefined || waited >= timeoutMs) return found;
    pause(POLL_MS);
  }
}

const mark = (owner: string): string => `--description=container ${owner}`;

/** A device of which something is mounted cannot be opened exclusively (open(2), O_EXCL). */
function isMounted(device: string): boolean {
  const fd = linux.open(`/dev/${device}`, O_RDONLY | O_EXCL | O_CLOEXEC);
  if (fd >= 0) linux.close(fd);
  return fd === -EBUSY;
}

/** Its server ends then by itself. */
function disconnect(device: string): void {
  const fd = linux.open(`/dev/${device}`, O_RDWR | O_CLOEXEC);
  if (fd < 0) return;
  for (const request of [NBD_CLEAR_QUE, NBD_DISCONNECT, NBD_CLEAR_SOCK]) linux.ioctlValue(fd, request, 0);
  linux.close(fd);
}
