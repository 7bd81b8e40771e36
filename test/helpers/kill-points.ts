// Commands that die, or whose call fails, at any system call of theirs that can change anything: strace(1) counts and injects.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import type { Outcome, Virsh } from './virsh.ts';

/** Calls that change what others see. To die before each of these is to die everywhere: between them nothing changes. */
const CHANGING = [
  ...['write', 'pwrite64', 'writev', 'fsync', 'ftruncate', 'rename', 'renameat', 'renameat2', 'unlink', 'unlinkat', 'rmdir', 'mkdir'],
  ...['symlink', 'chmod', 'fchmod', 'flock', 'sendto', 'sendmsg', 'kill', 'rt_sigqueueinfo', 'pidfd_send_signal', 'mount', 'umount2'],
]
  .map((name) => `?${name}`)
  .join(',');

export interface Point {
  /** The system call's name. */
  name: string;
  /** Which of the calls of that name it is, from 1. */
  number: number;
  /** What it is in the run that counted. */
  call: string;
}

/**
 * Runs a command to its end; gives the points from its first lock on. Only its own calls count: controllers and other programs
 * that it starts are not followed.
 */
export function pointsOf(virsh: Virsh, ...command: string[]): Point[] {
  const log = virsh.path('calls');
  trace(virsh, ['-s', '40', '-o', log, '-e', `trace=${CHANGING}`], command);
  const counts = new Map<string, number>();
  const points = fs
    .readFileSync(log, 'utf8')
    .split('\n')
    .filter((line) => /^\w+\(/.test(line))
    .map((line) => {
      const name = line.slice(0, line.indexOf('('));
      const number = (counts.get(name) ?? 0) + 1;
      counts.set(name, number);
      return { name, number, call: line.replace(/\s+=.*/, '').replaceAll(`${virsh.prefix}/`, '') };
    });
  fs.rmSync(log);
  return points.slice(points.findIndex(({ call }) => call.startsWith('flock(')));
}

/** Runs a command that is killed in place of that call. */
export const killAt = (virsh: Virsh, { name, number }: Point, ...command: string[]): Outcome =>
  trace(virsh, ['-o', '/dev/null', '-e', `inject=${name}:signal=SIGKILL:when=${number}`], command);

/** Runs a command whose call fails, and every one like it from then on where `lasting`. */
export const failAt = (virsh: Virsh, { name, number }: Point, error: string, lasting: boolean, ...command: string[]): Outcome =>
  trace(virsh, ['-o', '/dev/null', '-e', `inject=${name}:error=${error}:when=${number}${lasting ? '+' : ''}`], command);

function trace(virsh: Virsh, options: string[], command: string[]): Outcome {
  const { status, stdout, stderr, error } = spawnSync('strace', ['-qq', ...options, virsh.command, ...command], {
    cwd: virsh.prefix,
    encoding: 'utf8',
    input: '',
    env: virsh.env,
    timeout: 60_000,
  });
  if (error) throw error;
  return { status, stdout, stderr };
}
