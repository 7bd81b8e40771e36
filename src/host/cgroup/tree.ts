// The directories below a cgroup. A container may have made as many, and as deep ones, as it liked.
import fs from 'node:fs';

/** What a look through cgroups takes must not be the container's to choose. */
const LOOK_LIMIT = { directories: 1000, path: 1024 };

/**
 * A cgroup's directory and those below it, those above first; not all of them, where there are more than any program needs. (What
 * is to be killed is found otherwise, too: pid-namespace.ts.)
 */
export function cgroupDirectories(top: string): string[] {
  const found = [top];
  for (const directory of found)
    for (const name of directoriesIn(directory))
      if (found.length < LOOK_LIMIT.directories && directory.length + name.length < LOOK_LIMIT.path) found.push(`${directory}/${name}`);
  return found;
}

/** The names of the directories in `directory`. */
export function directoriesIn(directory: string): string[] {
  try {
    return fs
      .readdirSync(directory, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name);
  } catch {
    return []; // gone meanwhile
  }
}
