// What runs: /run/libvirt/lxc/NAME.xml (libvirt's <domstatus>), NAME.pid, and NAME.end, which says how it last ended
// or, of one that runs, that a command is about to kill its init.

import fs from 'node:fs';
import { IN_SERVICE } from '../../lib-native/protocol.ts';
import { statusFacts } from '../domain/facts.ts';
import { errnoCode, LibvirtError, systemError } from '../errors.ts';
import { isAskedToFreeze } from '../host/cgroup/freezer.ts';
import { livingProcess, type ProcessIdentity } from '../host/process.ts';
import { listDirectory } from '../host/system-files.ts';
import { readIfThere, removeIfThere, writeAtomically } from './atomic-write.ts';
import { endFile, namesIn, paths, pidFile, statusFile } from './paths.ts';

export interface StatusRecord {
  name: string;
  state: 'running' | 'paused';
  reason: string;
  controller: ProcessIdentity;
  initPid: number;
  uuid: string;
  /** The container's cgroup, below the hierarchies' roots. undefined in a damaged status. */
  cgroup: string | undefined;
  /** The whole document. */
  document: string;
  /** False: its controller is dead and nobody cleared up yet. */
  alive: boolean;
  /**
   * True while its controller has a container that was started and has not ended. False before, which for the holder of the
   * domain's lock means that the start was abandoned, and after: then on-exit runs, or waits for that lock.
   */
  inService: boolean;
}

/** Names that have a status, stale ones included. */
export function statusNames(): string[] {
  return namesIn(listDirectory(paths.run), '.xml');
}

/** The status of `name`, or undefined where it has none. A damaged one counts as one whose controller is dead. */
export function readStatus(name: string): StatusRecord | undefined {
  for (let read: string | undefined; ; ) {
    const document = readIfThere(statusFile(name));
    if (document === undefined) return undefined;
    const record = recordOf(name, document);
    // A controller that died just after it was read may have written the status of the next, which took its place.
    if (record.alive || document === read) return record;
    read = document;
  }
}

function recordOf(name: string, document: string): StatusRecord {
  const { state, reason, controllerPid, controllerStartTime, initPid, uuid, cgroup } = statusFacts(document);
  const controller = { pid: controllerPid, startTime: controllerStartTime };
  const alive = state !== undefined && controller.pid > 1 ? livingProcess(controller) : undefined;
  return {
    name,
    state: state ?? 'running',
    reason,
    controller,
    initPid,
    uuid: uuid ?? '',
    cgroup,
    document,
    alive: alive !== undefined,
    inService: alive?.name === IN_SERVICE,
  };
}

/** Not durable: a reboot ends every container, and /run with it. */
export function writeStatus(name: string, document: string, controllerPid: number): void {
  writeAtomically(statusFile(name), document, { durable: false });
  writeAtomically(pidFile(name), `${controllerPid}\n`, { durable: false });
}

/** The controller's pid as its own file has it: for a status that has none. 0 where there is none. */
export function readPid(name: string): number {
  return Number(/^(\d+)\n$/.exec(readIfThere(pidFile(name)) ?? '')?.[1] ?? 0);
}

export function removeStatus(name: string): void {
  removeIfThere(pidFile(name));
  removeIfThere(statusFile(name));
}

export type EndReason = 'shutdown' | 'destroyed' | 'failed' | 'crashed';

/** How a domain that is off last ended, as `domstate --reason` prints it; 'unknown' if it never ran since the host booted. */
export function readEnd(name: string): EndReason | 'unknown' {
  const text = readIfThere(endFile(name))?.split('\n')[0]?.trim();
  return text === 'shutdown' || text === 'destroyed' || text === 'failed' || text === 'crashed' ? text : 'unknown';
}

/** The sentence that says more of it, if there is one. */
export function readEndDetail(name: string): string | undefined {
  return /^.*\n(.+)/.exec(readIfThere(endFile(name)) ?? '')?.[1];
}

export function writeEnd(name: string, reason: EndReason, detail?: string): void {
  const line = detail === undefined ? '' : `${detail.replace(/\s+/g, ' ').trim()}\n`;
  writeAtomically(endFile(name), `${reason}\n${line}`, { durable: false });
}

export function removeEnd(name: string): void {
  removeIfThere(endFile(name));
}

/** For a domain that gets another name. */
export function moveEnd(from: string, to: string): void {
  try {
    fs.renameSync(endFile(from), endFile(to));
  } catch (error) {
    if (errnoCode(error) !== 'ENOENT') throw systemError(`Failed to rename file '${endFile(from)}'`, error);
  }
}

/** Who of us killed an init: its wait status does not tell that from the kernel, or anybody else, having done so. */
export type KillSource = 'destroy' | 'signal';

/** Notes that a command is about to kill init, before it does: what comes after its death must know even if the command is dead. */
export function writeKill({ name, controller }: Pick<StatusRecord, 'name' | 'controller'>, source: KillSource): void {
  try {
    writeAtomically(endFile(name), `killed by ${source} ${controller.pid} ${controller.startTime}\n`, { durable: false });
  } catch (error) {
    if (!(error instanceof LibvirtError)) throw error; // a full disk keeps nobody from killing
  }
}

/** Who killed the init of this very controller; undefined: none of us. */
export function readKill({ name, controller }: Pick<StatusRecord, 'name' | 'controller'>): KillSource | undefined {
  const [, source, pid, startTime] = /^killed by (\w+) (\d+) (\d+)\n$/.exec(readIfThere(endFile(name)) ?? '') ?? [];
  if (Number(pid) !== controller.pid || startTime !== controller.startTime) return undefined;
  return source === 'destroy' || source === 'signal' ? source : undefined;
}

/** The status of a domain whose controller lives. A stale one counts as none: the next change clears it up. */
export function liveStatus(name: string): StatusRecord | undefined {
  const status = readStatus(name);
  return status?.alive ? truly(status) : undefined;
}

/**
 * A suspend writes `paused` before it freezes, and a resume thaws before it writes: whoever finds the word, looks at the cgroup.
 * A command may have been killed in between.
 */
export function truly(status: StatusRecord): StatusRecord {
  if (status.state !== 'paused' || status.cgroup === undefined || isAskedToFreeze(status.cgroup) !== false) return status;
  return { ...status, state: 'running', reason: 'unpaused' };
}
