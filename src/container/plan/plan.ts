// Compiles a definition into the plan that libvirt_lxc runs: the order in which a container comes to be. Pure: everything
// of the host that it needs comes in `PlanInputs`, so that a plan can be printed and tested without a kernel.
//
// The order and its reasons:
//   standard files   none of the host's; the controller has closed every other descriptor that no step names (controller/plan.c)
//   groups first     while the child is still root of the host: limits hold before it does anything
//   keyring          a session's of its own, not that of whoever started it
//   identity         root of the user namespace, before it touches a mount
//   new mounts       proc, sysfs: the kernel refuses them to a user namespace once the host's own are out of sight
//   root             attached, pivoted into, and the host's tree dropped: from here on no path leads out
//   special mounts, file systems, devices: all sources are descriptors
//   go               the parent has written the status: from here on the container exists
//   filter (while the child may still set one), capabilities, user, label, exec
import {
  AT_FDCWD,
  CLONE_NEWCGROUP,
  CLONE_NEWIPC,
  CLONE_NEWNET,
  CLONE_NEWTIME,
  CLONE_NEWUTS,
  CLOSE_RANGE_CLOEXEC,
  EACCES,
  EBADF,
  EINVAL,
  ENOENT,
  ENOSYS,
  ENOTTY,
  EPERM,
  EROFS,
  KEYCTL_JOIN_SESSION_KEYRING,
  MNT_DETACH,
  MOUNT_ATTR_NODEV,
  MOUNT_ATTR_NOEXEC,
  MOUNT_ATTR_NOSUID,
  MOUNT_ATTR_RDONLY,
  MS_PRIVATE,
  MS_REC,
  O_CLOEXEC,
  O_NOCTTY,
  O_RDWR,
  O_WRONLY,
  PER_LINUX32,
  PR_CAP_AMBIENT,
  PR_CAP_AMBIENT_CLEAR_ALL,
  PR_CAPBSET_DROP,
  PR_SET_PDEATHSIG,
  SIG_SETMASK,
  SIGKILL,
  TIOCSCTTY,
} from '../../../lib-native/constants.ts';
import { GO, type Plan, type PlanView, type Step } from '../../../lib-native/plan-encoding.ts';
import type { DomainDefinition, FilesystemDevice, SharedNamespace } from '../../domain/definition.ts';
import { keptCapabilities } from '../../security/capabilities.ts';
import type { Containment } from '../../security/containment.ts';
import type { Machine } from '../../security/seccomp/compile.ts';
import { numberMask } from '../../values/bitmap.ts';
import { confine, hidePaths } from './contain.ts';
import { hostName, initArgv, initEnvironment } from './environment.ts';
import { containerRoot } from './idmap.ts';
import { cloneFlags, hasNetworkNamespace, hasUserNamespace } from './namespaces.ts';
import {
  type Mount,
  makeDirectories,
  makeTarget,
  mountNew,
  moveMount,
  moveMountTo,
  openTree,
  setAttributes,
  step,
  waitForGo,
  writeFile,
} from './steps.ts';

/** Init's user and groups, as ids inside the container. */
export interface InitIdentity {
  uid: number;
  gid: number;
  groups: number[];
}

export interface HostFacts {
  /** Highest capability number of this kernel (/proc/sys/kernel/cap_last_cap). */
  lastCapability: number;
  /** Hard limit of open files; the runtime raises the soft one, init gets the usual soft one back. */
  maxOpenFiles: number;
  /** Capabilities that this program has itself (CapPrm of proc(5)). */
  permittedCapabilities: bigint;
  hasSecurityfs: boolean;
  hasSelinuxfs: boolean;
  hasTimeNamespaces: boolean;
  /** True where the guest's architecture is the 32-bit sibling of the host's. */
  is32Bit: boolean;
  machine: Machine;
  /** What containers of this host find in their variable `container`; undefined: the documented word. */
  containerVariable?: string | undefined;
}

