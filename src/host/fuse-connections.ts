// FUSE file systems of a container that is to end. A server that reads a request and never answers keeps who asked in the
// kernel, where no signal ends that; one that waits for itself never dies, and its container neither. The kernel lets go of both
// when the connection is aborted (linux/Documentation/filesystems/fuse.rst, "Aborting a filesystem connection").
//
// Only a container's own connections are aborted, never one that somebody else serves or has mounted. Who serves which is told
// by the kernel since Linux 6.17 (/proc/PID/fdinfo of /dev/fuse); before that only mount tables tell whose a connection is.
import fs from 'node:fs';
import { linux } from '../../lib-native/linux.ts';
import { attempt } from './attempt.ts';
import { unescaped } from './mount-table.ts';
import { tryNewMount } from './mounts.ts';
import { allPids } from './pid-namespace.ts';

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

/** What a set of processes has to do with FUSE. */
export interface FuseFacts {
  /** Connections in their mount tables. */
  mounted: ReadonlySet<string>;
  /** Connections that they serve. */
  served: ReadonlySet<string>;
  /** How many of them serve one that the kernel does not name. */
  unnamed: number;
}

/**
 * The connections to abort. `waiting`: those in no mount table that somebody waits for an answer of. A container can hide its
 * mount so; but it must be certain that nobody else serves one: more would serve than have mounted. Pure.
 */
export function doomedConnections(own: FuseFacts, others: FuseFacts, waiting: readonly string[]): string[] {
  const isOthers = (name: string) => others.mounted.has(name) || others.served.has(name);
  const isCertain = others.unnamed <= others.mounted.size;
  return [...new Set([...own.served, ...[...own.mounted, ...(isCertain ? waiting : [])].filter((name) => !isOthers(name))])];
}

/**
 * Aborts the connections of processes `own`, all of one container, whose controller is `controller`. `unseen`: also those that
 * are in no mount table any more. `tableOf` reads that of a mount namespace which is kept by a file; undefined: it cannot.
 */
export function abortConnections(
  own: readonly number[],
  controller: number,
  { unseen, tableOf }: { unseen: boolean; tableOf: (namespaceFile: string) => string | undefined },
): void {
  const members = new Set([...own, controller]);
  const mine = survey(own, new Set(), true);
  const others = survey(
    allPids().filter((pid) => !members.has(pid)),
    mine.namespaces,
    false,
  );
  withControl((directory) => {
    let waiting = unseen ? list(directory).filter((name) => Number(read(`${directory}/${name}/waiting`)) > 0) : [];
    for (const [name, file] of waiting.length > 0 ? others.kept : []) {
      if (others.namespaces.has(name) || mine.namespaces.has(name)) continue;
      const table = tableOf(file);
      if (table === undefined) waiting = [];
      else for (const connection of fuseConnections(table)) others.mounted.add(connection);
    }
    for (const name of doomedConnections(mine, others, waiting)) abort(directory, name);
  });
}

interface Survey extends FuseFacts {
  mounted: Set<string>;
  served: Set<string>;
  /** Mount namespaces that they live in. */
  namespaces: Set<string>;
  /** Those that they keep, and by which file. */
  kept: Map<string, string>;
}

/** Mount namespaces in `known` are left out. */
function survey(pids: readonly number[], known: ReadonlySet<string>, searchesThreads: boolean): Survey {
  const found = {
    mounted: new Set<string>(),
    served: new Set<string>(),
    unnamed: 0,
    namespaces: new Set<string>(),
    kept: new Map<string, string>(),
  };
  for (const pid of pids) {
    // Threads may each have files and a mount namespace of their own, to hide them; and the first may have ended.
    const first = `/proc/${pid}`;
    const isFirstEnough = !searchesThreads && list(`${first}/fd`).length > 0;
    for (const task of isFirstEnough ? [first] : list(`${first}/task`).map((tid) => `${first}/task/${tid}`)) {
      const namespace = link(`${task}/ns/mnt`);
      if (namespace !== undefined && !known.has(namespace) && !found.namespaces.has(namespace)) {
        found.namespaces.add(namespace);
        addMounts(task, found);
      }
      addFiles(task, found);
    }
  }
  return found;
}

function addMounts(task: string, { mounted, kept }: Survey): void {
  const table = read(`${task}/mountinfo`);
  for (const name of fuseConnections(table)) mounted.add(name);
  for (const [, name, place] of table.matchAll(/^\S+ \S+ \S+ (mnt:\[\d+\]) (\S+)/gm)) kept.set(name!, `${task}/root${unescaped(place!)}`);
}

/** Of files that are no pipes, sockets and the like, which are called `type:[number]`. */
function addFiles(task: string, found: Survey): void {
  for (const fd of list(`${task}/fd`)) {
    const file = `${task}/fd/${fd}`;
    const target = link(file) ?? '';
    if (target.startsWith('mnt:[')) found.kept.set(target, file);
    if (!target.startsWith('/')) continue;
    const name = /^fuse_connection:\s*(\d+)$/m.exec(read(`${task}/fdinfo/${fd}`))?.[1];
    if (name !== undefined) found.served.add(name);
    else if (target.endsWith('/fuse')) found.unnamed++; // a look at what it is could hang
  }
}

function withControl(use: (directory: string) => void): void {
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

const abort = (directory: string, name: string) => attempt(() => fs.writeFileSync(`${directory}/${name}/abort`, '1'));
const read = (file: string): string => attempt(() => fs.readFileSync(file, 'latin1')) ?? '';
const link = (path: string): string | undefined => attempt(() => fs.readlinkSync(path));
const list = (directory: string): string[] => attempt(() => fs.readdirSync(directory)) ?? [];
