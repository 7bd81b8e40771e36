// The end of what is in a cgroup, frozen or not.
import fs from 'node:fs';
import { SIGKILL } from '../../../lib-native/constants.ts';
import { linux } from '../../../lib-native/linux.ts';
import { attempt } from '../attempt.ts';
import type { DomainCgroup } from './cgroup.ts';
import { thawAll } from './freezer.ts';
import { cgroupDirectories } from './tree.ts';

/**
 * Sends SIGKILL to every process of the cgroup and those below, and sees to it that they can die of it. The caller makes sure
 * that the cgroup is a container's own.
 */
export function killAll(cgroup: DomainCgroup): void {
  const top = cgroup.directory('freezer') ?? cgroup.directory('memory');
  if (top === undefined) return;
  if (cgroup.layout.version === 2 && fs.existsSync(`${top}/cgroup.kill`)) {
    attempt(() => fs.writeFileSync(`${top}/cgroup.kill`, '1'));
    return;
  }
  for (const directory of cgroupDirectories(top)) for (const pid of processesOf(directory)) killMember(pid, cgroup.path);
  thawAll(cgroup);
}

/** A pid may be another process's by now: only one that is in the cgroup, as its pidfd is held, is meant. */
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

const processesOf = (directory: string): number[] =>
  (attempt(() => fs.readFileSync(`${directory}/cgroup.procs`, 'latin1')) ?? '')
    .split('\n')
    .map(Number)
    .filter((pid) => pid > 1);