/** Descriptors as the child will see them, and paths of what was made for it. */
export interface PlanInputs {
  host: HostFacts;
  containment: Containment;
  identity: InitIdentity;
  root: number;
  dev: number;
  devpts: number;
  /** What it is told of its resources: a FUSE file system of the controller's. `clock`: when its time begins, and by how much it is behind the host's. */
  view:
    | {
        mount: number;
        /** Not of memory alone. */
        isWhole: boolean;
        directories: PlanView['directories'];
        clock?: { sinceS: number; offsetS: number };
      }
    | undefined;
  /** The host's sysfs, where the container cannot mount one of its own. */
  sys: number | undefined;
  cgroup:
    | {
        version: 1;
        /** To be joined; `payload` of the unified hierarchy of a hybrid host. */
        directories: string[];
        payload: string | undefined;
        /** A namespace: the writable groups are then the roots of their hierarchies. */
        ownNamespace: boolean;
        base: string;
        tmpfs: number;
        /** Writable are those in which nothing is limited. */
        binds: { directory: string; name: string; isWritable: boolean }[];
      }
    | { version: 2; payload: string };
  /** By index in definition.devices.filesystems; the root has none, and `bind` no mount. */
  filesystems: Map<number, { mount?: number; isFile: boolean }>;
  sharedNamespaces: Partial<Record<SharedNamespace, number>>;
  /** Its processors are those of its cgroup, whichever it is given later: init's own mask leaves all to it. */
  processorsOfCgroup: boolean;
  /** Init is an init system, and its level lets it mount nothing. */
  isSystem: boolean;
  /** Init's session has the console as its controlling terminal. */
  holdsTerminal: boolean;
  passFds: number[];
  /** The security label that init is executed with. */
  label?: OnExecLabel | undefined;
  /** Options of file systems that are made here, by which they have the container's label. */
  mountOptions?: Readonly<Record<string, string>> | undefined;
}

/** What is written where, below a proc file system, so that the next execve(2) takes on a security label. */
export interface OnExecLabel {
  file: string;
  text: string;
}

const NAMESPACE_FLAGS: Record<SharedNamespace, number> = { net: CLONE_NEWNET, ipc: CLONE_NEWIPC, uts: CLONE_NEWUTS };
export const SPECIAL = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC;
const LOCKED = SPECIAL | MOUNT_ATTR_RDONLY;
/** The kernel's usual soft limit of open files (setrlimit(2)). */
const SOFT_OPEN_FILES = 1024;
/** Any directory that everybody may enter will do to hang the new root on; the mount disappears with the old tree. */
const STAGING = '/proc';
/** Mount points in sysfs for file systems of the kernel's that a user namespace cannot mount; systemd tries it with these, and is degraded then. */
const KERNELS_OWN = ['/sys/kernel/config', '/sys/kernel/debug', '/sys/kernel/tracing'];

/** True if the child must wait for the parent before it touches anything: for its id maps. Its network it needs only to be executed. */
export const waitsBeforeMounts = hasUserNamespace;

/** The plan of `definition`. */
export function compilePlan(definition: DomainDefinition, inputs: PlanInputs): Plan {
  const parent: Step[] = [];
  const plan: Plan = { cloneFlags: cloneFlags(definition), parent, child: [] };
  bearInto(inputs.cgroup.payload, plan);
  if (inputs.view) {
    const { directories, clock } = inputs.view;
    plan.view = { directories, version: inputs.cgroup.version, ...containerRoot(definition), since: clock?.sinceS ?? 0 };
  }
  const fresh = newMounts(definition, inputs);
  plan.child.push(
    ...[0, 1, 2].map((fd) => step('dup3', [GO, fd, 0], 'Failed to leave the standard files')),
    ...(waitsBeforeMounts(definition) ? [waitForGo('controller went away')] : []),
    // What is made in the root is the container's, whoever starts it.
    step('umask', [0o022], 'umask failed'),
    ...joinCgroups(inputs),
    ownKeyring(),
    ...ownClock(inputs),
    ...joinNamespaces(inputs),
    ...(hasUserNamespace(definition) ? becomeRoot() : []),
    ...fresh.steps,
    ...enterRoot(inputs),
    ...fresh.attach,
    ...attachDevices(inputs),
    ...hidePaths(inputs.containment, LOCKED),
    ...(inputs.isSystem ? prepareMounts(inputs.containment, inputs.mountOptions) : []),
    ...definition.devices.filesystems.flatMap((filesystem, i) => attachFilesystem(filesystem, inputs.filesystems.get(i))),
    step('faccessat', [AT_FDCWD, definition.os.init, 0], `cannot find init path '${definition.os.init}' relative to container root`),
    ...(definition.sharedNamespaces.uts ? [] : [setHostName(hostName(definition.name))]),
    ...standardFiles(inputs),
    ...resources(definition, inputs),
    waitForGo('controller went away'),
    ...credentials(definition, inputs),
    ...fresh.label,
    ...execute(definition, inputs),
  );
  return plan;
}

