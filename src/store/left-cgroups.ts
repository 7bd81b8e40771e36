// Cgroups of containers that are over, but which the kernel would not let go of: they are removed by a later command.
import path from 'node:path';
import { listDirectory } from '../host/system-files.ts';
import { readIfThere, removeIfThere, writeAtomically } from './atomic-write.ts';
import { paths } from './paths.ts';

/** A cgroup's own name has its controller's pid in it; the whole path may be too long for a file's name. */
const fileOf = (cgroup: string): string => `${paths.leftCgroups}/${path.basename(cgroup)}`;

export function rememberCgroup(cgroup: string): void {
  writeAtomically(fileOf(cgroup), cgroup, { durable: false });
}

export function forgetCgroup(cgroup: string): void {
  removeIfThere(fileOf(cgroup));
}

/** As DomainCgroup takes them. */
export function leftCgroups(): string[] {
  return listDirectory(paths.leftCgroups).flatMap((name) =>
    name.startsWith('.') ? [] : (readIfThere(`${paths.leftCgroups}/${name}`) ?? []),
  );
}
