// How many processes a cgroup may hold, and does (cgroup-v1/pids.rst; v2 has the same files). Threads count, too.
import fs from 'node:fs';
import type { DomainCgroup } from './cgroup.ts';
import type { Limit } from './limit.ts';

const MAX = 'pids.max';

/** Is a number set in `directory`? Not in a hierarchy without the controller. */
export function hasPidsLimit(directory: string): boolean {
  try {
    return fs.readFileSync(`${directory}/${MAX}`, 'latin1') !== 'max\n';
  } catch {
    return false; // another hierarchy
  }
}

/** True where the host can count processes of `cgroup`. */
export const countsPids = (cgroup: DomainCgroup): boolean => cgroup.has('pids', MAX);

export const pidsLimit = (max: number): Limit => ({
  controller: 'pids',
  files: [MAX],
  value: String(max),
  missing: 'the number of processes cannot be limited: this host has no cgroup controller pids',
});

/** True where there are as many as there may be, so that no more can be made. */
export function isFull(cgroup: DomainCgroup): boolean {
  if (!countsPids(cgroup)) return false;
  const [current, max] = ['pids.current', MAX].map((file) => cgroup.read('pids', file).trim());
  return max !== 'max' && Number(current) >= Number(max);
}

export interface PidsFigures {
  current: number;
  /** undefined: as many as those above it may have. */
  limit: number | undefined;
}

/** undefined where there is no such controller. */
export function pidsFigures(cgroup: DomainCgroup): PidsFigures | undefined {
  const current = cgroup.text('pids', 'pids.current');
  if (current === undefined) return undefined;
  const limit = Number(cgroup.text('pids', MAX));
  return { current: Number(current), limit: Number.isNaN(limit) ? undefined : limit };
}