/** Has the child born into a cgroup of the unified hierarchy, if there is one. */
export function bearInto(payload: string | undefined, plan: Plan): void {
  if (payload === undefined) return;
  plan.cgroup = step('openat', [AT_FDCWD, payload, O_CLOEXEC], `cannot open cgroup '${payload}'`);
  plan.parent.push(plan.cgroup);
}

function joinCgroups({ cgroup }: PlanInputs): Step[] {
  const ownNamespace = step('unshare', [CLONE_NEWCGROUP], 'Failed to make a cgroup namespace');
  if (cgroup.version === 2) return [ownNamespace];
  return [...joinDirectories(cgroup.directories), ...(cgroup.ownNamespace ? [ownNamespace] : [])];
}

/** "0" is the writer itself; for a single thread the kernel then needs no lock over all processes, whose first taker waits 8 ms. */
export const joinDirectories = (directories: readonly string[]): Step[] =>
  directories.flatMap((directory) => writeFile(`${directory}/tasks`, '0', `cannot enter cgroup '${directory}'`));

/**
 * A time namespace in which the time since the start (CLOCK_BOOTTIME) is the container's: so programs that count from there, as ps
 * does when a process started, agree with /proc/uptime. CLOCK_MONOTONIC stays the host's: journals are sorted by it. As the
 * process that made the namespace is to be in it itself, it enters it (time_namespaces(7)).
 */
function ownClock({ view }: PlanInputs): Step[] {
  if (!view?.clock) return [];
  const purpose = 'Failed to make a time namespace';
  const made = step('openat', [AT_FDCWD, '/proc/self/ns/time_for_children', O_CLOEXEC], purpose);
  return [
    step('unshare', [CLONE_NEWTIME], purpose),
    ...writeFile('/proc/self/timens_offsets', `boottime ${view.clock.offsetS} 0\n`, purpose),
    made,
    step('setns', [{ step: made }, CLONE_NEWTIME], purpose),
    step('close', [{ step: made }], purpose),
  ];
}

function joinNamespaces({ sharedNamespaces }: PlanInputs): Step[] {
  return (['net', 'ipc', 'uts'] as const).flatMap((name) => {
    const fd = sharedNamespaces[name];
    return fd === undefined ? [] : [step('setns', [fd, NAMESPACE_FLAGS[name]], `Failed to set namespace '${name}'`)];
  });
}

/** An anonymous session keyring in place of the caller's, before ids change: it is then no quota of a mapped user (keyctl(2)). */
export const ownKeyring = (): Step =>
  step('keyctl', [KEYCTL_JOIN_SESSION_KEYRING, null], 'Failed to make a session keyring', { tolerate: [ENOSYS] });

/** Root of the user namespace. */
export function becomeRoot(): Step[] {
  return [
    step('setgroups', [0, null], 'setgroups failed'),
    step('setresgid', [0, 0, 0], 'setgid failed'),
    step('setresuid', [0, 0, 0], 'setuid failed'),
  ];
}

