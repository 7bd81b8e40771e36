// cp: files between the host and a container, running or off, or two of them.
import process from 'node:process';
import { MOUNT_ATTR_NODEV, MOUNT_ATTR_NOEXEC, MOUNT_ATTR_NOSUID, MOUNT_ATTR_RDONLY } from '../../../lib-native/constants.ts';
import { linux } from '../../../lib-native/linux.ts';
import type { Read, Write } from '../../container/copy/archive.ts';
import { type CopyOptions, copyFromArchive, copyToArchive, copyTree } from '../../container/copy/copy.ts';
import { type IdMap, type Ids, latin1 } from '../../container/copy/entry.ts';
import { FIRST_FD, FileServer } from '../../container/copy/server.ts';
import { SAME_IDS, Side } from '../../container/copy/side.ts';
import { hostFacts } from '../../container/host-facts.ts';
import { hostPath } from '../../container/host-path.ts';
import { openInit } from '../../container/init.ts';
import { isMappable, rootOf } from '../../container/live-definition.ts';
import { openOwnMounts } from '../../container/own-mounts.ts';
import { hostFiles, runningFiles, stoppedFiles } from '../../container/plan/files.ts';
import { hasUserNamespace } from '../../container/plan/namespaces.ts';
import type { DomainDefinition, IdRange, SecurityLevel } from '../../domain/definition.ts';
import type { DomainRef } from '../../domain/ref.ts';
import { libvirtError, systemError } from '../../errors.ts';
import { cloneTree, restrictMount } from '../../host/mounts.ts';
import { containment } from '../../security/containment.ts';
import { enterLabel } from '../../security/labels.ts';
import { securityLevel } from '../../security/level.ts';
import { loadDefinition, loadStatus } from '../../store/domain-documents.ts';
import { liveStatus, type StatusRecord } from '../../store/live-status.ts';
import { type Connection, requireWritable } from '../connection.ts';

/** What is copied, or where to: a path of a domain's, one of the host's, an archive. */
export type CopyEnd =
  | { kind: 'domain'; domain: DomainRef; path: string }
  | { kind: 'host'; path: string }
  | { kind: 'archive'; read: Read; write: Write };

export interface CopyFilesOptions extends CopyOptions {
  /** For that long a file system may leave a question unanswered. */
  timeoutMs: number;
}

/**
 * Copies; the container sees nothing of it but the files, and needs no program of its own. Throws LibvirtError; what was copied
 * before that stays, but no half file does.
 */
export async function copyFiles(connection: Connection, from: CopyEnd, to: CopyEnd, options: CopyFilesOptions): Promise<void> {
  requireWritable(connection, 'virDomainLxcOpenNamespace');
  using source = from.kind === 'archive' ? undefined : await openSide(from, options.timeoutMs);
  using target = to.kind === 'archive' ? undefined : await openSide(to, options.timeoutMs);
  if (source && target) copyTree(source, target, options);
  else if (source && to.kind === 'archive') copyToArchive(source, to.write, options);
  else if (target && from.kind === 'archive') copyFromArchive(from.read, target, options);
}

type OpenSide = Disposable & { side: Side; path: string };

