// A thousand running domains at the price of one: statuses that name one controller, and cgroups with nobody in them.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { expect } from 'vitest';
import type { Virsh } from './virsh.ts';

export interface ManyDomains extends Disposable {
  names: string[];
}

/** Like the running domain `model`, which goes on being one of them. */
export function manyDomains(virsh: Virsh, model: string, count: number): ManyDomains {
  const statusFile = (name: string): string => virsh.path(`run/libvirt/lxc/${name}.xml`);
  const status = fs.readFileSync(statusFile(model), 'utf8');
  const [, cgroup] = /cgroup='([^']+)'/.exec(status)!;
  const names = Array.from({ length: count }, (_, n) => `${virsh.tag}-m${String(n).padStart(4, '0')}`);
  const directories: string[] = [];
  const made: ManyDomains = {
    names,
    [Symbol.dispose]() {
      for (const directory of directories.reverse()) fs.rmdirSync(directory);
      for (const name of names) fs.rmSync(statusFile(name), { force: true });
    },
  };
  const roots = fs.readFileSync('/proc/mounts', 'utf8').matchAll(/^\S+ (\S+) cgroup2? /gm);
  const parents = [...roots].map(([, root]) => path.join(root!, path.dirname(cgroup!))).filter((parent) => fs.existsSync(parent));
  const controller = virsh.controllerPid(model);
  for (const name of names) {
    const own = `lxc-${controller}-${name}.libvirt-lxc`;
    for (const parent of parents) {
      fs.mkdirSync(path.join(parent, own));
      directories.push(path.join(parent, own));
    }
    const text = status.replace(cgroup!, path.join(path.dirname(cgroup!), own)).replace(`<name>${model}</name>`, `<name>${name}</name>`);
    fs.writeFileSync(statusFile(name), text);
  }
  return made;
}

const TICK_MS = 10;

/** Processor time of all children of this process so far (proc_pid_stat(5), fields 16 and 17). */
export function childrenMs(): number {
  const fields = fs
    .readFileSync('/proc/self/stat', 'latin1')
    .replace(/^.*\) /, '')
    .split(' ');
  return (Number(fields[13]) + Number(fields[14])) * TICK_MS;
}

/** Processor time of a command that must succeed: of several runs the one that others disturbed least. */
export function leastCostMs(virsh: Pick<Virsh, 'command' | 'env'>, runs: number, ...command: string[]): number {
  const costs = Array.from({ length: runs }, () => {
    const before = childrenMs();
    const { status, stderr } = spawnSync(virsh.command, command, { env: virsh.env, encoding: 'utf8', maxBuffer: 2 ** 26 });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    return childrenMs() - before;
  });
  return Math.min(...costs);
}
