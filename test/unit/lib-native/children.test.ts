import fs from 'node:fs';
import { afterEach, expect, it } from 'vitest';
import { leaveChild, reapChildren } from '../../../lib-native/children.ts';
import { SIGKILL } from '../../../lib-native/constants.ts';
import { linux } from '../../../lib-native/linux.ts';
import { eventually } from '../../helpers/eventually.ts';
import { isThere } from '../../helpers/is-alive.ts';

const started: number[] = [];
afterEach(() => {
  for (const pid of started.splice(0)) if (isThere(pid)) linux.kill(pid, SIGKILL);
});

function begin(...argv: [string, ...string[]]): number {
  const pid = linux.spawn({ path: argv[0], argv, env: [], fds: [null, null, null], newSession: false });
  started.push(pid);
  return pid;
}
const stateOf = (pid: number) => fs.readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1]![0];

it('reapChildren() takes note of those that have ended, and of no others', async () => {
  const [ended, running, others] = [begin('/bin/true'), begin('/bin/sleep', '100'), begin('/bin/true')];
  for (const pid of [running, ended]) leaveChild(pid);
  await eventually(() => stateOf(ended) === 'Z' && stateOf(others) === 'Z');
  reapChildren();
  expect([ended, running, others].map(isThere)).toEqual([false, true, true]);
  linux.kill(running, SIGKILL);
  await eventually(() => stateOf(running) === 'Z');
  reapChildren();
  expect(isThere(running)).toBe(false);
  expect(linux.waitpid(others, 0)).toEqual([others, 0]);
});

it('leaveChild() reaps those before it', async () => {
  const first = begin('/bin/true');
  leaveChild(first);
  await eventually(() => stateOf(first) === 'Z');
  const second = begin('/bin/true');
  leaveChild(second);
  expect(isThere(first)).toBe(false);
  await eventually(() => stateOf(second) === 'Z');
  reapChildren();
});
