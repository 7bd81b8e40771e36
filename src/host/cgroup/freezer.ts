// Suspend and resume: the v1 freezer, or cgroup.freeze on v2 (which libvirt 9.0 does not have). v1 lets nothing die that is frozen
// (freezer-subsystem.rst), v2 does. Loaded by everything that shows a domain's state: needs nothing that is slow to load.
import fs from 'node:fs';
import path from 'node:path';
import { monotonicMs } from '../../../lib-native/monotonic.ts';
import { pause } from '../../../lib-native/pause.ts';
import { libvirtError } from '../../errors.ts';
import { attempt } from '../attempt.ts';
import type { DomainCgroup } from './cgroup.ts';
import { type CgroupLayout, hostCgroups } from './layout.ts';
import { cgroupDirectories } from './tree.ts';

/** What is written, and what is read: a cgroup's own setting (`asked`), and what has become of it. */
const FILES = {
  1: {
    set: 'freezer.state',
    freeze: 'FROZEN',
    thaw: 'THAWED',
    asked: 'freezer.self_freezing',
    state: 'freezer.state',
    isFrozen: /^FROZEN$/m,
  },
  2: { set: 'cgroup.freeze', freeze: '1', thaw: '0', asked: 'cgroup.freeze', state: 'cgroup.events', isFrozen: /^frozen 1$/m },
} as const;

/** libvirt waits about this long for a cgroup to freeze. */
const FREEZE_TIMEOUT_MS = 1100;

/**
 * True if the cgroup at `path` was told to freeze, and not since told otherwise; cgroups above and below do not count. undefined
 * where that cannot be told: no such cgroup, or no freezer.
 */
export function isAskedToFreeze(path: string, layout: CgroupLayout = hostCgroups()): boolean | undefined {
  const root = layout.version === 2 ? layout.root : layout.mounts.get('freezer');
  return attempt(() => fs.readFileSync(`${root}/${path}/${FILES[layout.version].asked}`, 'latin1').startsWith('1'));
}

/** The same, where what cannot be told does not freeze. */
export const isFrozen = (cgroup: DomainCgroup): boolean => isAskedToFreeze(cgroup.path, cgroup.layout) === true;

/**
 * True if a process that is born in `payload`, a cgroup of the container's in the unified hierarchy, or enters the cgroup does not
 * run: whoever froze it, and at whatever height. A container can freeze its own payload.
 */
export function standsStill(cgroup: DomainCgroup, payload: string | undefined): boolean {
  const reads = (file: string, pattern: RegExp) => attempt(() => pattern.test(fs.readFileSync(file, 'latin1'))) === true;
  const v1 = cgroup.layout.version === 1 ? cgroup.directory('freezer') : undefined;
  if (isFrozen(cgroup) || (v1 !== undefined && reads(`${v1}/${FILES[1].state}`, /^FR/))) return true; // FREEZING, too
  if (payload === undefined) return false;
  if (reads(`${payload}/${FILES[2].state}`, FILES[2].isFrozen)) return true;
  for (let directory = payload; directory.includes(`/${cgroup.path}/`); directory = path.dirname(directory))
    if (reads(`${directory}/${FILES[2].asked}`, /^1/)) return true;
  return false;
}

/** Freezes every process of the cgroup. Throws OPERATION_FAILED; then the cgroup is thawed again. */
export function freeze(cgroup: DomainCgroup): void {
  const { version } = cgroup.layout;
  const files = FILES[version];
  cgroup.write('freezer', files.set, files.freeze);
  const deadline = monotonicMs() + FREEZE_TIMEOUT_MS;
  for (let pauseMs = 1; !files.isFrozen.test(cgroup.read('freezer', files.state)); pauseMs = Math.min(pauseMs * 2, 50)) {
    if (monotonicMs() > deadline) {
      thaw(cgroup);
      throw libvirtError('OPERATION_FAILED', 'Suspend operation failed');
    }
    if (version === 1) cgroup.write('freezer', files.set, files.freeze); // FREEZING may need another push (freezer-subsystem.rst)
    pause(pauseMs);
  }
}

/** Takes back what freeze() did. What a container froze of itself stays so: that is its own affair. */
export function thaw(cgroup: DomainCgroup): void {
  const { set, thaw } = FILES[cgroup.layout.version];
  cgroup.write('freezer', set, thaw);
}

/** Thaws the cgroup and every cgroup below it, whoever froze them. What is gone is passed over. */
export function thawAll(cgroup: DomainCgroup): void {
  const { set, thaw } = FILES[cgroup.layout.version];
  const top = cgroup.directory('freezer');
  if (top === undefined) return;
  for (const directory of cgroupDirectories(top)) {
    attempt(() => {
      const file = `${directory}/${set}`;
      if (!fs.readFileSync(file, 'latin1').startsWith(thaw)) fs.writeFileSync(file, thaw);
    });
  }
}

/**
 * Takes those of `pids` that are frozen out of their cgroups, thread by thread. On v1 nothing dies that is frozen, whoever froze
 * it: the container, in a cgroup that it made anywhere, or somebody the whole partition. They must be dying.
 */
export function leaveFrozenCgroups(pids: readonly number[], { layout }: DomainCgroup): void {
  const root = layout.version === 1 ? layout.mounts.get('freezer') : undefined;
  if (root === undefined) return;
  /** One whose path is too long to be read is taken for frozen. */
  const states = new Map<string, boolean>();
  const isFrozenIn = (path: string): boolean => {
    const known = states.get(path) ?? attempt(() => fs.readFileSync(`${root}${path}/${FILES[1].state}`, 'latin1')) !== 'THAWED\n';
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
