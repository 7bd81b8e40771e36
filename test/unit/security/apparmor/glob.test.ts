import { describe, expect, it } from 'vitest';
import { allBut, quotedPath } from '../../../../src/security/apparmor/glob.ts';
import { globMatches } from '../../../helpers/apparmor-glob.ts';

describe('allBut()', () => {
  const isMatched = (kept: string[], path: string) => allBut(kept).some((pattern) => globMatches(pattern, path));

  it('gives the patterns for one name', () => {
    expect(allBut(['ab'])).toEqual(['[^a/]{,**}', 'a{,/{,**}}', 'a[^b/]{,**}', 'ab[^/]{,**}']);
  });

  it.each(['proc', 'proc/', 'proc/1/x', 'sys', 'sys/kernel'])('keeps %s out', (path) => {
    expect(isMatched(['proc', 'sys'], path)).toBe(false);
  });
  it.each(['p', 'p/', 'pro', 'pro/proc', 'procs', 'process/x', 'proc.d', 'sy', 'sysfs', 's/ys', 'etc', 'var/proc/sys', 'sbin/'])(
    'matches %s',
    (path) => {
      expect(isMatched(['proc', 'sys'], path)).toBe(true);
    },
  );

  const SYSCTLS = ['net', 'fs/mqueue', 'kernel/shm*', 'kernel/hostname'];
  it.each(['net', 'net/ipv4/ip_forward', 'fs/', 'fs/mqueue/msg_max', 'kernel/', 'kernel/shmmax', 'kernel/shm', 'kernel/hostname'])(
    'keeps %s out, of directories and beginnings of names',
    (path) => {
      expect(isMatched(SYSCTLS, path)).toBe(false);
    },
  );
  it.each([
    'kernel/core_pattern',
    'kernel/sh',
    'kernel/hostnames',
    'kernel/host',
    'kernel/h/shm',
    'fs/mqueues',
    'fs/suid_dumpable',
    'vm/x',
    'netx',
  ])('matches %s beside them', (path) => {
    expect(isMatched(SYSCTLS, path)).toBe(true);
  });
});

describe('quotedPath()', () => {
  it.each([
    ['/srv/web root', '"/srv/web root"'],
    ['/a,b', '"/a\\,b"'],
    ['/v@{PROC}', '"/v\\@\\{PROC\\}"'],
    ['/*?[x]^', '"/\\*\\?\\[x\\]\\^"'],
    ['/quo"te', '"/quo?te"'],
    ['/back\\slash', '"/back?slash"'],
    ['/new\nline\t', '"/new?line?"'],
    ['/ü', '"/??"'],
    ['/end",\n capability,\n "', '"/end?\\,? capability\\,? ?"'],
  ])('writes %j as %s', (path, pattern) => {
    expect(quotedPath(path)).toBe(pattern);
  });

  it('takes what is before and after as it is', () => {
    expect(quotedPath('/a', { before: '/{x,y}', after: '/**' })).toBe('"/{x,y}/a/**"');
  });

  it.each(['/srv/web root', '/a,b{c}', '/*?[x]', '/quo"te', '/back\\slash', '/new\nline'])('matches %j itself', (path) => {
    expect(globMatches(quotedPath(path).slice(1, -1), path)).toBe(true);
  });
});
