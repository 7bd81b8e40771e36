// Is a container's init an init system, such as systemd? Told by its name, through links, and by what a wrapper such as env is
// told to run. Paths are looked up below the container's root and never opened, but to see whether a program is a script.
import fs from 'node:fs';
import { O_CLOEXEC, O_PATH, O_RDONLY, RESOLVE_IN_ROOT } from '../../lib-native/constants.ts';
import { linux } from '../../lib-native/linux.ts';
import type { DomainOs } from '../domain/definition.ts';

const NAMES = new Set(
  'init linuxrc systemd upstart openrc-init runit runit-init s6-svscan s6-linux-init s6-overlay-init dinit finit shepherd'.split(' '),
);

/** Where such programs are, so that one is known by a second name of its file too. */
const PLACES = [
  ...['sbin/init', 'usr/sbin/init', 'bin/init', 'lib/systemd/systemd', 'usr/lib/systemd/systemd', 'lib/sysvinit/init', 'sbin/upstart'],
  ...['sbin/openrc-init', 'sbin/runit', 'sbin/runit-init', 'usr/sbin/runit-init', 'bin/s6-svscan', 'usr/bin/s6-svscan', 'sbin/dinit'],
];

/** Programs that are many, an init among them: their file says nothing of what they are called for. */
const MULTI_CALL = ['bin/busybox', 'usr/bin/busybox', 'bin/toybox', 'bin/sh'];

/** Programs that become what they are told to run. */
const WRAPPERS = new Set(
  'env setsid setpriv nice ionice nohup stdbuf chrt taskset prlimit unshare chroot capsh tini docker-init dumb-init catatonit busybox toybox'.split(
    ' ',
  ),
);
const SHELLS = new Set('sh bash dash ash ksh zsh'.split(' '));

const baseName = (path: string): string => path.slice(path.lastIndexOf('/') + 1);

/** Is that what an init system's program is called? */
export const isInitName = (path: string): boolean => NAMES.has(baseName(path));

/** Is a shell told to run a script, rather than to ask for commands? */
export const isShellScript = ({ init, initargs }: Pick<DomainOs, 'init' | 'initargs'>): boolean =>
  SHELLS.has(baseName(init)) && initargs.some((word) => !word.startsWith('-') || /^-\w*c/.test(word));

/** The words of a command line that may be the program which ends up as process 1. Pure. */
export function programWords({ init, initargs }: Pick<DomainOs, 'init' | 'initargs'>): string[] {
  const program = baseName(init);
  if (WRAPPERS.has(program)) return [init, ...initargs.filter((word) => !word.startsWith('-'))];
  if (!SHELLS.has(program)) return [init];
  const words = initargs.filter((word) => !word.startsWith('-')).flatMap((script) => [...script.matchAll(/\bexec\s+(?:-\S+\s+)*(\S+)/g)]);
  return [init, ...words.map((found) => found[1]!.replace(/["';]/g, ''))];
}

/**
 * The program of an init system that a container would run, by the name that it has in the definition; undefined for any other
 * program. `root`: a descriptor of the container's root; without one only names tell.
 */
export function initSystemOf(os: Pick<DomainOs, 'init' | 'initargs' | 'initdir'>, root: number | undefined): string | undefined {
  return programWords(os).find((word) => isInitName(word) || (root !== undefined && leadsToInit(root, within(word, os.initdir))));
}

/** A relative path starts at <initdir>. */
const within = (word: string, initdir = '/'): string => (word.startsWith('/') ? word : `${initdir}/${word}`);

interface Found {
  /** Its last name, links followed. */
  name: string;
  file: string;
}

function leadsToInit(root: number, path: string): boolean {
  const program = look(root, path);
  if (program === undefined) return false;
  if (NAMES.has(program.name)) return true;
  const known = PLACES.map((place) => look(root, place)).filter((found) => found !== undefined && NAMES.has(found.name));
  return known.some((found) => found?.file === program.file) && !MULTI_CALL.some((place) => look(root, place)?.file === program.file);
}

function look(root: number, path: string): Found | undefined {
  return withPath(root, path, (fd) => {
    const { dev, ino } = fs.fstatSync(fd);
    return { name: baseName(fs.readlinkSync(`/proc/self/fd/${fd}`)), file: `${dev}:${ino}` };
  });
}

function withPath<T>(root: number, path: string, action: (fd: number) => T): T | undefined {
  const fd = linux.openat2(root, path, O_PATH | O_CLOEXEC, RESOLVE_IN_ROOT);
  if (fd < 0) return undefined; // a start will tell
  try {
    return action(fd);
  } finally {
    linux.close(fd);
  }
}

/** Does a container with this root run an init system, which manages cgroups below its own? A script called init is none. */
export const runsInitSystem = (os: Pick<DomainOs, 'init' | 'initargs' | 'initdir'>, root: number): boolean =>
  initSystemOf(os, root) !== undefined && !isScript(root, os);

/** Does the file begin with #!? Such an init is somebody's own. */
export function isScript(root: number, { init, initdir }: Pick<DomainOs, 'init' | 'initdir'>): boolean {
  const start = withPath(root, within(init, initdir), (path) => {
    if (!fs.fstatSync(path).isFile()) return '';
    const fd = linux.open(`/proc/self/fd/${path}`, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return '';
    try {
      const bytes = Buffer.alloc(2);
      return bytes.toString('latin1', 0, fs.readSync(fd, bytes, 0, 2, 0));
    } finally {
      linux.close(fd);
    }
  });
  return start === '#!';
}
