// Suspend and resume: the v1 freezer, or cgroup.freeze on v2 (which libvirt 9.0 does not have). And the end of what is
// frozen, by whomever: v1 lets nothing die that is frozen (freezer-subsystem.rst), v2 does.
import fs from 'node:fs';
import path from 'node:path';
import { SIGKILL } from '../../../lib-native/constants.ts';
import { linux } from '../../../lib-native/linux.ts';
import { monotonicMs } from '../../../lib-native/monotonic.ts';
import { pause } from '../../../lib-native/pause.ts';
import { libvirtError } from '../../errors.ts';
import { isAskedToFreeze } from './frozen.ts';
import type { DomainCgroup } from './group.ts';
import { groupFolders } from './tree.ts';

/** libvirt waits about this long for a group to freeze. */
const FREEZE_TIMEOUT_MS = 1100;

/** True if this group was told to freeze, and not since told otherwise. Groups above and below do not count. */
export const isFrozen = (group: DomainCgroup): boolean => isAskedToFreeze(group.path, group.layout) === true;

/**
 * True if a process that is born in `payload`, a group of the container's in the unified hierarchy, or enters the group does not
 * run: whoever froze it, and at whatever height. A container can freeze its own payload.
 */
export function standsStill(group: DomainCgroup, payload: string | undefined): boolean {
  const reads = (file: string, pattern: RegExp) => attempt(() => pattern.test(fs.readFileSync(file, 'latin1'))) === true;
  const v1 = group.layout.version === 1 ? group.folder('freezer') : undefined;
  if (isFrozen(group) || (v1 !== undefined && reads(`${v1}/freezer.state`, /^FR/))) return true;
  if (payload === undefined) return false;
  if (reads(`${payload}/cgroup.events`, /^frozen 1$/m)) return true;
  for (let folder = payload; folder.includes(`/${group.path}/`); folder = path.dirname(folder))
    if (reads(`${folder}/cgroup.freeze`, /^1/)) return true;
  return false;
}

/** Freezes every process of the group. Throws OPERATION_FAILED; then the group is thawed again. */
export function freeze(group: DomainCgroup): void {
  const isV2 = group.layout.version === 2;
  if (isV2) group.write('freezer', 'cgroup.freeze', '1');
  else group.write('freezer', 'freezer.state', 'FROZEN');
  const frozen = () =>
    isV2 ? /^frozen 1$/m.test(group.read('freezer', 'cgroup.events')) : group.read('freezer', 'freezer.state').trim() === 'FROZEN';
  const deadline = monotonicMs() + FREEZE_TIMEOUT_MS;
  for (let pauseMs = 1; !frozen(); pauseMs = Math.min(pauseMs * 2, 50)) {
    if (monotonicMs() > deadline) {
      thaw(group);
      throw libvirtError('OPERATION_FAILED', 'Suspend operation failed');
    }
    if (!isV2) group.write('freezer', 'freezer.state', 'FROZEN'); // FREEZING may need another push (freezer-subsystem.rst)
    pause(pauseMs);
  }
}

/** Takes back what freeze() did. What a container froze of itself stays so: that is its own affair. */
export function thaw(group: DomainCgroup): void {
  if (group.layout.version === 2) group.write('freezer', 'cgroup.freeze', '0');
  else group.write('freezer', 'freezer.state', 'THAWED');
}

/** Thaws the group and every group below it, whoever froze them. What is gone is passed over. */
export function thawAll(group: DomainCgroup): void {
  const [file, frozen, thawed] = group.layout.version === 2 ? ['cgroup.freeze', '1', '0'] : ['freezer.state', 'FR', 'THAWED'];
  const top = group.folder('freezer');
  if (top === undefined) return;
  for (const folder of groupFolders(top)) {
    attempt(() => {
      if (fs.readFileSync(`${folder}/${file}`, 'latin1').startsWith(frozen)) fs.writeFileSync(`${folder}/${file}`, thawed);
    });
  }
}

/**
 * Sends SIGKILL to every process of the group and those below, and sees to it that they can die of it. The caller makes sure
 * that the group is a container's own.
 */
export function killAll(group: DomainCgroup): void {
  const top = group.folder('freezer') ?? group.folder('memory');
  if (top === undefined) return;
  if (group.layout.version === 2 && fs.existsSync(`${top}/cgroup.kill`)) {
    attempt(() => fs.writeFileSync(`${top}/cgroup.kill`, '1'));
    return;
  }
  for (const folder of groupFolders(top)) for (const pid of processesOf(folder)) killMember(pid, group.path);
  thawAll(group);
}

/**
 * Takes those of `pids` that are frozen out of their groups, thread by thread. On v1 nothing dies that is frozen, whoever froze
 * it: the container, in a group that it made anywhere, or somebody the whole partition. They must be dying.
 */
export function leaveFrozenGroups(pids: readonly number[], { layout }: DomainCgroup): void {
  const root = layout.version === 1 ? layout.mounts.get('freezer') : undefined;
  if (root === undefined) return;
  /** One whose path is too long to be read is taken for frozen. */
  const states = new Map<string, boolean>();
  const isFrozenIn = (path: string): boolean => {
    const known = states.get(path) ?? attempt(() => fs.readFileSync(`${root}${path}/freezer.state`, 'latin1')) !== 'THAWED\n';
    states.set(path, known);
    return known;
  };
  for (const pid of pids)
    for (const tid of attempt(() => fs.readdirSync(`/proc/${pid}/task`)) ?? [])
      attempt(() => {
        const path = /^\d+:(?:[^:]*,)?freezer(?:,[^:]*)?:(.*)$/m.exec(fs.readFileSync(`/proc/${pid}/task/${tid}/cgroup`, 'utf8'))?.[1];
        if (path !== undefined && path !== '/' && isFrozenIn(path)) fs.writeFileSync(`${root}/tasks`, tid);
      });
}

/** A pid may be another process's by now: only one that is in the group, as its pidfd is held, is meant. */
function killMember(pid: number, path: string): void {
  const pidfd = linux.pidfdOpen(pid);
  if (pidfd < 0) return;
  attempt(() => {
    const isMember = fs
      .readFileSync(`/proc/${pid}/cgroup`, 'utf8')
      .split('\n')
      .some((line) => `${line.slice(line.indexOf(':', line.indexOf(':') + 1) + 1)}/`.startsWith(`/${path}/`));
    if (isMember) linux.pidfdSendSignal(pidfd, SIGKILL);
  });
  linux.close(pidfd);
}

const processesOf = (folder: string): number[] =>
  attempt(() =>
    fs
      .readFileSync(`${folder}/cgroup.procs`, 'latin1')
      .split('\n')
      .map(Number)
      .filter((pid) => pid > 1),
  ) ?? [];

/** What is gone, or was never there, needs none of this. */
function attempt<T>(action: () => T): T | undefined {
  try {
    return action();
  } catch {
    return undefined;
  }
}
