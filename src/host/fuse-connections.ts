// FUSE file systems of a container that is to end. A server that reads a request and never answers keeps who asked in the
// kernel, where no signal ends that; one that waits for itself never dies, and its container neither. The kernel lets go of both
// when the connection is aborted (linux/Documentation/filesystems/fuse.rst, "Aborting a filesystem connection").
import fs from 'node:fs';
import { linux } from '../../lib-native/linux.ts';
import { tryNewMount } from './mounts.ts';

const CONTROL = '/sys/fs/fuse/connections';

/** Numbers of the FUSE connections in a mount table (proc(5), /proc/PID/mountinfo), as fusectl calls them. Pure. */
export function fuseConnections(mountinfo: string): string[] {
  return mountinfo.split('\n').flatMap((line) => {
    const [, , device] = line.split(' ');
    const type = / - (\S+)/.exec(line)?.[1] ?? '';
    const [major, minor] = (device ?? '').split(':').map(Number);
    return /^fuse(blk)?(\.|$)/.test(type) ? [String(major! * 2 ** 20 + minor!)] : [];
  });
}

/**
 * Aborts the connections that the threads `tids`, all of the container's, have mounted and this machine has not. With `unseen`
 * also those that nobody has mounted any more, as long as somebody waits for an answer: a container can hide its mount so.
 */
export function abortConnections(tids: readonly number[], { unseen }: { unseen: boolean }): void {
  const shared = new Set(fuseConnections(read('/proc/self/mountinfo')));
  const own = new Set(tids.flatMap((tid) => fuseConnections(read(`/proc/${tid}/mountinfo`))).filter((name) => !shared.has(name)));
  withControl((folder) => {
    for (const name of own) abort(folder, name);
    if (!unseen) return;
    const mounted = mountedAnywhere();
    for (const name of list(folder)) if (!mounted.has(name) && Number(read(`${folder}/${name}/waiting`)) > 0) abort(folder, name);
  });
}

function mountedAnywhere(): Set<string> {
  const namespaces = new Map<string, string>();
  for (const pid of list('/proc')) {
    if (!/^\d+$/.test(pid)) continue;
    try {
      namespaces.set(fs.readlinkSync(`/proc/${pid}/ns/mnt`), pid);
    } catch {
      // it has ended
    }
  }
  return new Set([...namespaces.values()].flatMap((pid) => fuseConnections(read(`/proc/${pid}/mountinfo`))));
}

function withControl(use: (folder: string) => void): void {
  if (list(CONTROL).length > 0) {
    use(CONTROL);
    return;
  }
  const mount = tryNewMount({ type: 'fusectl', options: {}, attributes: 0 });
  if (mount < 0) return;
  try {
    use(`/proc/self/fd/${mount}`);
  } finally {
    linux.close(mount);
  }
}

function abort(folder: string, name: string): void {
  try {
    fs.writeFileSync(`${folder}/${name}/abort`, '1');
  } catch {
    // it is gone
  }
}

function read(file: string): string {
  try {
    return fs.readFileSync(file, 'latin1');
  } catch {
    return ''; // gone meanwhile
  }
}

function list(folder: string): string[] {
  try {
    return fs.readdirSync(folder);
  } catch {
    return [];
  }
}
