// /etc/subuid and /etc/subgid (subuid(5)): which of the host's ids are for containers. Pure.

/** So many ids has a distribution: with nobody, 65534. */
export const IDS_EACH = 65536;
/** Whose entries are ours: those of the first that has any. */
const OWNERS = [['virsh-lxc'], ['root', '0']] as const;
const LAST_ID = 2 ** 32 - 2;

/** First ids of the ranges in the text of /etc/subuid or /etc/subgid. Ids of the host's own users are none. */
export function idRanges(text: string): number[] {
  const entries = text.split('\n').map((line) => line.trim().split(':'));
  for (const owners of OWNERS) {
    const own = entries.filter(([owner]) => (owners as readonly string[]).includes(owner!));
    if (own.length > 0) return [...new Set(own.flatMap(([, first, count]) => rangesOf(first, count)))];
  }
  return [];
}

function rangesOf(first = '', count = ''): number[] {
  if (!/^\d{1,10}$/.test(first) || !/^\d{1,10}$/.test(count)) return [];
  const end = Math.min(Number(first) + Number(count), LAST_ID + 1);
  const ranges: number[] = [];
  for (let start = Math.max(Number(first), IDS_EACH); start + IDS_EACH <= end; start += IDS_EACH) ranges.push(start);
  return ranges;
}

/** Where a domain looks first, and then on from there: it has the same ids at each of its starts, unless another has them. */
export function fromOwn<T>(ranges: readonly T[], uuid: string): T[] {
  const own = ranges.length === 0 ? 0 : Number.parseInt(uuid.replaceAll('-', '').slice(-8), 16) % ranges.length;
  return [...ranges.slice(own), ...ranges.slice(0, own)];
}
