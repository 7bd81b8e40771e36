import { describe, expect, it } from 'vitest';
import { SYS } from '../../../../lib-native/constants.ts';
import type { Plan, Step } from '../../../../lib-native/plan-encoding.ts';
import { GO } from '../../../../lib-native/plan-encoding.ts';
import { confine } from '../../../../src/container/plan/contain.ts';
import { formatPlan } from '../../../../src/container/plan/print.ts';
import { containment } from '../../../../src/security/containment.ts';
import { compileFilter } from '../../../../src/security/seccomp/compile.ts';
import { describeFilter } from '../../../../src/security/seccomp/rules.ts';
import { minimalDefinition } from '../../../helpers/definition.ts';

const step = (call: number, args: Step['args']): Step => ({ call, args, purpose: '' });

describe('formatPlan()', () => {
  it('prints a line for each call of the parent, the clone and the child, results by number', () => {
    const group = step(SYS.openat, [-100, '/g', 0x80000]);
    const tree = step(SYS.open_tree, [-100, '/a "b"', 1]);
    const plan: Plan = {
      cloneFlags: 0x20000000 | 0x00020000,
      parent: [group],
      cgroup: group,
      child: [
        step(SYS.read, [GO, Buffer.alloc(8), 1]),
        tree,
        step(SYS.mount_setattr, [{ step: tree }, '', 4096, Buffer.from('0f000000', 'hex'), 32]),
        step(SYS.setns, [{ step: group }, 0]),
        step(SYS.execve, ['/bin/sh', ['/bin/sh', '-c'], ['A=1']]),
        step(9999, [null, 4097n]),
      ],
    };
    expect(formatPlan(plan)).toBe(`p1:   openat(AT_FDCWD, "/g", 0x80000)
clone3({flags=CLONE_NEWNS|CLONE_NEWPID|CLONE_INTO_CGROUP})
1:    read(<go>, {0 x 8}, 1)
2:    open_tree(AT_FDCWD, "/a \\"b\\"", 1)
3:    mount_setattr(<2>, "", 4096, {0f…}, 32)
4:    setns(<p1>, 0)
5:    execve("/bin/sh", ["/bin/sh", "-c"], ["A=1"])
6:    syscall_9999(NULL, 0x1001)
`);
  });

  it('prints a filter as strace would, and below it what it refuses', () => {
    const definition = minimalDefinition();
    const contained = containment(definition, 'strict');
    const lines = formatPlan({ cloneFlags: 0, parent: [], child: confine(contained, 'x64') }).split('\n');
    const { length } = compileFilter(contained.filter!, 'x64');
    expect(lines.slice(0, 3)).toEqual([
      'clone3({flags=0})',
      '1:    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)',
      `2:    seccomp(SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_SPEC_ALLOW, {len=${length / 8}, filter=...})`,
    ]);
    expect(lines.slice(3, -1)).toEqual(describeFilter(contained.filter!).map((line) => `        ${line}`));
  });

  it('prints a clone without flags', () => {
    expect(formatPlan({ cloneFlags: 0, parent: [], child: [] })).toBe('clone3({flags=0})\n');
  });
});
