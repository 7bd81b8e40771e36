// Runs a container: from a definition to a controller whose init has been executed. The caller holds the domain's lock.
//
// Order, and what a death of this process leaves at each point:
//   hooks, resources, links     descriptors close by themselves; links are found again by their alias
//   controller spawned          its control socket closes: it ends, and its child with it
//   groups, plan, id maps       the same; empty groups are removed by the next start
//   status written, then go     from here the domain runs, with or without us

import fs from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { EBADF } from '../../lib-native/constants.ts';
import { linux } from '../../lib-native/linux.ts';
import type { Plan } from '../../lib-native/plan-encoding.ts';
import { readable } from '../../lib-native/readable.ts';
import { controllerFile, programFile } from '../../lib-native/runtime.ts';
import { releaseOldPorts, TakenPorts } from '../bridge/ports.ts';
import type { DomainDefinition } from '../domain/definition.ts';
import { libvirtError, systemError } from '../errors.ts';
import { leaveUnit } from '../host/cgroup/unit.ts';
import { freeze, thawAll } from '../host/cgroup/freezer.ts';
import { cgroupFor, DEFAULT_PARTITION, type DomainCgroup } from '../host/cgroup/cgroup.ts';
import { type CgroupLayout, hostCgroups, isShown, systemdMount, UNIFIED_NAME } from '../host/cgroup/layout.ts';
import { oomKills } from '../host/cgroup/memory.ts';
import { holdDriverLock } from '../store/lock.ts';
import { openLog, warn } from '../store/log.ts';
import { makeCgroup } from './cgroup.ts';
import type { ConsoleLogs } from './console-logs.ts';
import { openConsoleLogs } from './console-logs.ts';
import { type DomainDevicesPlan, domainDeviceNodes } from './devices.ts';
import { hostNetworkWarning, hostRootRefusal } from './host-root.ts';
import type { Images } from './images.ts';
import { attachImages } from './images.ts';
import { asStartup, Controller, controllerEnvironment, InheritedFds, startupFailure } from './launch.ts';
import { dissolve } from './left-cgroups.ts';
import { type End, type Moment, type Transition, transition, type UnsaidStatus } from './lifecycle.ts';
import { liveDefinition } from './live-definition.ts';
import type { PreparedNetwork } from './network.ts';
import { idMapText } from './plan/idmap.ts';
import { hasNetworkNamespace, hasUserNamespace } from './plan/namespaces.ts';
import { compilePlan, waitsBeforeMounts } from './plan/plan.ts';
import { inheritResources, planInputs } from './plan-inputs.ts';
import { type CgroupNames, openResources, type Resources } from './resources.ts';
import { openSharedNamespaces } from './shared-namespaces.ts';

export interface RunOptions {
  /** Why it is started: somebody wants it, or its definition does after its end. */
  reason: 'booted' | 'rebooted';
  paused?: boolean;
  autodestroy?: boolean;
  /** An init system may run on the host's own root. */
  hostRoot?: boolean;
  /** Whoever starts it sits at a terminal. */
  atTerminal?: boolean;
  /** Descriptors of this process that become init's, from 3 on. */
  passFds?: readonly number[];
  /** Of a domain that was undefined while it ran, and is started again. */
  config?: DomainDefinition | undefined;
  /** Called when all is set up but init does not run yet, with what the domain runs with. */
  onSetUp?: ((live: DomainDefinition) => void) | undefined;
  onWaiting?: (what: string) => void;
  onWarning?: (text: string) => void;
}

/** What only a container with a network of its own needs. */
type NetworkOperations = typeof import('./network.ts');

/** A child that is gone has had its failure told by then. */
const CHILD_FAILURE_MS = 100;

/** Returns the live definition. Throws LibvirtError; then nothing of the container is left. */
export async function runDomain(definition: DomainDefinition, options: RunOptions): Promise<DomainDefinition> {
  const failed = transition(definition, 'shut off', options.reason === 'booted' ? 'not booted' : 'not rebooted');
  const end = (error: unknown): End => ({ reason: 'failed', why: error instanceof Error ? error.message : String(error) });
  let domain: DomainDefinition;
  try {
    hostCgroups();
    domain = startable(definition, options.hostRoot === true);
    checkPassFds(options.passFds ?? []);
  } catch (error) {
    failed.at('refused', { end: end(error) });
    throw error;
  }
  const change = options.paused ? transition(domain, 'paused', 'starting up') : transition(domain, 'running', options.reason);
  try {
    change.at('prepare', { live: domain });
    await runWithNetwork(domain, options, change);
  } catch (error) {
    failed.at('failed', { live: domain, end: end(error) });
    throw error;
  }
  return domain;
}

