// Commands that are killed in place of every call that can change anything: each start on record has its stop.
import process from 'node:process';
import { setImmediate } from 'node:timers/promises';
import { beforeEach, expect, it } from 'vitest';
import { expectPaired, LOGGED, lifeOf, logged } from '../helpers/audit-log.ts';
import { eventually, SLOWNESS } from '../helpers/eventually.ts';
import { killAt, killProcessAt, type Point, pointAt, pointsOf, pointsOfProcess } from '../helpers/kill-points.ts';
import { suite } from '../helpers/requires.ts';
import { childOf, useVirsh } from '../helpers/virsh.ts';

/** Every how manieth point is tried. */
const STRIDE = process.env['KILL_POINTS'] === 'all' ? 1 : 5;

/** It hears at once, being in no command, and says when it does. */
const REBOOTS = [
  ...['/bin/sh', '-c'],
  "trap 'exec /bin/reboot -f' HUP; trap 'exit' TERM; mkfifo /dev/never; touch /dev/ready; while :; do read x <>/dev/never; done",
];

suite('a command that dies anywhere leaves no start without its stop:', ['root', 'built', 'busybox', 'fuse', 'strace'], () => {
  const virsh = useVirsh();
  beforeEach(() => void virsh.file('etc/libvirt/lxc.conf', LOGGED));

  /** Runs. */
  async function start(name: string): Promise<void> {
    virsh.run('destroy', name);
    virsh.ok('start', name);
    await eventually(() => virsh.inside(name, 'ls /dev').includes('ready'));
  }

  /** What is recorded of the domain after `die`, and of its end if it has none yet. */
  async function expectPairs(name: string, { call }: Point, die: () => unknown): Promise<void> {
    const begun = lifeOf(logged(virsh, name)).length;
    const runs = virsh.run('domid', name).stdout.trim() !== '-';
    await die();
    virsh.run('destroy', name);
    try {
      expectPaired(lifeOf(logged(virsh, name)).slice(runs ? begun - 1 : begun));
    } catch (error) {
      throw new Error(`at ${call}`, { cause: error });
    }
  }

  const few = (points: readonly Point[]): Point[] => points.filter((_, i) => i % STRIDE === 0);

  it.each([
    ['start', false],
    ['destroy', true],
    ['reboot', true],
  ])('%s', { timeout: 300_000 * SLOWNESS }, async (verb, runs) => {
    const name = virsh.define({ init: REBOOTS });
    const ready = async (): Promise<void> => {
      if (runs) await start(name);
      else virsh.run('destroy', name);
    };
    await ready();
    const points = pointsOf(virsh, verb, name);
    expect(points.length).toBeGreaterThan(4);
    for (const point of few(points)) {
      await setImmediate();
      await ready();
      await expectPairs(name, point, () => killAt(virsh, point, verb, name));
    }
  });

  it('what follows the end of init, and its new start', { timeout: 300_000 * SLOWNESS }, async () => {
    const name = virsh.define({ init: REBOOTS });
    await start(name);
    const asked = virsh.controllerPid(name);
    const points = await pointsOfProcess(virsh, asked, () => process.kill(childOf(asked), 'SIGHUP'));
    expect(points.length).toBeGreaterThan(20);
    for (const point of few(points)) {
      await start(name);
      const controller = virsh.controllerPid(name);
      await expectPairs(name, point, () => killProcessAt(controller, point, () => process.kill(childOf(controller), 'SIGHUP')));
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
