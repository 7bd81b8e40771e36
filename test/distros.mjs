// Real distributions, booted in the virtual machines of ../shared/vm: nowhere else, since an init system that finds a way out
// of its container would halt the machine that it is on. Last line: `N passed, N failed[, N skipped]`.
//
// The distributions' root directories are made once, by ../shared/vm/roots.sh; what is there is used.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { execa } from 'execa';
import { machineOptions, machineTool, testInMachines } from './machines.mjs';

const CACHE = path.join(process.env.XDG_CACHE_HOME ?? path.join(os.homedir(), '.cache'), 'virsh-lxc/distros');
const options = machineOptions('test:distros', 'Boots, uses and stops real distributions as containers of virtual machines.')
  .option('roots', {
    type: 'string',
    default: process.env.DISTRO_ROOTS ?? CACHE,
    defaultDescription: '$DISTRO_ROOTS or ~/.cache/virsh-lxc/distros',
    describe: "directory of the distributions' root directories; those that are missing are made",
  })
  .parseSync();
const NAMES = ['systemd', 'trixie', 'sysv', 'openrc', 'runit'];
/** In the guest. */
const ROOTS = '/project/distros';

/** Makes what is missing, and puts all of it into `directory`: by hard links if it can be, since 700 MB are read only once more. */
async function addRoots(directory) {
  if (NAMES.some((name) => !fs.existsSync(path.join(options.roots, name)))) {
    console.log(`making root directories in ${options.roots} ...`);
    fs.mkdirSync(options.roots, { recursive: true });
    await execa(machineTool('roots.sh'), [options.roots, ...NAMES], { stdin: 'ignore', stdout: 'inherit', stderr: 'inherit' });
  }
  const target = path.join(directory, path.basename(ROOTS));
  fs.mkdirSync(target);
  for (const name of NAMES) {
    const copy = (how) => execa('cp', [how, path.join(options.roots, name), target], { reject: false });
    if ((await copy('-al')).exitCode === 0) continue;
    fs.rmSync(path.join(target, name), { recursive: true, force: true });
    const { exitCode, stderr } = await copy('-a');
    if (exitCode !== 0) throw new Error(stderr);
  }
}

await testInMachines(options, {
  projects: ['distros'],
  /** On the disk of the project, which has room for copies of a root. */
  environment: { DISTRO_ROOTS: ROOTS, TMPDIR: '/project/tmp' },
  stageMore: addRoots,
});
