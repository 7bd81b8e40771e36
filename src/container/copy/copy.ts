// A copy: from one place, entry after entry, to another.
import { ENOENT } from '../../../lib-native/constants.ts';
import { libvirtError } from '../../errors.ts';
import { ArchiveSink, archiveEntries, type Read, type Write } from './archive.ts';
import { type Entry, landing, type PathEnd, pathEnd } from './entry.ts';
import type { Side } from './side.ts';
import { TreeSink } from './tree-sink.ts';
import { treeEntries } from './tree-source.ts';

/** A path on a side; an archive that is read or written. */
export interface TreePlace {
  side: Side;
  /** From `/` on. */
  path: string;
}

export interface CopyOptions {
  /** Owners, and the bits that make programs run with them. */
  keepsOwners: boolean;
  onLeftOut: (what: string) => void;
}

export function copyTree(from: TreePlace, to: TreePlace, options: CopyOptions): void {
  const source = find(from);
  const end = pathEnd(from.path);
  const target = targetOf(to, { isDirectory: source.attributes.kind === 'directory', end });
  const sink = new TreeSink({ ...target, side: to.side, ...options, isArchive: false });
  const entries = treeEntries({ ...from, ...options, held: source, targetId: target.id });
  for (const entry of entries) sink.add(below(entry, target.prefix));
  sink.finish();
}

export function copyToArchive(from: TreePlace, write: Write, { onLeftOut }: CopyOptions): void {
  const keepsOwners = true; // as an archive has them anyway
  const held = find(from);
  const { name } = pathEnd(from.path);
  const sink = new ArchiveSink(write, onLeftOut);
  const prefix = name === undefined ? [] : [name];
  for (const entry of treeEntries({ ...from, held, targetId: undefined, keepsOwners, onLeftOut })) sink.add(below(entry, prefix));
  sink.finish();
}

export function copyFromArchive(read: Read, to: TreePlace, options: CopyOptions): void {
  const { side, path } = to;
  const held = find(to);
  if (held.attributes.kind !== 'directory')
    throw libvirtError('OPERATION_INVALID', `cannot unpack an archive in '${side.shown(path)}', which is not a directory`);
  const root = side.find('/')!;
  side.close(root.fd);
  const dir = side.openDirectory(held, path);
  const sink = new TreeSink({ side, dir, path, ...options, isArchive: true, isRoot: root.id === held.id });
  for (const entry of archiveEntries(read, options.onLeftOut)) sink.add(entry);
  sink.finish();
}

function find({ side, path }: TreePlace) {
  return side.find(path) ?? side.fail('find', path, ENOENT);
}

const below = (entry: Entry, prefix: readonly string[]): Entry =>
  prefix.length === 0
    ? entry
    : { ...entry, path: [...prefix, ...entry.path], ...(entry.linkTo && { linkTo: [...prefix, ...entry.linkTo] }) };

interface Target {
  dir: number;
  path: string;
  prefix: readonly string[];
  /** Of the directory in which everything is. */
  id: string | undefined;
  isRoot: boolean;
}

function targetOf({ side, path }: TreePlace, source: { isDirectory: boolean; end: PathEnd }): Target {
  const found = side.find(path);
  const lands = landing(source, { kind: found?.attributes.kind, end: pathEnd(path) });
  switch (lands.kind) {
    case 'refused':
      throw libvirtError('OPERATION_INVALID', `cannot copy to '${side.shown(path)}': it ${lands.why}`);
    case 'inside': {
      const { id } = found!;
      return { dir: side.openDirectory(found!, path), path, prefix: lands.prefix, id, isRoot: false };
    }
    case 'as': {
      if (found) side.close(found.fd);
      const { dir, name } = side.locate(path);
      return { dir, path: pathEnd(path).directory, prefix: [name], id: side.idOf(dir, path), isRoot: false };
    }
    default:
      return lands satisfies never;
  }
}