async function openSide(end: Exclude<CopyEnd, { kind: 'archive' }>, timeoutMs: number): Promise<OpenSide> {
  const path = latin1(end.kind === 'host' && !end.path.startsWith('/') ? `${process.cwd()}/${end.path}` : end.path.replace(/^\/*/, '/'));
  const side = end.kind === 'host' ? hostSide(timeoutMs) : await domainSide(end.domain, path, timeoutMs);
  return { side, path, [Symbol.dispose]: () => side.server[Symbol.dispose]() };
}

function hostSide(timeoutMs: number): Side {
  const server = new FileServer({ fds: [], enter: hostFiles(), name: 'the host', timeoutMs });
  return new Side(server, { name: '', ids: SAME_IDS, owner: { uid: process.geteuid!(), gid: process.getegid!() } });
}

async function domainSide({ name }: DomainRef, path: string, timeoutMs: number): Promise<Side> {
  const record = liveStatus(name);
  const { server, ids } = record ? await runningSide(record, timeoutMs) : stoppedSide(loadDefinition(name), path, timeoutMs);
  return new Side(server, { name: `${name}:`, ids, owner: { uid: 0, gid: 0 } });
}

interface Opened {
  server: FileServer;
  ids: Ids;
}

async function runningSide(record: StatusRecord, timeoutMs: number): Promise<Opened> {
  const { domain, level = 'libvirt' } = loadStatus(record);
  using init = openInit(record);
  using mounts = openOwnMounts(domain, init.pid);
  const label = await enterLabel(domain);
  const enter = runningFiles(domain, {
    host: hostFacts(domain),
    containment: containment(domain, level),
    initPidfd: FIRST_FD,
    mountNamespace: mounts.fd === undefined ? undefined : FIRST_FD + 1,
    label: label && atOnce(label),
  });
  const fds = [init.pidfd, ...(mounts.fd === undefined ? [] : [mounts.fd])];
  return { server: new FileServer({ fds, enter, name: `domain '${domain.name}'`, timeoutMs }), ids: SAME_IDS };
}

/**
 * AppArmor's label can be taken on without executing anything. SELinux's cannot, by its policies: there the server keeps the
 * caller's, and what it makes gets its directory's type and no category, which the container may use.
 */
const atOnce = ({ file, text }: { file: string; text: string }) =>
  text.startsWith('exec ') ? { file: file.replace(/exec$/, 'current'), text: `changeprofile ${text.slice('exec '.length)}` } : undefined;

function stoppedSide(definition: DomainDefinition, path: string, timeoutMs: number): Opened {
  const { name, devices } = definition;
  const root = rootOf(definition);
  if (root?.type !== 'mount' || /^\/*$/.test(root.source))
    throw libvirtError(
      'OPERATION_INVALID',
      `domain '${name}' is off and has no root directory of its own: its files are there while it runs`,
    );
  const below = (target: string) => target !== '/' && (path === target || path.startsWith(`${target.replace(/\/*$/, '')}/`));
  const other = devices.filesystems.find(({ target }) => below(target));
  if (other)
    throw libvirtError(
      'OPERATION_INVALID',
      `'${other.target}' of domain '${name}' is a file system of its own: its files are there while it runs`,
    );
  const level = securityLevel(definition);
  const source = hostPath(root.source);
  const tree = cloneTree(source);
  if (tree < 0) throw systemError(`Failed to access '${source}'`, -tree);
  try {
    restrictMount(tree, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC | (root.readonly ? MOUNT_ATTR_RDONLY : 0));
    const enter = stoppedFiles(definition, { host: hostFacts(definition), containment: containment(definition, level), root: FIRST_FD });
    const server = new FileServer({ fds: [tree], enter, name: `domain '${name}'`, timeoutMs });
    return { server, ids: idsOnDisk(definition, level) };
  } finally {
    linux.close(tree);
  }
}

/** How the owners of its files are to be read while no namespace does it. Those of file systems that are mapped are the container's. */
function idsOnDisk(definition: DomainDefinition, level: SecurityLevel): Ids {
  const root = rootOf(definition)!;
  const isMapped = root.accessmode === 'mapped' && isMappable(root) && level !== 'libvirt';
  if (!hasUserNamespace(definition) || isMapped) return SAME_IDS;
  const { uid, gid } = definition.idmap;
  return { uid: idMap(uid), gid: idMap(gid) };
}

/** What the kernel shows where no id is mapped (user_namespaces(7)). */
const NOBODY = 65534;

function idMap(ranges: readonly IdRange[]): IdMap {
  return {
    toContainer: (id) => {
      const range = ranges.find(({ target, count }) => id >= target && id < target + count);
      return range ? range.start + (id - range.target) : NOBODY;
    },
    fromContainer: (id) => {
      const range = ranges.find(({ start, count }) => id >= start && id < start + count);
      return range && range.target + (id - range.start);
    },
  };
}
