// Commands that are killed in place of every call that can change anything: each start on record has its stop.
import process from 'node:process';
import { setImmediate } from 'node:timers/promises';
import { beforeEach, expect, it } from 'vitest';
import { expectPaired, LOGGED, lifeOf, logged } from '../helpers/audit-log.ts';
import { SLOWNESS } from '../helpers/eventually.ts';
import { killAt, pointAt, pointsOf } from '../helpers/kill-points.ts';
import { suite } from '../helpers/requires.ts';
import { useVirsh } from '../helpers/virsh.ts';

/** Every how manieth point is tried. */
const STRIDE = process.env['KILL_POINTS'] === 'all' ? 1 : 3;

const REBOOTS = ['/bin/sh', '-c', "trap 'exec /bin/reboot -f' HUP; trap 'exit' TERM; while :; do sleep 0.01; done"];

suite('a command that dies anywhere leaves no start without its stop:', ['root', 'built', 'busybox', 'fuse', 'strace'], () => {
  const virsh = useVirsh();
  beforeEach(() => void virsh.file('etc/libvirt/lxc.conf', LOGGED));

  it.each([
    ['start', false],
    ['destroy', true],
    ['reboot', true],
  ])('%s', { timeout: 300_000 * SLOWNESS }, async (verb, runs) => {
    const name = virsh.define({ init: REBOOTS });
    const ready = (): void => {
      virsh.run('destroy', name);
      if (runs) virsh.ok('start', name);
    };
    ready();
    const points = pointsOf(virsh, verb, name);
    expect(points.length).toBeGreaterThan(4);
    for (let i = 0; i < points.length; i += STRIDE) {
      await setImmediate();
      ready();
      const begun = lifeOf(logged(virsh, name)).length - (runs ? 1 : 0);
      killAt(virsh, points[i]!, verb, name);
      virsh.run('destroy', name);
      try {
        expectPaired(lifeOf(logged(virsh, name)).slice(begun));
      } catch (error) {
        throw new Error(`at ${points[i]!.call}`, { cause: error });
      }
    }
  });

  it('one that dies after its container has started has it recorded by the next', () => {
    const name = virsh.boot(); // the first start of all writes more
    virsh.ok('destroy', name);
    const points = pointsOf(virsh, 'start', name);
    virsh.ok('destroy', name);
    const begun = logged(virsh, name).length;
    killAt(virsh, pointAt(points, /^p?write(64)?\(.*: audit: /), 'start', name);
    expect(logged(virsh, name).length).toBe(begun);
    virsh.ok('desc', name, '--live', '--title', 'words');
    expect(lifeOf(logged(virsh, name)).at(-1)).toBe('start booted');
    virsh.ok('destroy', name);
    expect(lifeOf(logged(virsh, name)).slice(-2)).toEqual(['start booted', 'stop destroyed']);
  });
});
