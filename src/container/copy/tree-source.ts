// What is copied, of a tree: depth first, each entry once, as it is at that moment.
import { libvirtError } from '../../errors.ts';
import type { Extent } from '../../values/tar.ts';
import { attributeLeftOut, type Entry } from './entry.ts';
import type { Extended } from './extended.ts';
import type { Held, Side } from './side.ts';

/** Directories are held open on the way down. */
const MAX_DEPTH = 400;
/** So many entries are held at once, where few directories are. */
const HELD_AT_ONCE = 16;
const SHALLOW = 16;

export interface TreeRequest {
  side: Side;
  /** What a person named, for messages. */
  path: string;
  held: Held;
  /** A directory that is not to be copied into itself. */
  targetId: string | undefined;
  keepsOwners: boolean;
  onLeftOut: (what: string) => void;
}

export function treeEntries({ side, path, held, targetId, keepsOwners, onLeftOut }: TreeRequest): Iterable<Entry> {
  /** Files of several names, by the first one. */
  const known = new Map<string, readonly string[]>();
  const here = (below: readonly string[]) => [path.replace(/\/+$/, ''), ...below].join('/') || '/';

  return visit(held, [], { device: held.device, extended: extendedOf([held], () => []).get(0) });

  function extendedOf(helds: readonly (Held | undefined)[], belowOf: (place: number) => readonly string[]) {
    const pathOf = (place: number) => here(belowOf(place));
    const leftOut = (place: number, name: string) => onLeftOut(attributeLeftOut(side.shown(pathOf(place)), name));
    return side.extended(helds, { keepsOwners, pathOf, leftOut });
  }

  function* visit(
    found: Held,
    below: readonly string[],
    { device, extended }: { device: string; extended: Extended | undefined },
  ): Generator<Entry> {
    const attributes = extended ? { ...found.attributes, extended } : found.attributes;
    switch (attributes.kind) {
      case 'directory':
        if (found.id === targetId)
          throw libvirtError('OPERATION_INVALID', `cannot copy directory '${side.shown(here(below))}' into itself`);
        if (below.length > MAX_DEPTH)
          throw libvirtError('OPERATION_UNSUPPORTED', `directories in '${side.shown(path)}' are nested more than ${MAX_DEPTH} deep`);
        yield { path: below, attributes };
        yield* children(side.openDirectory(found, here(below)), below, { isEntered: found.device !== device, device: found.device });
        return;
      case 'file': {
        const first = found.links > 1 ? known.get(found.id) : undefined;
        if (found.links > 1 && !first) known.set(found.id, below);
        if (first) {
          side.close(found.fd);
          yield { path: below, attributes, linkTo: first };
        } else {
          let isRead = false;
          const content = (extents?: readonly Extent[]) => {
            isRead = true;
            return side.content(found, here(below), extents);
          };
          const extents = () => side.extents(found, here(below));
          yield { path: below, attributes, content, ...(found.isSparse && { extents }) };
          if (!isRead) side.close(found.fd);
        }
        return;
      }
      case 'symlink': {
        const target = side.readLink(found, here(below));
        side.close(found.fd);
        yield { path: below, attributes, target };
        return;
      }
      default:
        side.close(found.fd);
        yield { path: below, attributes };
    }
  }

  /** `isEntered`: it is the root of another file system than it stands in. Of the kernel's no more than the place is copied. */
  function* children(
    dir: number,
    below: readonly string[],
    { isEntered, device }: { isEntered: boolean; device: string },
  ): Generator<Entry> {
    const isLeft = isEntered && side.isKernels(dir, here(below));
    if (isLeft) onLeftOut(`'${side.shown(here(below))}' is left out: a file system of the kernel's`);
    const pathOf = (name: string) => here([...below, name]);
    for (const names of isLeft ? [] : inGroups(side.names(dir, here(below)), below.length < SHALLOW ? HELD_AT_ONCE : 1)) {
      const helds = side.holdAll(dir, names, pathOf);
      const extended = extendedOf(helds, (place) => [...below, names[place]!]);
      for (const [i, found] of helds.entries()) {
        if (found) yield* visit(found, [...below, names[i]!], { device, extended: extended.get(i) }); // else it has gone meanwhile
      }
    }
    side.close(dir);
  }
}

function* inGroups(names: Iterable<string>, size: number): Generator<string[]> {
  let group: string[] = [];
  for (const name of names) {
    if (group.push(name) < size) continue;
    yield group;
    group = [];
  }
  if (group.length > 0) yield group;
}
