import { describe, expect, it } from 'vitest';
import type { IdMap, Ids } from '../../../../src/container/copy/entry.ts';
import { extendedIn, fromSide, isCopied, recordsOf, toSide } from '../../../../src/container/copy/extended.ts';

/** The container's 0 to 9 are the host's 1000 to 1009. */
const shifted: IdMap = {
  toContainer: (id) => (id >= 1000 && id < 1010 ? id - 1000 : 65534),
  fromContainer: (id) => (id < 10 ? id + 1000 : undefined),
};
const IDS: Ids = { uid: shifted, gid: { toContainer: (id) => id, fromContainer: (id) => id } };

const ACL = 'system.posix_acl_access';
const acl = (...entries: [tag: number, may: number, id: number][]): Buffer =>
  Buffer.concat([
    Buffer.from('02000000', 'hex'),
    ...entries.map(([tag, may, id]) => {
      const bytes = Buffer.alloc(8);
      bytes.writeUInt16LE(tag, 0);
      bytes.writeUInt16LE(may, 2);
      bytes.writeInt32LE(id, 4);
      return bytes;
    }),
  ]);
const listOf = (user: number): Buffer => acl([1, 7, -1], [2, 4, user], [4, 5, -1], [8, 6, 50], [16, 7, -1], [32, 0, -1]);
const CAPABILITY = 'security.capability';
const [SECOND, THIRD] = ['01000002', '01000003'].map((magic) => `${magic}00040000000000000000000000000000`) as [string, string];

describe('extended attributes', () => {
  it('have the ids of the container in a copy', () => {
    expect(fromSide(ACL, listOf(1003), IDS)).toEqual(listOf(3));
    expect(toSide(ACL, listOf(3), IDS)).toEqual(listOf(1003));
    expect(toSide(ACL, listOf(77), IDS)).toBe(undefined); // the container has nobody of that number
    expect(fromSide('user.x', Buffer.from('any'), IDS)).toEqual(Buffer.from('any'));
  });

  it('make a program’s capabilities those of the container’s root', () => {
    const hex = (value: Buffer | undefined) => value?.toString('hex');
    expect(hex(fromSide(CAPABILITY, Buffer.from(`${THIRD}e8030000`, 'hex'), IDS))).toBe(SECOND);
    expect(hex(toSide(CAPABILITY, Buffer.from(SECOND, 'hex'), IDS))).toBe(`${THIRD}e8030000`);
    expect(hex(toSide(CAPABILITY, Buffer.from(SECOND, 'hex'), { ...IDS, uid: IDS.gid }))).toBe(SECOND);
    for (const strange of ['', '01', THIRD, `${SECOND}00000000`, SECOND.replace('01000002', '01000001')])
      expect(toSide(CAPABILITY, Buffer.from(strange, 'hex'), IDS)).toBe(undefined);
  });

  it.each([
    ['user.x', true, true],
    [ACL, false, true],
    [CAPABILITY, false, true],
    ['trusted.overlay.opaque', false, false],
    ['security.selinux', false, false],
  ])('are copied by name: %s', (name, always, withOwners) => {
    expect([isCopied(name, false), isCopied(name, true)]).toEqual([always, withOwners]);
  });

  it('come into an archive and out again', () => {
    const extended = new Map([
      ['user.a=b%', Buffer.from('\0\xff\n=', 'latin1')],
      [ACL, listOf(3)],
      ['system.posix_acl_default', acl([1, 6, -1], [4, 0, -1], [32, 1, -1])],
    ]);
    const records = recordsOf(extended);
    expect(records.slice(0, 2)).toEqual([
      ['SCHILY.xattr.user.a%3Db%25', '\0\xff\n='],
      ['SCHILY.acl.access', 'user::rwx\nuser:3:r--\ngroup::r-x\ngroup:50:rw-\nmask::rwx\nother::---\n'],
    ]);
    expect(extendedIn(new Map([...records, ['path', 'x']]))).toEqual({ extended, strange: [] });
  });

  it('are read as others write them, and left out where nobody can tell who is meant', () => {
    const read = (text: string) => extendedIn(new Map([['SCHILY.acl.access', text]]));
    const list = acl([1, 7, -1], [2, 4, 3], [4, 0, -1], [16, 4, -1], [32, 0, -1]);
    expect(read('user::rwx,user:joe:r--:3,group::---,mask::r--,other::---').extended.get(ACL)).toEqual(list);
    expect(read('mask::r--\nother::---\nuser::rwx #effective\nuser:3:r--\ngroup::---\n\n').extended.get(ACL)).toEqual(list);
    for (const text of ['user::rwx,user:joe:r--', '', 'user', 'mask:3:r--', 'user:99999999999:r--', `user:3:r--${'x'.repeat(5)}`])
      expect(read(text)).toEqual({ extended: new Map(), strange: [ACL] });
    expect(extendedIn(new Map([['SCHILY.xattr.', 'x']]))).toEqual({ extended: new Map(), strange: [''] });
  });
});
