// Which known words somebody may have meant.

const MOST_SHOWN = 3;

/** The known words that `word` begins, or else those that it is nearly; few, and none that would be a mere guess. */
export function nearest(word: string, known: readonly string[]): string[] {
  const begun = word.length > 1 ? known.filter((name) => name.startsWith(word)) : [];
  if (begun.length > 0) return begun.slice(0, MOST_SHOWN);
  const allowed = word.length < 4 ? 1 : word.length < 8 ? 2 : 3;
  const distances = known.map((name) => distance(word, name));
  const least = Math.min(allowed, ...distances);
  return known.filter((_, i) => distances[i] === least).slice(0, MOST_SHOWN);
}

/** How many letters have to be put in, left out, replaced or swapped with their neighbour (optimal string alignment). */
function distance(one: string, other: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: other.length + 1 }, (_, column) => column);
  for (let row = 1; row <= one.length; row++) {
    const now = [row];
    for (let column = 1; column <= other.length; column++) {
      const differs = one[row - 1] === other[column - 1] ? 0 : 1;
      let least = Math.min(last[column]! + 1, now[column - 1]! + 1, last[column - 1]! + differs);
      const isSwap = row > 1 && column > 1 && one[row - 1] === other[column - 2] && one[row - 2] === other[column - 1];
      if (isSwap) least = Math.min(least, beforeLast[column - 2]! + 1);
      now.push(least);
    }
    [beforeLast, last] = [last, now];
  }
  return last[other.length]!;
}
