// "Within two seconds", on a machine that may have other things to do.
import { expect } from 'vitest';
import { SLOWNESS } from './eventually.ts';
import type { Virsh } from './virsh.ts';

/** What a command that only asks takes where nothing else runs. */
const QUIET_MS = 15;

/** How many times slower than a quiet machine this one is right now. */
function slowdown(virsh: Virsh): number {
  const begin = performance.now();
  virsh.run('uri');
  return Math.max(SLOWNESS, (performance.now() - begin) / QUIET_MS);
}

/** Does something that must take less than `limitMs`, or as much longer as the machine is slower; gives what it gives. */
export function within<T>(virsh: Virsh, limitMs: number, action: () => T): T {
  const before = slowdown(virsh);
  const begin = performance.now();
  const result = action();
  const tookMs = performance.now() - begin;
  if (tookMs >= limitMs * before) expect(tookMs).toBeLessThan(limitMs * slowdown(virsh));
  return result;
}