type Start = Transition<Moment<'running', 'booted'>>;

async function runWithNetwork(domain: DomainDefinition, options: RunOptions, change: Start): Promise<void> {
  if (!hasNetworkNamespace(domain)) return launch(domain, undefined, options, change);
  const operations = await import('./network.ts');
  using ports = await portsFor(domain);
  const prepared = operations.prepareInterfaces(linux, domain, ports);
  domain.devices.interfaces = prepared.interfaces;
  try {
    await launch(domain, { operations, prepared }, options, change);
  } catch (error) {
    operations.releaseInterfaces(linux, domain.uuid, prepared.interfaces);
    throw error;
  }
  ports?.keep();
}

/** Loads the driver of networks, if the domain has an interface in one. */
async function portsFor(domain: DomainDefinition): Promise<TakenPorts | undefined> {
  if (!domain.devices.interfaces.some(({ type }) => type === 'network')) return undefined;
  releaseOldPorts(domain);
  return new TakenPorts(domain);
}

/** Throws for what a container cannot have, or must not. */
function startable(definition: DomainDefinition, hostRoot: boolean): DomainDefinition {
  const domain = liveDefinition(definition);
  if (hostRoot) domain.hostRoot = true; // while it runs, and when it is started again: it was meant so
  const refusal = hostRootRefusal(domain);
  if (refusal) throw refusal;
  return domain;
}

/** The plan of a domain that is not started: with the descriptors that a start would have. */
export async function dryRun(definition: DomainDefinition, options: Pick<RunOptions, 'hostRoot' | 'atTerminal'>): Promise<Plan> {
  const domain = startable(definition, options.hostRoot === true);
  using images = await imagesFor(domain);
  using shared = openSharedNamespaces(domain);
  using resources = openDomainResources(
    domain,
    asStartup(() => domainDeviceNodes(domain)),
    images,
  );
  const numbers = inheritResources(resources, shared.fds, new InheritedFds([null, null, null]));
  const group = asStartup(() => cgroupFor(domain, process.pid));
  return compilePlan(
    domain,
    asStartup(() => planInputs(domain, numbers, group, { passFds: [], atTerminal: options.atTerminal === true })),
  );
}

interface OwnNetwork {
  operations: NetworkOperations;
  prepared: PreparedNetwork;
}

