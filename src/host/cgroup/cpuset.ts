// Which processors and memory nodes a cgroup has: the same files in both versions (cgroup-v1/cpusets.rst, cgroup-v2.rst).
import fs from 'node:fs';
import path from 'node:path';
import type { DomainDefinition } from '../../domain/definition.ts';
import { systemError } from '../../errors.ts';
import type { DomainCgroup } from './cgroup.ts';
import { applyLimits, type Limit } from './limit.ts';

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

/** Lets the container run on these only; undefined: wherever its parent may. Throws SYSTEM_ERROR. */
export function changeCpus(cgroup: DomainCgroup, cpus: string | undefined): void {
  applyLimits(cgroup, [{ controller: 'cpuset', files: [CPUS], value: cpus ?? inherited(cgroup, CPUS) }]);
}

/** Lets its memory come from these nodes only. Throws SYSTEM_ERROR. */
export function changeMems(cgroup: DomainCgroup, nodes: string): void {
  applyLimits(cgroup, [{ controller: 'cpuset', files: [MEMS], value: nodes }]);
}

/** As a value: who has processes cannot be made empty again, though v2 takes an empty one that never was anything else for inherited. */
function inherited(cgroup: DomainCgroup, file: string): string {
  const directory = cgroup.directory('cpuset')!;
  const read = (name: string): string => fs.readFileSync(path.join(directory, name), 'utf8').trim();
  if (cgroup.layout.version === 1) return read(`../${file}`);
  return read(file) === '' ? '\n' : read(`../${file}.effective`);
}
