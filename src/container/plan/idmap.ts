// Mapped ids (user_namespaces(7)). Pure.
import type { DomainDefinition, IdRange } from '../../domain/definition.ts';

/** The host's id for an id of the container; the id itself where nothing maps it. */
export function hostId(ranges: readonly IdRange[], id: number): number {
  for (const { start, target, count } of ranges) if (id >= start && id < start + count) return target + (id - start);
  return id;
}

/** Who owns, on the host, what belongs to root inside. */
export const containerRoot = ({ idmap }: DomainDefinition): { uid: number; gid: number } => ({
  uid: hostId(idmap.uid, 0),
  gid: hostId(idmap.gid, 0),
});

/** The text of uid_map or gid_map. */
export const idMapText = (ranges: readonly IdRange[]): string =>
  ranges.map(({ start, target, count }) => `${start} ${target} ${count}\n`).join('');
