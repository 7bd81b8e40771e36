// Which processors and memory nodes a cgroup has: the same files in both versions (cgroup-v1/cpusets.rst, cgroup-v2.rst).
import fs from 'node:fs';
import type { DomainDefinition } from '../../domain/definition.ts';
import { systemError } from '../../errors.ts';
import type { Limit } from './limit.ts';

const CPUS = 'cpuset.cpus';
const MEMS = 'cpuset.mems';

/** An automatic placement is left to the host. */
export function cpusetLimits({ vcpu, numatune }: DomainDefinition): Limit[] {
  const one = (file: string, value: string | undefined): Limit[] =>
    value === undefined ? [] : [{ controller: 'cpuset', files: [file], value }];
  return [...one(CPUS, vcpu.placement === 'static' ? vcpu.cpuset : undefined), ...one(MEMS, numatune?.nodeset)];
}

/** v1: a new cpuset is empty, and nothing may enter an empty one. */
export function inheritCpuset(parent: string, directory: string): void {
  for (const file of [CPUS, MEMS]) {
    try {
      if (fs.readFileSync(`${directory}/${file}`, 'utf8').trim() === '') {
        fs.writeFileSync(`${directory}/${file}`, fs.readFileSync(`${parent}/${file}`, 'utf8'));
      }
    } catch (error) {
      throw systemError(`Unable to write to '${directory}/${file}'`, error);
    }
  }
}
