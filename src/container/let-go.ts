// The last word of a start: init is executed.
import { linux } from '../../lib-native/linux.ts';
import { readable } from '../../lib-native/readable.ts';
import type { DomainDefinition } from '../domain/definition.ts';
import type { DomainCgroup } from '../host/cgroup/cgroup.ts';
import { freeze } from '../host/cgroup/freezer.ts';
import { oomKills } from '../host/cgroup/memory.ts';
import { type Controller, startupFailure } from './launch.ts';

/** Below this an init may be killed for memory before or as soon as it runs; a start waits for that. */
const LITTLE_MEMORY_KIB = 1024;
const LITTLE_MEMORY_WAIT_MS = 100;

interface Waiting {
  definition: DomainDefinition;
  initPid: number;
  cgroup: DomainCgroup;
}

/**
 * Returns when init has been executed; throws what kept it from that.
 * Differs from libvirt, to which a container whose init was killed at once has started.
 */
export function letGo(controller: Controller, { definition, initPid, cgroup }: Waiting): void {
  const limitKiB = definition.memtune.hardLimitKiB ?? definition.memoryKiB;
  if (limitKiB >= LITTLE_MEMORY_KIB) {
    controller.go();
    controller.waitReady();
    return;
  }
  const refuse = (cause?: unknown) => {
    if (oomKills(cgroup) > 0) throw startupFailure(`init was killed for memory: its limit is ${limitKiB} KiB`, cause);
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

/** With --paused: init is executed when somebody thaws it. */
export function letGoFrozen(controller: Controller, cgroup: DomainCgroup): void {
  freeze(cgroup);
  controller.goDetached();
}
