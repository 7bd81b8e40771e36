// Runs a container: from a definition to a controller whose init has been executed. The caller holds the domain's lock.
//
// What a death of this process leaves at each point:
//   label                         it is noted, and given up by the next command that looks
//   hooks, network, host's side   descriptors close by themselves; ports and links are found again by their owner
//   controller spawned            its control socket closes: it ends, and its child with it
//   cgroup, plan, id maps         the same; empty cgroups are removed by the next start
//   status written, then go       from here the domain runs, with or without us

import { leaveChild } from '../../lib-native/children.ts';
import type { DomainDefinition, SecurityLevel } from '../domain/definition.ts';
import { emulatorPin } from '../domain/processors.ts';
import type { LiveDomain } from '../domain/status.ts';
import type { DomainCgroup } from '../host/cgroup/cgroup.ts';
import { thawAll } from '../host/cgroup/freezer.ts';
import { leaveUnit } from '../host/cgroup/unit.ts';
import type { ProcessIdentity } from '../host/process.ts';
import { availableLevel } from '../security/level.ts';
import { type ContainerIds, takeIds } from './automatic-ids.ts';
import { makeCgroup } from './cgroup.ts';
import { obeysPins, pinController } from './controller-pin.ts';
import { warnOfHostNetwork } from './host-root.ts';
import { openHostSide } from './host-side.ts';
import { mapIds } from './id-maps.ts';
import { asStartup, type Controller } from './launch.ts';
import { dissolve } from './left-cgroups.ts';
import { letGo, letGoFrozen } from './let-go.ts';
import { type Facts, type Transition, transition } from './lifecycle.ts';
import { mapFilesystems } from './mapped-mounts.ts';
import { ownLabel } from './own-label.ts';
import { checkPassFds } from './pass-fds.ts';
import { hasNetworkNamespace } from './plan/namespaces.ts';
import { compilePlan, waitsBeforeMounts } from './plan/plan.ts';
import { planInputs, type StartFacts } from './plan-inputs.ts';
import { type Spawned, type SpawnOptions, spawnController } from './spawn.ts';
import { startable } from './startable.ts';

export interface RunOptions extends SpawnOptions {
  /** Why it is started: somebody wants it, or its definition does after its end. */
  reason: 'booted' | 'rebooted';
  paused?: boolean;
  /** An init system may run on the host's own root. */
  hostRoot?: boolean;
  /** Whoever starts it sits at a terminal. */
  atTerminal?: boolean;
  /** Of a domain that was undefined while it ran, and is started again. */
  config?: DomainDefinition | undefined;
  /** Of one with autodestroy: called when it runs, with what the caller is to hold as long as it is to live. */
  onOwned?: (held: { controller: ProcessIdentity; controlFd: number }) => void;
  /** Called when all is set up but init does not run yet, with what the domain runs with. */
  onSetUp?: ((live: DomainDefinition) => void) | undefined;
  onWarning?: (text: string) => void;
}

type LevelledOptions = RunOptions & { level: SecurityLevel };

/** Returns the live definition. Throws LibvirtError; then nothing of the container is left. */
export async function runDomain(stored: DomainDefinition, options: RunOptions): Promise<DomainDefinition> {
  const failed = transition(stored, 'shut off', options.reason === 'booted' ? 'not booted' : 'not rebooted', { stored });
  const change = options.paused ? transition(stored, 'paused', 'starting up') : transition(stored, 'running', options.reason);
  let taken: ContainerIds;
  let level: SecurityLevel;
  try {
    const definition = startable(stored, options);
    level = availableLevel(definition);
    if (!options.ownsFds) checkPassFds(options.passFds ?? []);
    change.at('allowed');
    taken = takeIds(definition, level, options.onWarning);
  } catch (error) {
    failed.at('refused', becauseOf(error));
    throw error;
  }
  using ids = taken;
  const progress = { live: ids.definition };
  try {
    return await start(ids, { ...options, level }, change, progress);
  } catch (error) {
    failed.at('failed', { ...progress, ...becauseOf(error) });
    throw error;
  }
}

