// Real distributions, booted in the virtual machines of ../shared/vm: nowhere else, since an init system that finds a way out
// of its container would halt the machine that it is on. Arguments choose the variants; TESTS=word runs only test files with
// that word in their path. Last line: `N passed, N failed[, N skipped]`.
//
// The distributions' root directories are made once, by ../shared/vm/roots.sh, in $DISTRO_ROOTS or a folder of the user's
// cache; what is there is used.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { execa } from 'execa';
import { machineTool, testInMachines } from './machines.mjs';

const CACHE = process.env.DISTRO_ROOTS ?? path.join(process.env.XDG_CACHE_HOME ?? path.join(os.homedir(), '.cache'), 'virsh-lxc/distros');
const NAMES = ['systemd', 'trixie', 'sysv', 'openrc', 'runit'];
/** In the guest. */
const ROOTS = '/project/distros';

/** Makes what is missing, and puts all of it into `folder`: by hard links if it can be, since 700 MB are read only once more. */
async function addRoots(folder) {
  if (NAMES.some((name) => !fs.existsSync(path.join(CACHE, name)))) {
    console.log(`making root directories in ${CACHE} ...`);
    fs.mkdirSync(CACHE, { recursive: true });
    await execa(machineTool('roots.sh'), [CACHE, ...NAMES], { stdin: 'ignore', stdout: 'inherit', stderr: 'inherit' });
  }
  const target = path.join(folder, path.basename(ROOTS));
  fs.mkdirSync(target);
  for (const name of NAMES) {
    const copy = (how) => execa('cp', [how, path.join(CACHE, name), target], { reject: false });
    if ((await copy('-al')).exitCode === 0) continue;
    fs.rmSync(path.join(target, name), { recursive: true, force: true });
    const { exitCode, stderr } = await copy('-a');
    if (exitCode !== 0) throw new Error(stderr);
  }
}

await testInMachines({
  project: 'distros',
  /** On the disk of the project, which has room for copies of a root. */
  environment: { DISTRO_ROOTS: ROOTS, TMPDIR: '/project/tmp' },
  timeoutSeconds: 9000,
  stageMore: addRoots,
});