/** What can only be mounted while the host's own proc and sysfs are in sight; attached after the root. */
function newMounts(definition: DomainDefinition, inputs: PlanInputs): { steps: Step[]; attach: Step[]; label: Step[] } {
  const { host, cgroup, view } = inputs;
  const hasNetwork = hasNetworkNamespace(definition);
  const hasUsers = hasUserNamespace(definition);
  const steps: Step[] = [step('mount', [null, '/', null, MS_REC | MS_PRIVATE, null], 'Failed to make root private')];
  // A root may have the host's own there, whatever its path is: what is under a mount comes to light when that is taken off.
  const attach: Step[] = ['/sys', '/dev', '/proc'].map(detach);

  const proc = mountNew('proc', SPECIAL, 'Failed to mount proc on /proc');
  const label = inputs.label && labelOnExec(inputs.label, proc.mount);
  steps.push(...proc.steps, ...(label?.open ?? []));
  attach.push(...place(proc.mount, '/proc'));
  attach.push(...procSys(hasNetwork));

  if (inputs.sys !== undefined) {
    // sysfs belongs to the network namespace, and that is not this user namespace's. Differs from libvirt, which fails here.
    attach.push(...place(inputs.sys, '/sys'));
  } else {
    const sys = mountNew('sysfs', LOCKED, 'Failed to mount sysfs on /sys');
    steps.push(...sys.steps);
    attach.push(...place(sys.mount, '/sys'));
  }
  if (hasUsers) {
    // A mount unit whose place is a mount already is active (systemd.mount(5)): nothing, to be read only.
    for (const target of KERNELS_OWN) addTo('tmpfs', target, [ENOENT]);
  } else {
    if (host.hasSecurityfs) addTo('securityfs', '/sys/kernel/security');
    if (host.hasSelinuxfs) addTo('selinuxfs', '/sys/fs/selinux');
  }
  if (cgroup.version === 1) {
    attach.push(moveMount(cgroup.tmpfs, cgroup.base, `Failed to mount tmpfs on ${cgroup.base}`));
    for (const { directory, name, isWritable } of cgroup.binds) {
      const tree = openTree(directory, false, `Failed to bind cgroup '${directory}'`);
      steps.push(
        tree,
        isWritable
          ? setAttributes({ step: tree }, SPECIAL, `Failed to restrict cgroup '${directory}'`)
          : setAttributes({ step: tree }, LOCKED, `Failed to make cgroup '${directory}' readonly`),
      );
      attach.push(moveMount({ step: tree }, `${cgroup.base}/${name}`, `Failed to mount cgroup on ${cgroup.base}/${name}`));
    }
  } else {
    const tree = mountNew('cgroup2', SPECIAL, 'Failed to mount cgroup2 on /sys/fs/cgroup');
    steps.push(...tree.steps);
    attach.push(moveMount(tree.mount, '/sys/fs/cgroup', 'Failed to mount cgroup2 on /sys/fs/cgroup'));
  }
  if (view) {
    const files = viewFiles(view);
    steps.push(...files.steps);
    attach.push(...files.attach);
  }
  return { steps, attach, label: label?.write ?? [] };

  function addTo(type: string, target: string, tolerate: number[] = []): void {
    const mount = mountNew(type, LOCKED, `Failed to mount ${type} on ${target}`);
    steps.push(...mount.steps);
    attach.push({ ...moveMount(mount.mount, target, `Failed to mount ${type} on ${target}`), tolerate });
  }
}

const MEMORY_FILE = '/proc/meminfo';
/** Of the FUSE file system, each by its last name (controller/fuse.c). The kernel may lack some. */
const VIEW_FILES = ['/proc/swaps', '/proc/cpuinfo', '/sys/devices/system/cpu/online', '/proc/stat', '/proc/loadavg', '/proc/diskstats'];

/** A mount that is attached nowhere cannot be copied in part (before Linux 6.15): it is put somewhere for as long as that takes. */
function viewFiles({ mount, isWhole, clock }: NonNullable<PlanInputs['view']>): { steps: Step[]; attach: Step[] } {
  const files = [MEMORY_FILE, ...(isWhole ? VIEW_FILES : []), ...(clock ? ['/proc/uptime'] : [])].map((file) => ({
    file,
    tree: openTree(`${STAGING}/${file.slice(file.lastIndexOf('/') + 1)}`, false, `Failed to mount on ${file}`),
  }));
  const purpose = 'Failed to attach the files of the container';
  return {
    steps: [moveMount(mount, STAGING, purpose), ...files.map(({ tree }) => tree), step('umount2', [STAGING, MNT_DETACH], purpose)],
    attach: files.map(({ file, tree }) => ({
      ...moveMount({ step: tree }, file, `Failed to mount on ${file}`),
      ...(file === MEMORY_FILE ? {} : { tolerate: [ENOENT] }),
    })),
  };
}