async function launch(domain: DomainDefinition, network: OwnNetwork | undefined, options: RunOptions, change: Start): Promise<void> {
  using images = await imagesFor(domain);
  const devices = asStartup(() => domainDeviceNodes(domain));
  using shared = openSharedNamespaces(domain);
  using resources = openDomainResources(domain, devices, images);
  const warning = hostNetworkWarning(domain, resources.root, shared.fds.net);
  if (warning !== undefined) warn(domain.name, warning, options.onWarning);
  domain.devices.consoles.forEach((device, i) => {
    device.sourcePath = `/dev/pts/${resources.consoles[i]!.host.index}`;
  });
  change.at('start', { live: domain });
  using consoleLogs = await consoleLogsOf(domain);
  using log = openLog(domain.name);
  using lock = holdDriverLock();
  const inherited = new InheritedFds([log.nullFd, log.fd, log.fd]);
  const consoles = consoleArguments(resources, consoleLogs, inherited);
  const fuse = inherited.add(resources.fuse.device);
  inherited.add(lock.fd);
  const devFd = inherited.add(resources.dev); // for devices that are attached later: nobody need look for it in the container
  for (const fd of images?.diskFds ?? []) inherited.add(fd);
  inherited.startPlan();
  const numbers = inheritResources(resources, shared.fds, inherited);
  const passFds = (options.passFds ?? []).map((fd) => inherited.add(fd));
  using controller = new Controller(
    {
      binary: controllerBinary(domain.devices.emulator),
      args: [...['--name', domain.name, ...consoles, '--meminfo', String(fuse)], ...(options.autodestroy ? ['--autodestroy'] : [])],
      trailingArgs: aftermathCommand(domain),
      env: controllerEnvironment(),
      inherited,
      newSession: true,
    },
    options.onWaiting,
  );
  let group: DomainCgroup | undefined;
  try {
    leaveUnit(controller.pid);
    group = asStartup(() => makeCgroup(domain, controller.pid, devices));
    const plan = compilePlan(
      domain,
      asStartup(() => planInputs(domain, numbers, group!, { passFds, atTerminal: options.atTerminal === true })),
    );
    const initPid = controller.sendPlan(plan);
    if (hasUserNamespace(domain)) mapIds(domain, initPid);
    if (waitsBeforeMounts(domain)) controller.go();
    try {
      network?.operations.moveInterfaces(linux, network.prepared.links, initPid, { loopback: true });
    } catch (error) {
      throw controller.failureWithin(CHILD_FAILURE_MS) ?? error; // a child that has failed has no network to be found
    }
    domain.id = controller.pid;
    change.at('ready', { status: statusOf(domain, { controller, initPid, group, devFd }, options) });
    options.onSetUp?.(domain);
    if (options.paused) {
      freeze(group);
      controller.goDetached();
    } else {
      goAndWait(controller, { domain, initPid, group });
    }
    change.at('done', { live: domain });
    images?.keep();
    if (options.autodestroy) controller.keepControl();
  } catch (error) {
    if (group && options.paused) thawAll(group);
    controller[Symbol.dispose]();
    controller.kill();
    if (group) dissolve(domain.name, group, options.onWarning);
    throw error;
  }
}

/** Loads what a console's log needs, if the domain has one. */
async function consoleLogsOf(domain: DomainDefinition): Promise<ConsoleLogs | undefined> {
  if (!domain.devices.consoles.some(({ others }) => others.some(({ name }) => name === 'log'))) return undefined;
  return asStartup(() => openConsoleLogs(domain));
}

function consoleArguments({ consoles }: Resources, logs: ConsoleLogs | undefined, inherited: InheritedFds): string[] {
  return consoles.flatMap(({ guest, host }, i) => {
    const log = logs?.byConsole.get(i);
    return [
      ...['--console', `${inherited.add(guest.master)}:${inherited.add(host.master)}`],
      ...(log ? ['--console-log', `${inherited.add(log.fd)}:${inherited.add(log.directory)}:${log.name}`] : []),
    ];
  });
}

/** Below this an init may be killed for memory before or as soon as it runs; a start waits for that. */
const LITTLE_MEMORY_KIB = 1024;
const LITTLE_MEMORY_WAIT_MS = 100;

/** Differs from libvirt, to which a container whose init was killed at once has started. */
function goAndWait(
  controller: Controller,
  { domain, initPid, group }: { domain: DomainDefinition; initPid: number; group: DomainCgroup },
): void {
  const limitKiB = domain.memtune.hardLimitKiB ?? domain.memoryKiB;
  if (limitKiB >= LITTLE_MEMORY_KIB) {
    controller.go();
    controller.waitReady();
    return;
  }
  const refuse = (cause?: unknown) => {
    if (oomKills(group) > 0) throw startupFailure(`init was killed for memory: its limit is ${limitKiB} KiB`, cause);
  };
  try {
    controller.go(); // it may have ended already
    controller.waitReady();
  } catch (error) {
    refuse(error);
    throw error;
  }
  const init = linux.pidfdOpen(initPid);
  const ended = init < 0 || readable(init, LITTLE_MEMORY_WAIT_MS);
  if (init >= 0) linux.close(init);
  if (ended) refuse();
}

function statusOf(
  domain: DomainDefinition,
  { controller, initPid, group, devFd }: { controller: Controller; initPid: number; group: DomainCgroup; devFd: number },
  options: RunOptions,
): UnsaidStatus {
  return {
    controllerPid: controller.pid,
    controllerStartTime: controller.startTime,
    initPid,
    cgroup: group.path,
    devFd,
    ...(options.atTerminal && { atTerminal: true }),
    extra: {},
    domain,
    ...(options.config && { config: options.config }),
  };
}

