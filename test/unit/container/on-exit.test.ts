import { describe, expect, it } from 'vitest';
import { restarts } from '../../../src/container/on-exit.ts';
import type { LifecycleAction } from '../../../src/domain/definition.ts';

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