/**
 * The label of the next execve(2). The file is opened in a proc file system that was made for this and hangs nowhere yet: no path is
 * followed that a mount of the container's, or of whoever else, could lead elsewhere (CVE-2025-52881). Only who opened it may write.
 */
export function labelOnExec({ file, text }: OnExecLabel, proc: Mount): { open: Step[]; write: Step[] } {
  const purpose = `Failed to set security label '${text}'`;
  const open = step('openat', [proc, file, O_WRONLY | O_CLOEXEC], purpose);
  return {
    open: [open],
    write: [step('write', [{ step: open }, text, Buffer.byteLength(text)], purpose), step('close', [{ step: open }], purpose)],
  };
}

const detach = (target: string): Step =>
  step('umount2', [target, MNT_DETACH], `Failed to unmount '${target}'`, { tolerate: [EINVAL, ENOENT] });

/** Attaches on a directory that is made if it can be; on a read-only root it must be there. */
const place = (mount: Parameters<typeof moveMount>[0], target: string): Step[] => [
  ...makeDirectories(target, [EROFS, EACCES]),
  moveMount(mount, target, `Failed to mount on ${target}`),
];

/** /proc/sys read-only, but for what belongs to the container's own network. */
function procSys(hasNetwork: boolean): Step[] {
  const writable = hasNetwork
    ? ['/proc/sys/net/ipv4', '/proc/sys/net/ipv6'].map((path) => ({
        path,
        tree: step('open_tree', openTree(path, false, '').args, `Failed to bind ${path}`, { tolerate: [ENOENT] }),
      }))
    : [];
  const sys = openTree('/proc/sys', false, 'Failed to bind /proc/sys');
  return [
    ...writable.map(({ tree }) => tree),
    sys,
    setAttributes({ step: sys }, LOCKED, 'Failed to make /proc/sys readonly'),
    moveMount({ step: sys }, '/proc/sys', 'Failed to mount on /proc/sys'),
    ...writable.map(({ path, tree }) => ({
      ...moveMount({ step: tree }, path, `Failed to mount on ${path}`),
      tolerate: [ENOENT, EBADF /* the host has no IPv6 */],
    })),
  ];
}

/** From here on no path leads out of the root. */
export function enterRoot({ root }: Pick<PlanInputs, 'root'>): Step[] {
  return [
    moveMount(root, STAGING, 'Failed to attach the root file system'),
    step('chdir', [STAGING], 'Failed to enter the root file system'),
    step('pivot_root', ['.', '.'], 'Failed to pivot root'),
    // The old root now lies over the new one: taking it off leaves no way back (pivot_root(2), NOTES).
    step('umount2', ['.', MNT_DETACH], 'Failed to drop the old root'),
    step('chdir', ['/'], 'Failed to chdir into the root'),
  ];
}

const attachDevices = ({ dev, devpts }: PlanInputs): Step[] => [
  ...place(dev, '/dev'),
  moveMount(devpts, '/dev/pts', 'Failed to mount devpts on /dev/pts'),
];

function prepareMounts({ preparedMounts }: Containment, labelOptions: Readonly<Record<string, string>> = {}): Step[] {
  return preparedMounts.flatMap(({ path, mode, runsPrograms }) => {
    const attributes = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | (runsPrograms ? 0 : MOUNT_ATTR_NOEXEC);
    const { steps, mount } = mountNew('tmpfs', attributes, `Failed to mount tmpfs on ${path}`, [
      ['mode', mode],
      ...Object.entries(labelOptions),
    ]);
    return [...steps, ...place(mount, path)];
  });
}

