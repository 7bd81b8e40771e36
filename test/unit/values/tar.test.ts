import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  BLOCK,
  checkExtents,
  longName,
  paddingOf,
  parsePax,
  parseTarHeader,
  TarError,
  type TarKind,
  type TarMember,
  tarEnd,
  tarHeader,
} from '../../../src/values/tar.ts';

const plain: TarMember = {
  kind: 'file',
  path: 'dir/file',
  target: '',
  mode: 0o644,
  uid: 1,
  gid: 2,
  size: 5,
  mtime: { seconds: 981173106, nanoseconds: 0 },
  device: { major: 0, minor: 0 },
};

/** As archive.ts reads one: with what stands before it. */
function read(bytes: Buffer): TarMember {
  const first = parseTarHeader(bytes.subarray(0, BLOCK), new Map());
  if (first?.kind !== 'extensions') return first?.kind === 'member' ? first.member : expect.fail('no member');
  const at = BLOCK + first.size + paddingOf(first.size);
  const second = parseTarHeader(bytes.subarray(at), parsePax(bytes.subarray(BLOCK, BLOCK + first.size)));
  return second?.kind === 'member' ? second.member : expect.fail('no member');
}

const text = (maxLength: number) =>
  fc.uint8Array({ minLength: 1, maxLength }).map((bytes) => Buffer.from(bytes.map((byte) => byte || 1)).toString('latin1'));

describe('tarHeader()', () => {
  it('is read back, whatever is in it', () => {
    const member = fc.record({
      kind: fc.constantFrom<TarKind>('file', 'directory', 'symlink', 'link', 'fifo', 'block', 'character'),
      path: text(400).map((path) => path.replace(/\/+$/, '') || 'x'),
      target: text(300),
      mode: fc.nat(0o7777),
      uid: fc.nat(2 ** 31),
      gid: fc.nat(2 ** 31),
      size: fc.maxSafeInteger().map(Math.abs),
      mtime: fc.record({ seconds: fc.integer({ min: -(2 ** 40), max: 2 ** 40 }), nanoseconds: fc.constant(0) }),
      device: fc.record({ major: fc.nat(4095), minor: fc.nat(1048575) }),
    });
    fc.assert(
      fc.property(member, (any) => {
        const bytes = tarHeader(any);
        expect(bytes.length % BLOCK).toBe(0);
        expect(read(bytes)).toEqual({ ...any, size: any.kind === 'file' ? any.size : 0 });
      }),
    );
  });

  it('is what tar lists', () => {
    const long = `${'d'.repeat(120)}/${'f'.repeat(90)}`;
    const plainest = { ...plain, size: 0 };
    const archive = Buffer.concat([
      tarHeader(plainest),
      tarHeader({ ...plainest, path: long, kind: 'symlink', target: 't'.repeat(150), uid: 3_000_000 }),
      tarHeader({ ...plainest, path: 'dir/', kind: 'directory', mode: 0o1777 }),
      tarHeader({ ...plainest, path: 'dir/hard', kind: 'link', target: 'dir/file' }),
      tarHeader({ ...plainest, path: 'p', kind: 'fifo' }),
    ]);
    const listed = execFileSync('tar', ['tv', '--numeric-owner'], {
      input: Buffer.concat([archive, tarEnd(archive.length)]),
      encoding: 'utf8',
      env: { TZ: 'UTC', PATH: process.env['PATH'] },
    });
    expect(listed.replace(/ +/g, ' ')).toBe(
      `-rw-r--r-- 1/2 0 2001-02-03 04:05 dir/file
lrw-r--r-- 3000000/2 0 2001-02-03 04:05 ${long} -> ${'t'.repeat(150)}
drwxrwxrwt 1/2 0 2001-02-03 04:05 dir/
hrw-r--r-- 1/2 0 2001-02-03 04:05 dir/hard link to dir/file
prw-r--r-- 1/2 0 2001-02-03 04:05 p
`,
    );
  });
});

