// Answers about a running domain with which nothing is going on.
import { spawnSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { suite } from '../helpers/requires.ts';
import { useVirsh } from '../helpers/virsh.ts';

suite('a running domain', ['root', 'built', 'busybox'], () => {
  const virsh = useVirsh();

  it('is well, has no job, and the time of the host', () => {
    const name = virsh.boot();
    expect(virsh.ok('domcontrol', name)).toBe('ok\n\n');
    expect(virsh.ok('domblkerror', name)).toBe('No errors found\n\n');
    expect(virsh.ok('domjobinfo', name)).toBe('Job type:         None        \n\n');
    expect(virsh.ok('domjobinfo', name, '--rawstats')).toBe('Job type: 0\n\n\n');
    const noJob = ['Requested operation is not valid: no job is active on the domain'];
    expect(virsh.error('domjobabort', name)).toEqual(noJob);
    expect(virsh.error('domjobabort', name, '--postcopy')).toEqual(noJob);
    const before = Math.floor(Date.now() / 1000);
    const [, seconds] = /^Time: (\d+)\n$/.exec(virsh.ok('domtime', name)) ?? [];
    expect(Number(seconds)).toBeGreaterThanOrEqual(before);
    expect(Number(seconds)).toBeLessThanOrEqual(Date.now() / 1000);
    expect(virsh.ok('domtime', name, '--pretty')).toMatch(/^Time: \d{4}-\d\d-\d\d \d\d:\d\d:\d\d\n$/);
    const reason = "Operation not supported: a container has the host's clock, which is set for all or for none";
    for (const set of ['--now', '--sync', '--time=5']) expect(virsh.error('domtime', name, set)).toEqual([reason]);
  });
});

suite('domcapabilities', ['built', 'libvirt_schemas'], () => {
  const virsh = useVirsh();

  it('is a document of libvirt’s schema', () => {
    const file = virsh.file('caps.xml', virsh.ok('domcapabilities'));
    const { status, stderr } = spawnSync('xmllint', ['--noout', '--relaxng', '/usr/share/libvirt/schemas/domaincaps.rng', file], {
      encoding: 'utf8',
    });
    expect([status, stderr]).toEqual([0, `${file} validates\n`]);
  });
});
