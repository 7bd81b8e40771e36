// A Debian to install things in: a root directory of its own, entered as if it had been booted, in a mount namespace that goes with it.
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { eventually } from './eventually.ts';
import type { Outcome } from './virsh.ts';

const CACHE = path.join(process.env['XDG_CACHE_HOME'] ?? path.join(os.homedir(), '.cache'), 'virsh-lxc');

/** Arguments: where it is to be. Whoever comes meanwhile waits outside. */
const MAKE = `[ -e "$1" ] && exit
rm -rf "$1.new"
mmdebstrap --mode=root --variant=minbase bookworm "$1.new"
chmod 755 "$1.new"
mv "$1.new" "$1"`;

/** A minimal Debian 12, made once; undefined where that is not to be had. */
export function minimalDebian(): string | undefined {
  const root = path.join(CACHE, 'minbase');
  if (fs.existsSync(root)) return root;
  fs.mkdirSync(CACHE, { recursive: true });
  const { status } = spawnSync('flock', [`${root}.lock`, 'sh', '-ec', MAKE, 'sh', root], { stdio: 'ignore', timeout: 300_000 });
  return status === 0 ? root : undefined;
}

/** What is mounted where such a machine has its own; the rest is the root directory's. */
const BOOT = `set -eu
mount --bind "$1" "$1"
cd "$1"
mount -t proc proc proc
mount --rbind /sys sys
mount --rbind /dev dev
mount -t tmpfs tmpfs run
mkdir .outside
pivot_root . .outside
umount -l /.outside
rmdir /.outside
echo booted
exec sleep infinity`;

export class DebianMachine {
  readonly folder: string;
  #process: ChildProcess;

  private constructor(folder: string, process: ChildProcess) {
    this.folder = folder;
    this.#process = process;
  }

  /** From a copy of `root` in the new folder `folder`. */
  static async boot(root: string, folder: string): Promise<DebianMachine> {
    execFileSync('cp', ['-a', root, folder]);
    const args = ['--mount', '--propagation', 'private', 'sh', '-c', BOOT, 'sh', folder];
    const child = spawn('unshare', args, { stdio: ['ignore', 'pipe', 'inherit'] });
    let said = '';
    child.stdout.on('data', (data) => {
      said += data;
    });
    await eventually(() => said === 'booted\n' || child.exitCode !== null);
    if (child.exitCode !== null) throw new Error(`the machine ended with status ${child.exitCode}`);
    return new DebianMachine(folder, child);
  }

  /** A shell script in it, as root who has just logged in. */
  run(script: string): Outcome {
    const env = ['-i', 'PATH=/usr/sbin:/usr/bin:/sbin:/bin', 'HOME=/root', 'LC_ALL=C.UTF-8', 'TERM=dumb'];
    const args = [`--mount=/proc/${this.#process.pid}/ns/mnt`, 'env', ...env, 'sh', '-c', script];
    const { status, stdout, stderr } = spawnSync('nsenter', args, { encoding: 'utf8', input: '', timeout: 120_000 });
    return { status, stdout, stderr };
  }

  /** The output of a script that must succeed. */
  ok(script: string): string {
    const { status, stdout, stderr } = this.run(script);
    if (status !== 0) throw new Error(`${script}: status ${status}\n${stdout}${stderr}`);
    return stdout;
  }

  path(name: string): string {
    return path.join(this.folder, name);
  }

  off(): void {
    this.#process.kill('SIGKILL');
    fs.rmSync(this.folder, { recursive: true, force: true });
  }
}
