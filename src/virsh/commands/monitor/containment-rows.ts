// What dominfo tells people of a domain's containment, after libvirt's lines. Pure.

import type { IdRange } from '../../../domain/definition.ts';
import type { DomainContainment } from '../../../driver/domain/containment.ts';

export function containmentRows({ level, filter, label, idmap, hasIdsChosen }: DomainContainment): [label: string, value: string][] {
  const refused = refusedCalls(filter);
  const newer = filter?.isClosed ? ', and those that are newer than this program' : '';
  return [
    ['Containment:', level],
    ['System calls:', filter ? `${refused} refused, some by argument${newer}` : 'none refused'],
    ['Label:', label ?? 'none'],
    ...idRows(idmap, hasIdsChosen),
  ];
}

const refusedCalls = (filter: DomainContainment['filter']): number => new Set(filter?.rules.flatMap(({ calls }) => calls)).size;

/** The same for --json. No ids: they are the host's, or chosen by a start that is still to come. */
export function containmentJson({ level, filter, label, idmap, hasIdsChosen }: DomainContainment) {
  const ranges = (ids: readonly IdRange[]) => ids.map(({ start, target, count }) => ({ first: start, host_first: target, count }));
  return {
    level,
    refused_system_calls: refusedCalls(filter),
    label,
    ids_chosen_at_start: hasIdsChosen,
    user_ids: ranges(idmap.uid),
    group_ids: ranges(idmap.gid),
  };
}

function idRows({ uid, gid }: DomainContainment['idmap'], isChosen: boolean): [string, string][] {
  if (uid.length === 0 || gid.length === 0) return [['Ids:', isChosen ? 'chosen at each start' : "the host's"]];
  const chosen = isChosen ? ', chosen for this run' : '';
  const [users, groups] = [uid, gid].map((ranges) => `${ranges.map(rangeText).join(', ')}${chosen}`);
  return users === groups
    ? [['Ids:', users!]]
    : [
        ['User ids:', users!],
        ['Group ids:', groups!],
      ];
}

/** As people count them: the first and the last. */
const rangeText = ({ start, target, count }: IdRange): string =>
  `${start}-${start + count - 1} are ${target}-${target + count - 1} of the host`;
