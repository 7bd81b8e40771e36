// What dominfo tells people of a domain's containment, after libvirt's lines. Pure.

import type { IdRange } from '../../../domain/definition.ts';
import type { DomainContainment } from '../../../driver/domain/containment.ts';

export function containmentRows({ level, filter, label, idmap, hasIdsChosen }: DomainContainment): [label: string, value: string][] {
  const refused = new Set(filter?.rules.flatMap(({ calls }) => calls));
  const newer = filter?.isClosed ? ', and those that are newer than this program' : '';
  return [
    ['Containment:', level],
    ['System calls:', filter ? `${refused.size} refused, some by argument${newer}` : 'none refused'],
    ['Label:', label ?? 'none'],
    ...idRows(idmap, hasIdsChosen),
  ];
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
