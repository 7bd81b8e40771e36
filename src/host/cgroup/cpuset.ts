// Which processors and memory nodes a container has (cpusets.txt, cgroup-v2.rst).
import fs from 'node:fs';
import { systemError } from '../../errors.ts';

/** A new cpuset is empty, and nothing may enter an empty one. */
export function inheritCpuset(parent: string, directory: string): void {
  for (const file of ['cpuset.cpus', 'cpuset.mems']) {
    try {
      if (fs.readFileSync(`${directory}/${file}`, 'utf8').trim() === '') {
        fs.writeFileSync(`${directory}/${file}`, fs.readFileSync(`${parent}/${file}`, 'utf8'));
      }
    } catch (error) {
      throw systemError(`Unable to write to '${directory}/${file}'`, error);
    }
  }
}
