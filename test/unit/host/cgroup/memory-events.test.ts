import { expect, it } from 'vitest';
import { oomKillsIn } from '../../../../src/host/cgroup/memory-events.ts';

it.each([
  ['memory.events', 'low 0\nhigh 0\nmax 41\noom 3\noom_kill 2\noom_group_kill 0\n', 2],
  ['memory.oom_control', 'oom_kill_disable 0\nunder_oom 0\noom_kill 12\n', 12],
  ['one of an old kernel', 'oom_kill_disable 0\nunder_oom 0\n', 0],
])('oomKillsIn() reads %s', (_, text, kills) => expect(oomKillsIn(text)).toBe(kills));