/** The start itself, in order. Leaves in `progress` what it has come to. */
async function start(
  ids: ContainerIds,
  options: LevelledOptions,
  change: Transition<'prepare' | 'start' | 'ready' | 'done'>,
  progress: { live: DomainDefinition },
): Promise<DomainDefinition> {
  const { definition } = ids;
  change.at('prepare', progress);
  await using label = await ownLabel(definition);
  progress.live = label.definition;
  using network = hasNetworkNamespace(definition) ? new (await import('./own-network.ts')).OwnNetwork(definition) : undefined;
  using host = openHostSide(label.definition, { interfaces: network?.interfaces, labelOptions: label.mountOptions });
  progress.live = host.live;
  warnOfHostNetwork(host, options.onWarning);
  change.at('start', progress);
  const spawned = spawnController(host, { ...options, heldIds: ids.held });
  using controller = spawned.controller;
  let cgroup: DomainCgroup | undefined;
  try {
    leaveUnit(controller.pid);
    cgroup = asStartup(() => makeCgroup(host.live, controller.pid, { devices: host.devices, pinned: obeysPins(options.level) }));
    const initPid = controller.sendPlan(
      planOf(host.live, spawned, cgroup, { ...options, label: label.onExec, mountOptions: label.mountOptions }),
    );
    const controllerCpus = emulatorPin(definition);
    if (controllerCpus !== undefined && obeysPins(options.level)) asStartup(() => pinController(controller.pid, controllerCpus));
    mapIds(definition, initPid);
    mapFilesystems(definition, host.resources, { initPid, level: options.level });
    if (waitsBeforeMounts(definition)) controller.go();
    network?.moveInto(initPid, controller);
    progress.live = { ...host.live, id: controller.pid };
    change.at('ready', { running: liveDomain(progress.live, spawned, { initPid, cgroup, ...ids }, options) });
    options.onSetUp?.(progress.live);
    if (options.paused) letGoFrozen(controller, cgroup);
    else letGo(controller, { definition, initPid, cgroup });
    change.at('done', progress);
  } catch (error) {
    abandon(definition, controller, cgroup, options);
    throw error;
  }
  for (const made of [label, network, host.images]) made?.keep();
  if (options.autodestroy) options.onOwned?.({ controller, controlFd: controller.keepControl() });
  leaveChild(controller.pid);
  return progress.live;
}

function planOf(
  live: DomainDefinition,
  { resources, passFds }: Spawned,
  cgroup: DomainCgroup,
  { atTerminal, level, label, mountOptions }: LevelledOptions & Pick<StartFacts, 'label' | 'mountOptions'>,
) {
  const inputs = asStartup(() =>
    planInputs(live, resources, cgroup, { passFds, atTerminal: atTerminal === true, level, label, mountOptions }),
  );
  return compilePlan(live, inputs);
}

function liveDomain(
  domain: DomainDefinition,
  { controller, devFd }: Spawned,
  { initPid, cgroup, isAutomatic }: { initPid: number; cgroup: DomainCgroup; isAutomatic: boolean },
  { atTerminal, level, config }: LevelledOptions,
): LiveDomain {
  return {
    controllerPid: controller.pid,
    controllerStartTime: controller.startTime,
    initPid,
    cgroup: cgroup.path,
    devFd,
    ...(atTerminal && { atTerminal: true }),
    ...(level !== 'libvirt' && { level }),
    ...(isAutomatic && { automaticIds: true }),
    extra: {},
    domain,
    ...(config && { config }),
  };
}

/** The controller takes its child with it. */
function abandon({ name }: DomainDefinition, controller: Controller, cgroup: DomainCgroup | undefined, options: RunOptions): void {
  if (cgroup && options.paused) thawAll(cgroup);
  controller[Symbol.dispose]();
  controller.kill();
  if (cgroup) dissolve(name, cgroup, options.onWarning);
}

const becauseOf = (error: unknown): Facts => ({
  end: { reason: 'failed', why: error instanceof Error ? error.message : String(error) },
});