function attachFilesystem(
  { type, source, target, readonly }: FilesystemDevice,
  opened: { mount?: number; isFile: boolean } | undefined,
): Step[] {
  if (target === '/') return [];
  const purpose = `Failed to mount '${source}' on '${target}'`;
  const place = makeTarget(target, { isFile: opened?.isFile ?? false }, purpose);
  if (type === 'bind') {
    const tree = openTree(source, true, `Failed to access '${source}'`);
    return [
      place,
      tree,
      ...(readonly ? [setAttributes({ step: tree }, MOUNT_ATTR_RDONLY, `Failed to make mount ${target} readonly`)] : []),
      moveMountTo({ step: tree }, place, purpose),
    ];
  }
  if (opened?.mount === undefined) throw new RangeError(`no source for '${target}'`);
  return [place, moveMountTo(opened.mount, place, purpose)];
}

const setHostName = (name: string): Step => step('sethostname', [name, name.length], 'Failed to set hostname');

function standardFiles({ passFds, identity, holdsTerminal }: PlanInputs): Step[] {
  const tty = step('openat', [AT_FDCWD, '/dev/pts/0', O_RDWR | O_NOCTTY | O_CLOEXEC], 'Failed to open /dev/pts/0');
  const out = { step: tty };
  return [
    step('setsid', [], 'setsid failed', { tolerate: [EPERM] }),
    tty,
    ...(identity.uid === 0 ? [] : [step('fchown', [out, identity.uid, -1], 'Failed to change owner of the console')]),
    ...[0, 1, 2].map((fd) => step('dup3', [out, fd, 0], 'Failed to set up standard files')),
    // What a <filesystem> put over /dev/pts may be none, or somebody's.
    ...(holdsTerminal ? [step('ioctl', [0, TIOCSCTTY, 0], 'Failed to set the controlling terminal', { tolerate: [ENOTTY, EPERM] })] : []),
    ...passFds.map((fd, i) => step('dup3', [fd, 3 + i, 0], `Cannot pass descriptor ${3 + i}`)),
  ];
}

/** The runtime raises the soft limit of open files for itself; what it starts gets the usual one back. */
export function openFilesLimit({ maxOpenFiles }: HostFacts): Step {
  const RLIMIT_NOFILE = 7;
  const limit = Buffer.alloc(16);
  limit.writeBigUInt64LE(BigInt(Math.min(SOFT_OPEN_FILES, maxOpenFiles)), 0);
  limit.writeBigUInt64LE(BigInt(maxOpenFiles), 8);
  return step('prlimit64', [0, RLIMIT_NOFILE, limit, null], 'Failed to set the limit of open files');
}

function resources({ vcpu, numatune }: DomainDefinition, { host, processorsOfCgroup }: PlanInputs): Step[] {
  const cpus = vcpu.cpuset === undefined || processorsOfCgroup ? Buffer.alloc(128, 0xff) : numberMask(vcpu.cpuset, 1024);
  const steps = [openFilesLimit(host), step('sched_setaffinity', [0, cpus.length, cpus], 'Failed to set CPU affinity')];
  if (numatune?.nodeset !== undefined && numatune.mode !== 'restrictive') {
    const nodes = numberMask(numatune.nodeset, 1024);
    const mode = { strict: 2, preferred: 1, interleave: 3 }[numatune.mode];
    steps.push(step('set_mempolicy', [mode, nodes, 1025], 'Failed to set NUMA memory policy'));
  }
  if (host.is32Bit) steps.push(step('personality', [PER_LINUX32], 'Failed to set personality'));
  return steps;
}

/** What this process may have at all: as root of a user namespace, everything there is. */
const permitted = (definition: DomainDefinition, { lastCapability, permittedCapabilities }: HostFacts): bigint =>
  hasUserNamespace(definition) ? (1n << BigInt(lastCapability + 1)) - 1n : permittedCapabilities;

