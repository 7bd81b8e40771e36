// Files that are not as long as they say, in an archive.
import { expect, it } from 'vitest';
import { ArchiveSink } from '../../../../src/container/copy/archive.ts';
import type { Entry } from '../../../../src/container/copy/entry.ts';

const TIME = { seconds: 0, nanoseconds: 0 };
const file = (size: number, more: Partial<Entry> = {}): Entry => ({
  path: ['f'],
  attributes: { kind: 'file', mode: 0o644, uid: 0, gid: 0, size, mtime: TIME, atime: TIME, device: { major: 0, minor: 0 } },
  content: () => [{ at: 0, bytes: Buffer.from('some') }],
  ...more,
});

function written(entry: Entry): { bytes: number; leftOut: string[] } {
  const found = { bytes: 0, leftOut: [] as string[] };
  const sink = new ArchiveSink(
    (bytes) => {
      found.bytes += bytes.length;
      if (found.bytes > 1 << 30) throw new Error('without end');
    },
    (what) => found.leftOut.push(what),
  );
  sink.add(entry);
  return found;
}

it('are made up for by zeros', () => {
  expect(written(file(1000))).toEqual({ bytes: 512 + 1024, leftOut: ["'f' has become shorter while it was copied"] });
});

const HUGE = 2 ** 52;
it.each([
  ['a size', file(HUGE)],
  ['where its contents are', file(HUGE, { extents: () => [{ at: 0, length: HUGE / 2 }] })],
])('fail where only zeros could come of %s that is told', (_what, entry) => {
  expect(() => written(entry)).toThrow(/^operation failed: 'f' has \d+ bytes less than it says$/);
});