/** Loads what image files need, if the domain has any, and puts them behind block devices. */
async function imagesFor(domain: DomainDefinition): Promise<Images | undefined> {
  const { disks, filesystems } = domain.devices;
  if (![...disks, ...filesystems].some(({ type }) => type === 'file')) return undefined;
  const images = asStartup(() => attachImages(domain));
  for (const [place, device] of images.disks) disks[place]!.imageDevice = device;
  return images;
}

function openDomainResources(domain: DomainDefinition, devices: DomainDevicesPlan, images: Images | undefined): Resources {
  return asStartup(() => {
    refuseAutomaticPlacement(domain);
    return openResources({
      definition: domain,
      images: images?.filesystems ?? new Map(),
      nodes: devices.nodes,
      cgroupNames: cgroupMountNames(hostCgroups()),
    });
  });
}

/** Differs from libvirt, which says this where it finds no numad(8): that is not asked. */
function refuseAutomaticPlacement({ vcpu, numatune }: DomainDefinition): void {
  if (vcpu.placement === 'auto' || numatune?.placement === 'auto')
    throw libvirtError('OPERATION_FAILED', 'Failed to query numad for the advisory nodeset');
}

/** v1: under which names a container sees its groups, below the folder where the host mounts its hierarchies. */
function cgroupMountNames(layout: CgroupLayout): ((managesGroups: boolean) => CgroupNames) | undefined {
  if (layout.version === 2) return undefined;
  return (managesGroups) => mountNamesV1(layout, managesGroups);
}

function mountNamesV1(layout: CgroupLayout & { version: 1 }, managesGroups: boolean): CgroupNames {
  const folders = new Set<string>();
  const links: [string, string][] = [];
  for (const [controller, mount] of layout.mounts) {
    if (!isShown(layout, mount, managesGroups)) continue;
    const name = path.basename(mount);
    folders.add(name);
    if (name !== controller && controller !== 'systemd') links.push([controller, name]);
  }
  if (managesGroups && layout.unified !== undefined && systemdMount(layout) !== undefined) folders.add(UNIFIED_NAME);
  return { folders: [...folders], links };
}

function mapIds({ idmap }: DomainDefinition, initPid: number): void {
  for (const [file, ranges] of [['uid_map', idmap.uid] as const, ['gid_map', idmap.gid] as const]) {
    const target = `/proc/${initPid}/${file}`;
    try {
      fs.writeFileSync(target, idMapText(ranges));
    } catch (error) {
      throw startupFailure(systemError(`unable write to ${target}`, error).message, error);
    }
  }
}

function checkPassFds(fds: readonly number[]): void {
  for (const fd of fds) if (!isHandedDown(fd)) throw systemError(`Cannot duplicate FD ${fd}`, EBADF);
}

/**
 * True for a descriptor that our caller handed us. The runtime's own cannot be told by close-on-exec, which it sets on all, but by
 * what they are: what it waits with, and pipes that it has both ends of.
 */
function isHandedDown(fd: number): boolean {
  const target = (name: string): string | undefined => {
    try {
      return fs.readlinkSync(`/proc/self/fd/${name}`);
    } catch {
      return undefined; // not open
    }
  };
  const what = target(String(fd));
  if (what === undefined || /^anon_inode:\[event(poll|fd)\]$/.test(what)) return false;
  return !what.startsWith('pipe:') || fs.readdirSync('/proc/self/fd').filter((name) => target(name) === what).length === 1;
}

/**
 * A path named libvirt_lxc means our own controller, wherever it is installed; any other is run as it is.
 * Differs from libvirt: a definition that comes from another distribution, with its path, starts.
 */
function controllerBinary(emulator: string): string {
  return path.basename(emulator) === 'libvirt_lxc' ? controllerFile : emulator;
}

/** The controller adds the wait status of init (container/on-exit.ts). */
const aftermathCommand = ({ name, partition = DEFAULT_PARTITION, uuid }: DomainDefinition): string[] => [
  ...['--', programFile, '--internal-aftermath'],
  ...[name, partition, uuid],
];