/** capset(2): effective and permitted become `mask`, inheritable nothing. An execve would bring inheritable ones back. */
function setCapabilities(mask: bigint): Step {
  const VERSION_3 = 0x20080522;
  const header = Buffer.alloc(8);
  header.writeUInt32LE(VERSION_3, 0);
  const sets = Buffer.alloc(24);
  for (const [word, at] of [[mask & 0xffffffffn, 0] as const, [mask >> 32n, 12] as const]) {
    sets.writeUInt32LE(Number(word), at);
    sets.writeUInt32LE(Number(word), at + 4);
  }
  return step('capset', [header, sets], 'failed to set capabilities');
}

/** For a process that is in the container already, where init could take it over before it executes anything. */
export function limitCapabilities(definition: DomainDefinition, { level }: Containment, host: HostFacts): Step {
  const kept = keptCapabilities(definition.features.capabilities, level, host.lastCapability);
  const mask = [...kept].reduce((bits, capability) => bits | (1n << BigInt(capability)), 0n);
  return setCapabilities(mask & permitted(definition, host));
}

/** What is out of the bounding set is gone for good with the next execve, root or not (capabilities(7)). */
export function dropCapabilities(definition: DomainDefinition, { level }: Containment, host: HostFacts, isSystem = false): Step[] {
  const { lastCapability } = host;
  const kept = keptCapabilities(definition.features.capabilities, level, lastCapability, isSystem);
  const steps: Step[] = [];
  for (let capability = 0; capability <= lastCapability; capability++) {
    if (!kept.has(capability)) steps.push(step('prctl', [PR_CAPBSET_DROP, capability, 0, 0, 0], `failed to drop capability ${capability}`));
  }
  const none = { tolerate: [EINVAL] };
  steps.push(setCapabilities(permitted(definition, host)));
  return [...steps, step('prctl', [PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0], 'failed to clear ambient capabilities', none)];
}

function credentials(definition: DomainDefinition, { host, identity, containment, isSystem }: PlanInputs): Step[] {
  return [
    ...confine(containment, host.machine),
    ...dropCapabilities(definition, containment, host, isSystem),
    ...takeIdentity(identity),
    // After the last change of ids, which would clear it (PR_SET_PDEATHSIG(2const)).
    step('prctl', [PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0], 'failed to tie init to its controller'),
  ];
}

/** Of a root that has all groups still, another user, or the same with groups of its own. */
export function takeIdentity({ uid, gid, groups }: InitIdentity): Step[] {
  if (uid === 0 && gid === 0 && groups.length === 0) return [step('setgroups', [0, null], 'setgroups failed')];
  return [
    step('setgroups', [groups.length, idList(groups)], 'setgroups failed'),
    step('setresgid', [gid, gid, gid], 'setgid failed'),
    ...(uid === 0 ? [] : [step('setresuid', [uid, uid, uid], 'setuid failed')]),
  ];
}

function idList(ids: number[]): Buffer {
  const bytes = Buffer.alloc(Math.max(4, ids.length * 4));
  ids.forEach((id, i) => {
    bytes.writeUInt32LE(id, i * 4);
  });
  return bytes;
}

/** Nothing of ours reaches the program: descriptors from `firstClosed` on, blocked signals. */
export function finish(firstClosed: number): Step[] {
  return [
    step('close_range', [firstClosed, 0xffffffff, CLOSE_RANGE_CLOEXEC], 'Failed to close inherited descriptors'),
    step('rt_sigprocmask', [SIG_SETMASK, Buffer.alloc(8), null, 8], 'Failed to unblock signals'),
  ];
}

function execute(definition: DomainDefinition, { host, passFds }: PlanInputs): Step[] {
  const { init, initdir } = definition.os;
  return [
    ...finish(3 + passFds.length),
    ...(initdir === undefined ? [] : enterDirectory(initdir)),
    step('execve', [init, initArgv(definition), initEnvironment(definition, host)], `cannot execute init '${init}'`),
  ];
}

const PATH_MAX = 4096;

/** The last link of a hostile root's path leads nowhere but into the root, as nothing else is open: the check is for what is not thought of. */
export const enterDirectory = (path: string, { late = true } = {}): Step[] => [
  step('chdir', [path], `Failed to chdir into ${path}`, { late }),
  step('getcwd', [Buffer.alloc(PATH_MAX), PATH_MAX], `${path} leads out of the container`, { late, inside: true }),
];
