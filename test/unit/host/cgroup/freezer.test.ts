import { describe, expect, it } from 'vitest';
import { freeze, thaw } from '../../../../src/host/cgroup/freezer.ts';
import { PaperCgroup } from '../../../helpers/paper-cgroup.ts';

describe('freeze(), thaw()', () => {
  it('write the word of their version', () => {
    const cgroups = [
      new PaperCgroup(1, { 'freezer.state': 'FROZEN\n' }),
      new PaperCgroup(2, { 'cgroup.events': 'populated 1\nfrozen 1\n' }),
    ];
    for (const cgroup of cgroups) {
      freeze(cgroup);
      thaw(cgroup);
    }
    expect(cgroups.map(({ writes }) => writes)).toEqual([
      ['freezer freezer.state=FROZEN', 'freezer freezer.state=THAWED'],
      ['freezer cgroup.freeze=1', 'freezer cgroup.freeze=0'],
    ]);
  });

  it('thaw what does not freeze in time, after pushing it again on v1', () => {
    const cgroups = [
      new PaperCgroup(1, { 'freezer.state': 'FREEZING\n' }),
      new PaperCgroup(2, { 'cgroup.events': 'populated 1\nfrozen 0\n' }),
    ];
    for (const cgroup of cgroups) expect(() => freeze(cgroup)).toThrow('Suspend operation failed');
    const [v1, v2] = cgroups.map(({ writes }) => writes);
    expect(v2).toEqual(['freezer cgroup.freeze=1', 'freezer cgroup.freeze=0']);
    expect([...new Set(v1)]).toEqual(['freezer freezer.state=FROZEN', 'freezer freezer.state=THAWED']);
    expect(v1!.length).toBeGreaterThan(3);
    expect(v1!.at(-1)).toBe('freezer freezer.state=THAWED');
  });
});
