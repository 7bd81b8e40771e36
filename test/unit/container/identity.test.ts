import { describe, expect, it } from 'vitest';
import { resolveCommandIdentity, resolveIdentity } from '../../../src/container/identity.ts';
import { LibvirtError } from '../../../src/errors.ts';

const PASSWD = `root:x:0:0:root:/root:/bin/sh
user:x:1000:1000::/home/user:/bin/sh
twin:x:1000:1000::/:/bin/sh
4711:x:1500:1500::/:/bin/sh
broken:x:abc:1:::
daemon:x:2:2::/:/bin/false
`;
const GROUP = `root:x:0:
users:x:100:user,daemon
disk:x:6:daemon
staff:x:50:superuser,daemon
half:x:
odd:x:seven:user
`;
const resolve = (inituser?: string, initgroup?: string) => resolveIdentity({ inituser, initgroup }, PASSWD, GROUP);

describe('resolveIdentity()', () => {
  it('is root without a user', () => {
    expect(resolve()).toEqual({ uid: 0, gid: 0, groups: [] });
  });

  it('finds a user by name, with gid 0 and no further groups unless a group is named', () => {
    expect(resolve('user')).toEqual({ uid: 1000, gid: 0, groups: [] });
  });

  it('adds the group of the user, and those that list the user, to a group that is named', () => {
    expect(resolve('user', 'users')).toEqual({ uid: 1000, gid: 100, groups: [1000, 100] });
    expect(resolve('daemon', 'disk')).toEqual({ uid: 2, gid: 6, groups: [2, 100, 6, 50] });
    expect(resolve('0', '0')).toEqual({ uid: 0, gid: 0, groups: [0] });
  });

  it('finds the groups of a user that is given by number through the first name that has it', () => {
    expect(resolve('1000', '5')).toEqual({ uid: 1000, gid: 5, groups: [1000, 100, 5] });
    expect(resolve('+2', '+6')).toEqual({ uid: 2, gid: 6, groups: [2, 100, 6, 50] });
  });

  it('takes a number that no record has, with that group alone', () => {
    expect(resolve('99', '77')).toEqual({ uid: 99, gid: 77, groups: [77] });
  });

  it('takes a name that is all digits for a name, unless a plus says that it is a number', () => {
    expect(resolve('4711')).toEqual({ uid: 1500, gid: 0, groups: [] });
    expect(resolve('+4711')).toEqual({ uid: 4711, gid: 0, groups: [] });
  });

  it('changes only the group where only that is named', () => {
    expect(resolve(undefined, 'disk')).toEqual({ uid: 0, gid: 6, groups: [6] });
  });

  it.each([
    ['nobody', undefined, "internal error: User nobody doesn't exist"],
    ['broken', undefined, "internal error: User broken doesn't exist"],
    ['', undefined, "internal error: User  doesn't exist"],
    ['-1', undefined, "internal error: User -1 doesn't exist"],
    ['4294967295', undefined, "internal error: User 4294967295 doesn't exist"],
    ['user', 'nogroup', "internal error: Group nogroup doesn't exist"],
    ['user', 'odd', "internal error: Group odd doesn't exist"],
  ])('refuses user %j, group %j', (user, group, message) => {
    expect(() => resolve(user, group)).toThrow(new LibvirtError('INTERNAL_ERROR', message));
  });

  it('takes an id of the largest size', () => {
    expect(resolve('4294967294')).toEqual({ uid: 4294967294, gid: 0, groups: [] });
  });
});

describe('resolveCommandIdentity()', () => {
  const who = (wanted: string) => resolveCommandIdentity(wanted, PASSWD, GROUP);

  it('is a user with all groups that it has, and its home', () => {
    expect(who('user')).toEqual({ uid: 1000, gid: 1000, groups: [1000, 100], name: 'user', home: '/home/user' });
    expect(who('2')).toEqual({ uid: 2, gid: 2, groups: [2, 100, 6, 50], name: 'daemon', home: '/' });
    expect(who('twin')).toEqual({ uid: 1000, gid: 1000, groups: [1000], name: 'twin', home: '/' });
  });

  it('has the one group that is named', () => {
    expect(who('daemon:staff')).toEqual({ uid: 2, gid: 50, groups: [50], name: 'daemon', home: '/' });
    expect(who('0:+7')).toEqual({ uid: 0, gid: 7, groups: [7], name: 'root', home: '/root' });
  });

  it('is a number that nobody has, with group 0', () => {
    expect(who('9999')).toEqual({ uid: 9999, gid: 0, groups: [0], name: undefined, home: undefined });
  });

  it.each(['nobody', '', ':staff', 'user:', 'user:nogroup', '-1', 'broken'])('knows no %j', (wanted) => {
    expect(() => who(wanted)).toThrow(LibvirtError);
  });
});
