// Commands that die, or whose call fails, at any system call of theirs that can change anything: strace(1) counts and injects.
import { spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import process from 'node:process';
import { eventually, SLOWNESS } from './eventually.ts';
import { childOf, type Outcome, type Virsh } from './virsh.ts';

/** Calls that change what others see. To die before each of these is to die everywhere: between them nothing changes. */
const CHANGING = [
  ...['write', 'pwrite64', 'writev', 'fsync', 'ftruncate', 'rename', 'renameat', 'renameat2', 'unlink', 'unlinkat', 'rmdir', 'mkdir'],
  ...['symlink', 'chmod', 'fchmod', 'flock', 'sendto', 'sendmsg', 'kill', 'rt_sigqueueinfo', 'pidfd_send_signal', 'mount', 'umount2'],
  ...['fallocate', 'linkat', 'fchown'],
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
  trace(virsh, ['-y', '-s', '40', '-o', log, '-e', `trace=${CHANGING}`], command);
  const points = readPoints(virsh, log);
  return points.slice(points.findIndex(({ call }) => call.startsWith('flock(')));
}

function readPoints(virsh: Virsh, log: string): Point[] {
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
  return points;
}

/** The points of a process that runs already, from `action` to its end, whatever programs it becomes. */
export async function pointsOfProcess(virsh: Virsh, pid: number, action: () => void): Promise<Point[]> {
  const log = virsh.path('calls');
  await traceProcess(pid, ['-s', '40', '-o', log, '-e', `trace=${CHANGING}`], action);
  return readPoints(virsh, log);
}

/** Has such a process killed in place of that call, as long as `action` leads to it. */
export const killProcessAt = (pid: number, { name, number }: Point, action: () => void): Promise<void> =>
  traceProcess(pid, ['-o', '/dev/null', '-e', `inject=${name}:signal=SIGKILL:when=${number}`], action);

async function traceProcess(pid: number, options: string[], action: () => void): Promise<void> {
  const tracer = spawn('strace', [...options, '-p', String(pid)], { stdio: ['ignore', 'ignore', 'pipe'] });
  const ended = new Promise((resolve) => tracer.on('close', resolve));
  await new Promise((resolve) => tracer.stderr.once('data', resolve)); // "attached"
  action();
  await ended;
}

/** The first point of which `call` is true, or the one after it. Throws where there is none. */
export function pointAt(points: readonly Point[], call: RegExp, { after = false } = {}): Point {
  const point = points[points.findIndex((one) => call.test(one.call)) + (after ? 1 : 0)];
  if (!point || !points.some((one) => call.test(one.call))) throw new Error(`no such call: ${call}`);
  return point;
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

/** How long a command is held: longer than what is done meanwhile takes. */
const HELD_MS = 3000 * SLOWNESS;
/** A traced process stops for a moment at each call; one that is held stays so. */
const STEADY_MS = 200 * SLOWNESS;

export interface HeldCommand {
  readonly ended: Promise<Outcome>;
  kill(): void;
}

/** Starts a command that is held for some seconds in front of that call, or of opening a file for the first time; resolves when it is. */
export async function holdAt(virsh: Virsh, where: Point | { file: string }, ...command: string[]): Promise<HeldCommand> {
  const [call, number, files] = 'file' in where ? ['openat', 1, ['-P', where.file]] : [where.name, where.number, []];
  const inject = `inject=${call}:delay_enter=${HELD_MS * 1000}:when=${number}`;
  const tracer = spawn('strace', ['-qq', '-o', '/dev/null', ...files, '-e', inject, virsh.command, ...command], {
    cwd: virsh.prefix,
    env: virsh.env,
  });
  const output = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'] as const) tracer[stream].on('data', (data) => (output[stream] += data));
  const ended = new Promise<Outcome>((resolve) => tracer.on('close', (status) => resolve({ status, ...output })));
  let pid = 0;
  let since = Date.now();
  await eventually(() => {
    pid = childOf(tracer.pid!); // at first strace has a child of its own
    if (!isTraceStopped(pid)) since = Date.now();
    return Date.now() - since > STEADY_MS;
  });
  return { ended, kill: () => void process.kill(pid, 'SIGKILL') };
}

function isTraceStopped(pid: number): boolean {
  try {
    return /^State:\s+t/m.test(fs.readFileSync(`/proc/${pid}/status`, 'latin1'));
  } catch {
    return false;
  }
}
