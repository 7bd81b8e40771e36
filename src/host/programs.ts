// Programs that are run for the host: where they are, and what to install where they are not.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import process from 'node:process';
import { libvirtError } from '../errors.ts';

/** Where administrators' programs are, whatever the caller's PATH says. */
const SYSTEM_DIRECTORIES = ['/usr/local/sbin', '/usr/sbin', '/sbin', '/usr/bin', '/bin'];

/** The path of `name`. Throws OPERATION_FAILED with the Debian package that has it. */
export function requireProgram(name: string, debianPackage: string): string {
  const found = findProgram(name);
  if (found !== undefined) return found;
  throw libvirtError('OPERATION_FAILED', `Unable to find '${name}' binary in $PATH; it is in Debian's package ${debianPackage}`);
}

export const hasProgram = (name: string): boolean => findProgram(name) !== undefined;

export interface ProgramOptions {
  /** Descriptor of its standard input; by default none. */
  stdin?: number;
  /** Of its standard output; by default none. */
  stdout?: number;
  cwd?: string;
  /** By default ours. */
  env?: Record<string, string>;
  timeoutMs?: number;
}

/** Runs a program to its end. Returns why, if it failed: in its own words, if it had any. */
export function failureOf(
  program: string,
  args: string[],
  { stdin, stdout, cwd, env, timeoutMs }: ProgramOptions = {},
): string | undefined {
  const { status, stderr, error } = spawnSync(program, args, {
    stdio: [stdin ?? 'ignore', stdout ?? 'ignore', 'pipe'],
    encoding: 'utf8',
    ...(cwd !== undefined && { cwd }),
    ...(env && { env }),
    ...(timeoutMs !== undefined && { timeout: timeoutMs }),
  });
  return status === 0 ? undefined : stderr?.trim() || error?.message || `exit status ${status}`;
}

/** Was this process given the word on its command line? */
export const wasGiven = (pid: number, word: string): boolean => wordsOf(pid).includes(word);

/** The command line of a process; none if there is no such process. */
export function wordsOf(pid: number): string[] {
  try {
    return fs.readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
  } catch {
    return [];
  }
}

function findProgram(name: string): string | undefined {
  const directories = [...(process.env['PATH'] ?? '').split(':').filter(Boolean), ...SYSTEM_DIRECTORIES];
  return directories.map((directory) => `${directory}/${name}`).find(isExecutable);
}

function isExecutable(file: string): boolean {
  try {
    fs.accessSync(file, fs.constants.X_OK);
    return fs.statSync(file).isFile();
  } catch {
    return false; // not there, or not to be run by us
  }
}
