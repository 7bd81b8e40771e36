// The controller of a container that starts: its program and words, and what it inherits of us.
import path from 'node:path';
import { controllerFile, programFile } from '../../lib-native/runtime.ts';
import type { DomainDefinition } from '../domain/definition.ts';
import { DEFAULT_PARTITION } from '../host/cgroup/cgroup.ts';
import { holdDriverLock } from '../store/driver-lock.ts';
import { openLog } from '../store/log.ts';
import { paths } from '../store/paths.ts';
import { type ConsoleLogs, openConsoleLogs } from './console-logs.ts';
import type { HostSide } from './host-side.ts';
import { asStartup, Controller, controllerEnvironment, InheritedFds } from './launch.ts';
import { onExitCommand } from './on-exit-command.ts';
import { AUTODESTROY, OWNER } from './owned.ts';
import { type InheritedNumbers, inheritResources } from './plan-inputs.ts';

export interface SpawnOptions {
  /** It ends when the control socket is closed. */
  autodestroy?: boolean;
  /** It ends when the other side of this is closed, by which the run before it would have ended. */
  ownerFd?: number | undefined;
  /** Descriptors of this process that become init's, from 3 on. */
  passFds?: readonly number[];
  /** They were not inherited, but opened by this process, or sent to it. */
  ownsFds?: boolean;
  onWaiting?: (what: string) => void;
  /** What keeps the container's ids from others. */
  heldIds?: { fd: number } | undefined;
}

/** A controller that waits for its plan, and what is which of the descriptors that it has. */
export interface Spawned {
  controller: Controller;
  resources: InheritedNumbers;
  passFds: number[];
  /** The container's /dev. */
  devFd: number;
}

/** Throws LibvirtError; nothing runs then. */
export function spawnController({ live, resources, shared, images }: HostSide, options: SpawnOptions): Spawned {
  using consoleLogs = asStartup(() => openConsoleLogs(live));
  using log = openLog(live.name);
  using lock = holdDriverLock();
  const inherited = new InheritedFds([log.nullFd, log.fd, log.fd]);
  const consoles = consoleArguments(resources.consoles, consoleLogs, inherited);
  const fuse = inherited.add(resources.fuse.device);
  inherited.add(lock.fd);
  const owner = options.ownerFd === undefined ? undefined : inherited.add(options.ownerFd);
  if (options.heldIds) inherited.add(options.heldIds.fd);
  const devFd = inherited.add(resources.dev); // for devices that are attached later: nobody need look for it in the container
  for (const fd of images.diskFds) inherited.add(fd);
  inherited.startPlan();
  const numbers = inheritResources(resources, shared, inherited);
  const passFds = (options.passFds ?? []).map((fd) => inherited.add(fd));
  const controller = new Controller(
    {
      binary: controllerBinary(live.devices.emulator),
      args: [
        ...['--name', live.name, ...consoles, '--fuse', String(fuse)],
        ...(options.autodestroy ? [AUTODESTROY] : []),
        ...(owner === undefined ? [] : [OWNER, String(owner)]),
      ],
      trailingArgs: whatFollows(live),
      env: controllerEnvironment(),
      inherited,
      newSession: true,
    },
    options.onWaiting,
  );
  return { controller, resources: numbers, passFds, devFd };
}

function consoleArguments(consoles: HostSide['resources']['consoles'], logs: ConsoleLogs, inherited: InheritedFds): string[] {
  const { records } = logs;
  const directory = records && inherited.add(records.directory);
  return consoles.flatMap(({ guest, host }, i) => {
    const log = logs.byConsole.get(i);
    return [
      ...['--console', `${inherited.add(guest.master)}:${inherited.add(host.master)}`],
      ...(log ? ['--console-log', `${inherited.add(log.fd)}:${inherited.add(log.directory)}:${log.name}`] : []),
      ...(records ? ['--console-record', [directory, records.bytes, records.files, i].join(':')] : []),
    ];
  });
}

/**
 * A path named libvirt_lxc means our own controller, wherever it is installed; any other is run as it is.
 * Differs from libvirt: a definition that comes from another distribution, with its path, starts.
 */
function controllerBinary(emulator: string): string {
  return path.basename(emulator) === 'libvirt_lxc' ? controllerFile : emulator;
}

const whatFollows = ({ name, partition = DEFAULT_PARTITION, uuid }: DomainDefinition): string[] => [
  ...['--successor', paths.successor, '--'],
  ...onExitCommand(programFile, { name, partition, uuid }),
];
