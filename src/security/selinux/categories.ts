// The pair of categories that keeps a container from others of its type: each may only use what has no category that it has not.
// So a pair is two different ones, of those that whoever starts the container has, and no other container's. Pure.
import { libvirtError } from '../../errors.ts';

export interface CategoryRange {
  /** `s0` */
  sensitivity: string;
  first: number;
  last: number;
}

/** What a policy has by custom: mcs of the reference policy. */
const ALL = { first: 0, last: 1023 };
const FEWEST = 8;

/**
 * What may be given away by a process with this range, `s0-s0:c0.c1023`: the lower sensitivity, the categories of the upper level.
 * One without categories is taken for one that has them all, as by libvirt. Throws INTERNAL_ERROR, with its words.
 */
export function categoryRange(range = 's0'): CategoryRange {
  const [low, high = low] = range.split('-') as [string, string?];
  const sensitivity = low.split(':')[0]!;
  const categories = high.includes(':') ? high.slice(high.indexOf(':') + 1) : undefined;
  if (categories === undefined) return { sensitivity, ...ALL };
  const match = /^c(\d{1,6})(?:\.c(\d{1,6}))?$/.exec(categories);
  if (!match) throw libvirtError('INTERNAL_ERROR', `Cannot parse category in ${categories}`);
  if (match[2] === undefined) throw libvirtError('INTERNAL_ERROR', 'No category range available');
  return { sensitivity, first: Number(match[1]), last: Number(match[2]) };
}

/**
 * A level with a pair of categories that is not among `taken` (levels, too). `random`: from 0 up to, not including, its argument.
 * Throws INTERNAL_ERROR where there are too few, or all are taken.
 */
export function freeLevel(
  { sensitivity, first, last }: CategoryRange,
  taken: ReadonlySet<string>,
  random: (below: number) => number,
): string {
  const count = last - first + 1;
  if (count < FEWEST) throw libvirtError('INTERNAL_ERROR', `Category range c${first}-c${last} too small`);
  const pairs = (count * (count - 1)) / 2;
  const start = random(pairs);
  for (let i = 0; i < pairs; i++) {
    const [low, high] = pairAt((start + i) % pairs);
    const level = `${sensitivity}:c${first + low},c${first + high}`;
    if (!taken.has(level)) return level;
  }
  throw libvirtError('INTERNAL_ERROR', `All pairs of categories c${first}-c${last} are taken`);
}

/** The pairs (0,1), (0,2), (1,2), (0,3), … by their place in this order. */
function pairAt(place: number): [low: number, high: number] {
  const high = Math.floor((1 + Math.sqrt(1 + 8 * place)) / 2);
  return [place - (high * (high - 1)) / 2, high];
}
