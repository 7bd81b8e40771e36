// What is copied, one entry after the other, wherever it comes from and goes to. Names and paths are bytes: strings of latin1.
import type { Extent } from '../../values/tar.ts';
import type { Extended } from './extended.ts';

/** From the numbers that the server sees to those of the container, and back; undefined: there is none. */
export interface Ids {
  uid: IdMap;
  gid: IdMap;
}
export interface IdMap {
  toContainer(id: number): number;
  fromContainer(id: number): number | undefined;
}

export type EntryKind = 'file' | 'directory' | 'symlink' | 'fifo' | 'socket' | 'block' | 'character';

export interface Time {
  seconds: number;
  nanoseconds: number;
}

/** What stat(2) tells; ids as the container counts. */
export interface Attributes {
  kind: EntryKind;
  /** Without the file type. */
  mode: number;
  uid: number;
  gid: number;
  size: number;
  mtime: Time;
  atime: Time;
  device: { major: number; minor: number };
  /** By name; undefined where there are none. */
  extended?: Extended | undefined;
}

/** A piece of a file; what lies between pieces is nothing. An empty one, at last, says how long a file is that ends with nothing. */
export interface Chunk {
  at: number;
  bytes: Buffer;
}

export interface Entry {
  /** Below what is copied; that itself has none. */
  path: readonly string[];
  attributes: Attributes;
  /** Of a symbolic link. */
  target?: string;
  /** Another name of an earlier entry, this one. */
  linkTo?: readonly string[];
  /** Of a file. To be read to its end before the next entry is asked for; of these parts alone, if they are told. */
  content?: (extents?: readonly Extent[]) => Iterable<Chunk>;
  /** Of a file with holes: where there is something. To be asked for before its content. */
  extents?: () => readonly Extent[];
}

export const latin1 = (text: string): string => Buffer.from(text, 'utf8').toString('latin1');

/** For a message: no byte of a name is to reach a terminal as more than a letter. */
export const shown = (path: string): string =>
  Buffer.from(path, 'latin1')
    .toString('utf8')
    .replace(/[\x00-\x1f\x7f-\x9f]/g, '?');

/** Of the file that is shown so. */
export const attributeLeftOut = (file: string, name: string): string => `extended attribute '${shown(name)}' of '${file}' is left out`;

/** At the end of a path there are its own last name, slashes, `.`. */
export interface PathEnd {
  /** undefined: none that could be that of a copy (`/`, `.`, `..`). */
  name: string | undefined;
  directory: string;
  isContents: boolean;
  hasSlash: boolean;
}

export function pathEnd(path: string): PathEnd {
  const hasSlash = path.endsWith('/');
  const bare = path.replace(/\/+$/, '');
  const slash = bare.lastIndexOf('/');
  const last = bare.slice(slash + 1);
  const isDots = last === '' || last === '.' || last === '..';
  return { name: isDots ? undefined : last, directory: bare.slice(0, slash + 1) || '/', isContents: isDots, hasSlash };
}

/** Where a copy lands: below a directory that is there, or by a new name; and what its entries' paths begin with. */
export type Landing = { kind: 'inside'; prefix: readonly string[] } | { kind: 'as' } | { kind: 'refused'; why: string };

/** As podman has it, and docker: a directory that is not there becomes the copy; one that is there gets it, or its contents with `/.`. */
export function landing(source: { isDirectory: boolean; end: PathEnd }, target: { kind: EntryKind | undefined; end: PathEnd }): Landing {
  const { isDirectory, end } = source;
  if (target.kind === 'directory') return { kind: 'inside', prefix: end.isContents ? [] : [end.name!] };
  if (target.kind !== undefined) {
    if (isDirectory) return { kind: 'refused', why: 'is not a directory' };
    if (target.kind !== 'file' || target.end.hasSlash) return { kind: 'refused', why: 'is not a regular file' };
    return { kind: 'as' };
  }
  if (target.end.name === undefined || (target.end.hasSlash && !isDirectory)) return { kind: 'refused', why: 'is not there' };
  return { kind: 'as' };
}
