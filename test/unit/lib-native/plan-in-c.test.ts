// A plan as it is written here, and as the controller's own code reads it.
import { execFileSync, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { SYS } from '../../../lib-native/constants.ts';
import { encodePlan, GO, type Plan, type Step } from '../../../lib-native/plan-encoding.ts';
import { ROOT, suite } from '../../helpers/requires.ts';

suite('plan.c', ['cc'], () => {
  let folder: string;
  beforeAll(() => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'vl-plan-'));
    const sources = ['test/helpers/read-plan.c', 'lib-native/controller/plan.c', 'lib-native/controller/target.c'];
    const program = path.join(folder, 'read-plan');
    execFileSync('cc', ['-I', 'lib-native/controller', '-Wall', '-Werror', '-o', program, ...sources], { cwd: ROOT });
  });
  afterAll(() => fs.rmSync(folder, { recursive: true }));

  const read = (bytes: Buffer): string[] => {
    const { stdout } = spawnSync(path.join(folder, 'read-plan'), { input: bytes, encoding: 'utf8' });
    return stdout.split('\n').filter(Boolean);
  };
  const step = (fields: Partial<Step>): Step => ({ call: 1, args: [], purpose: '', ...fields });
  const group = step({ call: 257, args: [-100, '/group'] });
  const first = step({ call: 428, args: ['/group', 7n, 2 ** 40, 2n ** 63n - 1n], tolerate: [17, 30], nonZero: true });
  const plan: Plan = {
    cloneFlags: 0x20020000,
    parent: [step({ call: 5, args: [0xffffffff] }), group],
    child: [
      first,
      step({ call: SYS.make_target, args: ['/mnt', 1], inside: true }),
      step({ call: 56, args: [], forks: true }),
      step({ call: 0, args: [3, { reply: Buffer.alloc(8), at: 16 }, 8], whole: true }),
      step({ call: 59, args: ['sh', ['sh', '-c', ''], { step: first }, { step: group }, GO, null], late: true }),
    ],
    cgroup: group,
    replyBytes: 24,
    view: { directories: { memory: '/memory', cpuset: '/cpuset' }, version: 2, uid: 1000, gid: 1001, since: 2 ** 32 + 1 },
  };

  it('finds every step, argument and flag that encodePlan() wrote', () => {
    expect(read(encodePlan(plan))).toEqual([
      'clone 20020000 cgroup 1',
      'reply 24',
      'view v2 1000:1001 since 4294967297 "/memory" "" "" "/cpuset" "" "" ""',
      'parent 5: 4294967295 0 0 0 0 0',
      'parent 257: -100 "/group" 0 0 0 0',
      'child 428 nonzero tolerates 17 tolerates 30: "/group" 7 1099511627776 9223372036854775807 0 0',
      'child make-target -1 inside: "/mnt" 1 0 0 0 0',
      'child 56 fork: 0 0 0 0 0 0',
      'child 0 whole: 3 reply-16 8 0 0 0',
      'child 59 late: "sh" [ "sh" "-c" "" ] result-0 parent-1 go 0',
    ]);
  });

  it('finds no view and no cgroup where there are none', () => {
    const bare = { cloneFlags: 0, parent: [], child: [step({})] };
    expect(read(encodePlan(bare))).toEqual(['clone 0 cgroup -1', 'child 1: 0 0 0 0 0 0']);
  });

  it('refuses a plan that is cut off, longer than it says, or of another version', () => {
    const bytes = encodePlan(plan);
    expect(read(bytes.subarray(0, bytes.length - 1))).toEqual(['refused']);
    expect(read(Buffer.concat([bytes, Buffer.alloc(8)]))).toEqual(['refused']);
    bytes.writeUInt8(bytes[0]! + 1, 0);
    expect(read(bytes)).toEqual(['refused']);
  });
});
