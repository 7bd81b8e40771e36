import { describe, expect, it } from 'vitest';
import { ABANDONED, OWNER_GONE } from '../../../lib-native/protocol.ts';
import { describeEnd, endReason, initEnd } from '../../../src/container/init-end.ts';
import type { KillSource } from '../../../src/store/live-status.ts';

describe('initEnd()', () => {
  it.each<[string, number, string, KillSource?]>([
    ['an exit', 0x0000, 'poweroff'],
    ['an exit with a status', 0x0100, 'poweroff'],
    ['an exit with the status of a signal', 0x8100, 'poweroff'],
    ['SIGHUP, which is reboot(RESTART)', 1, 'reboot'],
    ['SIGINT, which is reboot(HALT)', 2, 'poweroff'],
    ['SIGQUIT', 3, 'crash'],
    ['SIGILL', 4, 'crash'],
    ['SIGABRT with a core', 6 | 0x80, 'crash'],
    ['SIGKILL of nobody here', 9, 'crash'],
    ['SIGKILL by send-process-signal', 9, 'poweroff', 'signal'],
    ['SIGKILL by destroy', 9, 'poweroff', 'destroy'],
    ['SIGSEGV', 11, 'crash'],
    ['SIGSEGV of one that is to be killed', 11, 'crash', 'signal'],
    ['SIGXCPU', 24, 'crash'],
    ['SIGSYS', 31, 'crash'],
  ])('takes %s for what it is', (_, status, end, kill) => {
    expect(initEnd(status, kill)).toBe(end);
  });
});

describe('endReason()', () => {
  it.each<[number, string, KillSource?]>([
    [0x0700, 'shutdown'],
    [2, 'shutdown'],
    [9, 'crashed'],
    [9, 'shutdown', 'signal'],
    [9, 'destroyed', 'destroy'],
    [0, 'shutdown', 'destroy'],
    [11, 'crashed'],
    [ABANDONED, 'failed'],
    [OWNER_GONE, 'destroyed'],
  ])('of %i is %s', (status, reason, kill) => expect(endReason(status, kill)).toBe(reason));
});

describe('describeEnd()', () => {
  it.each<[number, number, string, KillSource?]>([
    [0x0700, 0, 'init exited with status 7'],
    [0x0000, 2, 'init exited with status 0; out of memory, 2 processes were killed'],
    [1, 0, 'init called reboot(2) to restart'],
    [2, 0, 'init called reboot(2) to halt or to power off'],
    [9, 1, 'init was killed by SIGKILL; out of memory, 1 process was killed'],
    [9, 0, 'init was killed by SIGKILL, which no command of virsh-lxc sent'],
    [9, 0, 'init was killed by SIGKILL, sent by send-process-signal', 'signal'],
    [11 | 0x80, 0, 'init was killed by SIGSEGV'],
    [35, 0, 'init was killed by SIGRTMIN+1'],
  ])('of %i with %i killed', (status, oomKills, text, kill) => expect(describeEnd(status, { kill, oomKills })).toBe(text));
});
