import { describe, expect, it } from 'vitest';
import { initSystemOf, programWords } from '../../../src/container/init-system.ts';

const by = (init: string, ...initargs: string[]) => initSystemOf({ init, initargs }, undefined);

describe('initSystemOf() by names alone', () => {
  it.each([
    '/sbin/init',
    '/init',
    'init',
    '/lib/systemd/systemd',
    '/sbin/openrc-init',
    '/sbin/runit-init',
    '/linuxrc',
    '/usr/bin/s6-svscan',
  ])('knows %s', (init) => expect(by(init)).toBe(init));

  it.each([
    [['/bin/busybox', 'init'], 'init'],
    [['/usr/bin/env', '-i', 'container=lxc', '/sbin/init'], '/sbin/init'],
    [['/bin/sh', '-c', 'umask 022; exec /lib/systemd/systemd --log-level=debug'], '/lib/systemd/systemd'],
  ])('knows what %j becomes', ([init, ...args], program) => expect(by(init!, ...args)).toBe(program));

  it.each([
    [['/bin/sh']],
    [['/bin/reinit']],
    [['/bin/busybox', 'sleep', '1000']],
    [['/bin/ls', '/sbin/init']],
    [['/bin/sh', '-c', 'ls -l /sbin/init; exec sleep 10']],
  ])('takes %j for an ordinary program', ([init, ...args]) => expect(by(init!, ...args)).toBeUndefined());
});

describe('programWords()', () => {
  it('are init, and what a shell or a wrapper becomes', () => {
    expect(programWords({ init: '/bin/dash', initargs: ['-c', 'exec "/a" ; exec -a b /c'] })).toEqual(['/bin/dash', '/a', 'b']);
  });
});