describe('checkExtents()', () => {
  it.each([
    [[{ at: 0, length: 5 }], 5, 5, true],
    [
      [
        { at: 1, length: 2 },
        { at: 3, length: 0 },
        { at: 8, length: 1 },
      ],
      9,
      3,
      true,
    ],
    [[], 9, 0, true],
    [
      [
        { at: 5, length: 2 },
        { at: 6, length: 1 },
      ],
      9,
      3,
      false,
    ], // one in the other
    [
      [
        { at: 5, length: 2 },
        { at: 1, length: 1 },
      ],
      9,
      3,
      false,
    ], // backwards
    [[{ at: 5, length: 5 }], 9, 5, false], // beyond the end
    [[{ at: 5, length: 2 }], 9, 3, false], // not what is stored
  ])('knows what cannot be: %j of %d with %d', (extents, size, stored, isRight) => {
    const check = () => checkExtents(extents, size, stored);
    if (isRight) check();
    else expect(check).toThrow('has a sparse file in it that is damaged');
  });
});

it.each([0, 1, 512, 9000, 10240, 10241 * 512])('tarEnd() fills the last record after %d bytes', (written) => {
  const end = tarEnd(written);
  expect(end.length).toBeGreaterThanOrEqual(1024);
  expect((written + end.length) % (written % 512 === 0 ? 10240 : 1)).toBe(0);
});

describe('parseTarHeader()', () => {
  const changed = (change: (bytes: Buffer) => void): Buffer => {
    const bytes = tarHeader(plain);
    change(bytes);
    const sum = bytes.reduce((total, byte, i) => total + (i >= 148 && i < 156 ? 0x20 : byte), 0);
    bytes.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
    return bytes;
  };
  const why = (bytes: Buffer, extensions: [string, string][] = []): string => {
    try {
      parseTarHeader(bytes, new Map(extensions));
    } catch (error) {
      if (error instanceof TarError) return error.message;
      throw error;
    }
    return 'nothing';
  };

  it('knows the end, long names, and a number that is binary', () => {
    expect(parseTarHeader(Buffer.alloc(BLOCK), new Map())).toBe(undefined);
    expect(
      parseTarHeader(
        changed((bytes) => bytes.write('L', 156)),
        new Map(),
      ),
    ).toEqual({ kind: 'long', size: 5, key: 'path' });
    expect(longName(Buffer.from('a/b\0c'))).toBe('a/b');
    const large = parseTarHeader(
      changed((bytes) => Buffer.from('800000000000000000000001', 'hex').copy(bytes, 124)),
      new Map([['mtime', '-1.5']]),
    );
    expect(large).toMatchObject({ member: { size: 1, mtime: { seconds: -2, nanoseconds: 500000000 } } });
  });

  it('refuses what is none', () => {
    expect(why(Buffer.alloc(BLOCK, 1))).toBe('is no tar archive');
    expect(why(Buffer.concat([Buffer.from('fd377a585a00', 'hex'), Buffer.alloc(506)]))).toBe('is compressed by xz: unpack it before');
    expect(why(changed((bytes) => bytes.write('8', 124)))).toBe('has a number in it that is none');
    expect(why(changed((bytes) => bytes.fill(0xff, 124, 136)))).toBe('has a number in it that is none');
    expect(why(changed((bytes) => bytes.fill(0x80 | 0x3f, 124, 136)))).toBe('has a number in it that is too large');
    expect(why(tarHeader(plain), [['GNU.sparse.major', '2']])).toBe('has a sparse file in it that is damaged');
    expect(
      why(tarHeader(plain), [
        ['GNU.sparse.size', '7'],
        ['GNU.sparse.map', '1,2,3'],
      ]),
    ).toBe('has a sparse file in it that is damaged');
    expect(why(tarHeader(plain), [['size', '-1']])).toBe('has a number in it that is none');
    expect(why(tarHeader(plain), [['mtime', 'x']])).toBe('has a time in it that is none');
    expect(why(changed((bytes) => bytes.write('\x1b', 156, 'latin1')))).toBe("has a member of unknown type '?'");
  });
});

describe('parsePax()', () => {
  it('has every record, an equals sign and line feeds in one, too', () => {
    expect(parsePax(Buffer.from('9 a=b=\n\n\n10 key=xy\n'))).toEqual(
      new Map([
        ['a', 'b=\n\n'],
        ['key', 'xy'],
      ]),
    );
  });
  it.each(['x', '5 a=b', '4 a\n', '99 a=b\n', '0 a=b\n', '-7 a=b\n', '6 a=bc', '5 =bc\n'])('refuses %j', (bytes) => {
    expect(() => parsePax(Buffer.from(bytes))).toThrow(TarError);
  });
});
