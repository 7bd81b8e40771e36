import { describe, expect, it } from 'vitest';
import type { Seclabel } from '../../../src/domain/definition.ts';
import { containment } from '../../../src/security/containment.ts';
import { minimalDefinition } from '../../helpers/definition.ts';

const SELINUX: Seclabel = { type: 'dynamic', model: 'selinux', label: 'u:r:container_t:s0:c1,c2' };

describe('containment()', () => {
  const hiddenFrom = (seclabels: Seclabel[], level: 'libvirt' | 'default' | 'strict'): readonly string[] =>
    containment({ ...minimalDefinition(), seclabels }, level).maskedDirectories;

  it('hides, where SELinux lets nobody mount them, the places of the file systems that an init system mounts', () => {
    for (const level of ['default', 'strict'] as const) {
      expect(hiddenFrom([SELINUX], level)).toContain('/sys/kernel/debug');
      expect(hiddenFrom([], level)).not.toContain('/sys/kernel/debug');
      expect(hiddenFrom([{ type: 'none', model: 'selinux' }], level)).not.toContain('/sys/kernel/debug');
    }
    expect(hiddenFrom([SELINUX], 'libvirt')).toEqual([]);
  });
});
