import { describe, expect, it } from 'vitest';
import type { LifecycleAction } from '../../../src/domain/definition.ts';
import { initEnd, restarts } from '../../../src/driver/aftermath.ts';

describe('initEnd()', () => {
  it.each([
    ['an exit', 0x0000, 'poweroff'],
    ['an exit with a status', 0x0100, 'poweroff'],
    ['an exit with the status of a signal', 0x8100, 'poweroff'],
    ['SIGHUP, which is reboot(RESTART)', 1, 'reboot'],
    ['SIGINT, which is reboot(HALT)', 2, 'poweroff'],
    ['SIGQUIT', 3, 'crash'],
    ['SIGILL', 4, 'crash'],
    ['SIGABRT with a core', 6 | 0x80, 'crash'],
    ['SIGKILL', 9, 'poweroff'],
    ['SIGSEGV', 11, 'crash'],
    ['SIGTERM', 15, 'poweroff'],
    ['SIGSYS', 31, 'crash'],
  ])('takes %s for what it is', (_, status, end) => {
    expect(initEnd(status)).toBe(end);
  });
});

describe('restarts()', () => {
  it('says for every action whether the domain runs again', () => {
    const all: Record<LifecycleAction, boolean> = {
      destroy: false,
      restart: true,
      'rename-restart': true,
      preserve: false,
      'coredump-destroy': false,
      'coredump-restart': true,
    };
    const said = Object.fromEntries(Object.keys(all).map((action) => [action, restarts(action as LifecycleAction)]));
    expect(said).toEqual(all);
  });
});
