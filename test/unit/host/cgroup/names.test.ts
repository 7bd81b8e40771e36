import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LibvirtError } from '../../../../src/errors.ts';
import { cgroupName, machineName, partitionPath } from '../../../../src/host/cgroup/names.ts';

const CONTROLLERS = ['cpu', 'memory', 'blkio'];

describe('machineName()', () => {
  it.each([
    ['web1', 'lxc-4711-web1'],
    ['Web.example-1', 'lxc-4711-Web.example-1'],
    ['a_b c/d', 'lxc-4711-abcd'],
    ['-x', 'lxc-4711-x'],
    ['a..b--c', 'lxc-4711-a.b-c'],
    ['x.', 'lxc-4711-x'],
    ['äöü', 'lxc-4711'],
    ['n'.repeat(100), `lxc-4711-${'n'.repeat(55)}`],
    [`${'n'.repeat(54)}-x`, `lxc-4711-${'n'.repeat(54)}`],
  ])('of %j is %j', (name, expected) => {
    expect(machineName(4711, name)).toBe(expected);
  });

  it('is always a host name of at most 64 characters', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 4194304 }), fc.string({ unit: 'grapheme', maxLength: 80 }), (pid, name) => {
        const made = machineName(pid, name);
        expect(made).toMatch(/^lxc-\d+([.-]?[A-Za-z0-9]+)*$/);
        expect(made.length).toBeLessThanOrEqual(64);
      }),
    );
  });
});

describe('partitionPath()', () => {
  it.each([
    ['/machine', 'machine'],
    ['/machine/production', 'machine/production.partition'],
    ['/machine/production.slice', 'machine/production.slice'],
    ['/system', 'system'],
    ['/user/a', 'user/a.partition'],
    ['/own', 'own.partition'],
    ['/a/machine', 'a.partition/machine.partition'],
    ['//machine///x/', 'machine/x.partition'],
    ['/machine/_x', 'machine/__x.partition'],
    ['/machine/.x', 'machine/_.x'],
    ['/machine/cgroup.x', 'machine/_cgroup.x'],
    ['/machine/memory.x', 'machine/_memory.x'],
    ['/machine/memoryx.y', 'machine/memoryx.y'],
    ['/machine/cpu', 'machine/_cpu.partition'],
    ['/', ''],
  ])('of %j is %j', (partition, expected) => {
    expect(partitionPath(partition, CONTROLLERS)).toBe(expected);
  });

  it.each(['machine', '', 'a/b'])('refuses %j', (partition) => {
    expect(() => partitionPath(partition, CONTROLLERS)).toThrow(
      new LibvirtError('CONFIG_UNSUPPORTED', `unsupported configuration: Resource partition '${partition}' must start with '/'`),
    );
  });
});

describe('cgroupName()', () => {
  it('has the suffix of the driver', () => {
    expect(cgroupName('lxc-4711-web1', CONTROLLERS)).toBe('lxc-4711-web1.libvirt-lxc');
  });

  it('escapes what the kernel could take for one of its files', () => {
    expect(cgroupName('memory', CONTROLLERS)).toBe('_memory.libvirt-lxc');
  });
});
