// Profiles in the kernel (apparmorfs): loaded as apparmor_parser(8) compiles them, which takes 0.1 s and is kept for the next time.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import { errnoCode, failureInSync, libvirtError } from '../../errors.ts';
import { requireProgram } from '../../host/programs.ts';
import { listDirectory, readText } from '../../host/system-files.ts';
import { writeAtomically } from '../../store/atomic-write.ts';
import { paths } from '../../store/paths.ts';

const APPARMORFS = '/sys/kernel/security/apparmor';
const MAX_CACHED = 500;
const COMPILE_TIMEOUT_MS = 60_000;

/** The kernel takes profiles. */
export const takesProfiles = (): boolean => fs.existsSync(`${APPARMORFS}/.replace`);

export function isLoaded(profile: string): boolean {
  const loaded = (readText(`${APPARMORFS}/profiles`) ?? '').split('\n');
  return loaded.some((line) => line.replace(/ \(\w+\)$/, '') === profile);
}

/** Loads the profile `name` in place of the one that is there. Throws INTERNAL_ERROR. */
export function loadProfile(name: string, text: string): void {
  try {
    write('.replace', compiled(name, text));
  } catch (error) {
    throw libvirtError('INTERNAL_ERROR', `cannot load AppArmor profile '${name}': ${(error as Error).message}`);
  }
}

/** One that is not there is fine. Processes that still have it are confined by nothing then. Throws INTERNAL_ERROR. */
export function removeProfile(name: string): void {
  try {
    write('.remove', Buffer.from(name));
  } catch (error) {
    if (errnoCode(error) !== 'ENOENT')
      throw libvirtError('INTERNAL_ERROR', `could not remove profile for '${name}': ${(error as Error).message}`);
  }
}

/** The kernel takes all of it in one write(2). */
function write(file: string, bytes: Uint8Array): void {
  const fd = fs.openSync(`${APPARMORFS}/${file}`, 'w');
  try {
    fs.writeSync(fd, bytes);
  } finally {
    fs.closeSync(fd);
  }
}

/** What the kernel takes, from the cache if it was made there of this text, by this parser, for this kernel. */
function compiled(name: string, text: string): Uint8Array {
  const parser = requireProgram('apparmor_parser', 'apparmor');
  const { mtimeMs, size } = fs.statSync(parser);
  const kernel = `${readText('/proc/sys/kernel/osrelease')} ${readText('/proc/sys/kernel/version')}`;
  const key = Buffer.from(`${kernel}\n${parser} ${mtimeMs} ${size}\n${text}\0`);
  const file = `${paths.apparmorCache}/${name}`;
  const cached = read(file);
  if (cached?.subarray(0, key.length).equals(key)) return cached.subarray(key.length);
  const binary = compile(parser, text);
  // Of what is included nobody knows here whether it has changed.
  if (!/^\s*#?include\b/m.test(text)) failureInSync(() => keep(file, Buffer.concat([key, binary])));
  return binary;
}

function read(file: string): Buffer | undefined {
  try {
    return fs.readFileSync(file);
  } catch {
    return undefined; // not there, or not to be read: it is made again
  }
}

function compile(parser: string, text: string): Buffer {
  const { status, stdout, stderr, error } = spawnSync(parser, ['--skip-kernel-load', '--skip-cache', '--stdout'], {
    input: text,
    env: { LC_ALL: 'C', PATH: '/usr/sbin:/usr/bin:/sbin:/bin' },
    timeout: COMPILE_TIMEOUT_MS,
    maxBuffer: 64 << 20,
  });
  if (status === 0 && stdout.length > 0) return stdout;
  const words = String(stderr ?? '')
    .trim()
    .replace(/\s*\n\s*/g, ' ');
  throw new Error(words || error?.message || `${parser}: exit status ${status}`);
}

/** Of more than can be in use, those that were made longest ago go. */
function keep(file: string, bytes: Uint8Array): void {
  writeAtomically(file, bytes, { durable: false });
  const all = listDirectory(paths.apparmorCache).filter((name) => !name.startsWith('.'));
  if (all.length <= MAX_CACHED) return;
  const byAge = all
    .map((name) => `${paths.apparmorCache}/${name}`)
    .map((path) => ({ path, madeMs: fs.statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0 }))
    .sort((one, other) => one.madeMs - other.madeMs);
  for (const { path } of byAge.slice(0, all.length - MAX_CACHED)) fs.rmSync(path, { force: true });
}
