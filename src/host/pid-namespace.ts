// Who is in a PID namespace, or in one below it: all that is a container's, whatever cgroup it moved itself to, and what the
// kernel kills with its init.
import fs from 'node:fs';
import { NS_GET_PARENT, NS_GET_USERNS, O_CLOEXEC, O_RDONLY } from '../../lib-native/constants.ts';
import { linux } from '../../lib-native/linux.ts';
import { attempt } from './attempt.ts';

/** The processes of the PID namespace of process `init`, and of those below. None where that is this process's own. */
export function processesBeside(init: number): number[] {
  const own = namespaceOf(init);
  if (own === undefined || own === linkText('/proc/self/ns/pid')) return [];
  const known = new Map([[own, true]]);
  return allPids().filter((pid) => {
    const name = namespaceOf(pid);
    if (name === undefined) return false;
    const isBelow = known.get(name) ?? hasAncestor(`/proc/${pid}/ns/pid`, own);
    known.set(name, isBelow);
    return isBelow;
  });
}

/** Every process of this machine. */
export const allPids = (): number[] =>
  fs
    .readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);

/** The user namespace that a namespace belongs to, as a link in /proc/PID/ns names it; undefined where that cannot be told. */
export function ownerOf(namespace: number): string | undefined {
  const owner = linux.ioctlValue(namespace, NS_GET_USERNS, 0);
  if (owner < 0) return undefined;
  try {
    return linkText(`/proc/self/fd/${owner}`);
  } finally {
    linux.close(owner);
  }
}

const namespaceOf = (pid: number): string | undefined => linkText(`/proc/${pid}/ns/pid`);

function hasAncestor(file: string, wanted: string): boolean {
  let here = linux.open(file, O_RDONLY | O_CLOEXEC);
  while (here >= 0) {
    const isWanted = linkText(`/proc/self/fd/${here}`) === wanted;
    const above = isWanted ? -1 : linux.ioctlValue(here, NS_GET_PARENT, 0); // EPERM: it would be above this process's own
    linux.close(here);
    if (isWanted) return true;
    here = above;
  }
  return false;
}

/** undefined for what is gone. */
const linkText = (link: string): string | undefined => attempt(() => fs.readlinkSync(link));
