// Groups that a container makes for itself below its own: as many, and as deep ones, as it likes.
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { cgroupOf } from '../helpers/cgroup-of.ts';
import { eventually } from '../helpers/eventually.ts';
import { suite } from '../helpers/requires.ts';
import { useVirsh } from '../helpers/virsh.ts';
import { within } from '../helpers/within.ts';

/** Deeper than a path can tell (PATH_MAX); to the bottom goes a process, which is frozen there. */
const DIG = `
import os, sys
top, pid, version, wide = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])
os.chdir(top)
for i in range(wide): os.mkdir(f'w{i}')
for i in range(600):
    os.mkdir('dddddddd')
    os.chdir('dddddddd')
open('cgroup.procs', 'w').write(pid)
if version == '2': open('cgroup.freeze', 'w').write('1')
else: open('freezer.state', 'w').write('FROZEN')
`;

suite('groups that a container makes', ['root', 'built', 'busybox', 'fuse', 'python3'], () => {
  const virsh = useVirsh();
  const version = fs.existsSync('/sys/fs/cgroup/cgroup.controllers') ? '2' : '1';

  it('do not keep destroy from ending it in time, and go with it', async () => {
    const name = virsh.boot({ init: ['/bin/sh', '-c', 'sleep 1000 & wait'] });
    const init = virsh.initPid(name);
    const children = () => fs.readFileSync(`/proc/${init}/task/${init}/children`, 'latin1').trim();
    await eventually(() => children() !== '');
    const folder = cgroupOf(init).folder('freezer');
    execFileSync('python3', ['-c', DIG, version === '2' ? path.join(folder, 'payload') : folder, children(), version, '500']);
    within(virsh, 2000, () => virsh.ok('destroy', name));
    // What takes a slow machine longer, later commands remove.
    const other = virsh.define();
    await eventually(() => {
      if (fs.existsSync(folder)) for (const command of ['start', 'destroy']) virsh.ok(command, other);
      return !fs.existsSync(folder);
    }, 30_000);
  });

  it('are bounded where the kernel can', () => {
    const folder = cgroupOf(virsh.initPid(virsh.boot({ more: '<features><privnet/></features>' }))).folder('freezer');
    const file = path.join(folder, 'cgroup.max.descendants');
    expect(fs.existsSync(file) ? fs.readFileSync(file, 'latin1') : '10000\n').toBe('10000\n');
  });
});
