// Each changing command, killed in place of every call that can change anything: what it leaves is a domain like any other.
import fs from 'node:fs';
import process from 'node:process';
import { setImmediate } from 'node:timers/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { eventually, SLOWNESS } from '../helpers/eventually.ts';
import { isAlive } from '../helpers/is-alive.ts';
import { failAt, killAt, type Point, pointsOf } from '../helpers/kill-points.ts';
import { requires, suite } from '../helpers/requires.ts';
import { errorLines, useVirsh } from '../helpers/virsh.ts';

/** Every how manieth point is tried, of commands that others than `suspend` and `resume` stand for. */
const STRIDE = process.env['KILL_POINTS'] === 'all' ? 1 : 5;

suite('a command that dies anywhere:', ['root', 'built', 'busybox', 'fuse', 'strace'], () => {
  const virsh = useVirsh();
  const statusFile = (name: string): string => virsh.path(`run/libvirt/lxc/${name}.xml`);

  /** As the kernel has it. */
  function isFrozen(name: string): boolean {
    const group = /cgroup='([^']*)'/.exec(fs.readFileSync(statusFile(name), 'utf8'))![1];
    if (requires('cgroup1') !== undefined) return /^frozen 1$/m.test(fs.readFileSync(`/sys/fs/cgroup/${group}/cgroup.events`, 'utf8'));
    return fs.readFileSync(`/sys/fs/cgroup/freezer/${group}/freezer.state`, 'utf8') !== 'THAWED\n';
  }
  const destroyed = (name: string): void => {
    const { status, stderr } = virsh.run('destroy', name);
    if (status !== 0)
      expect(errorLines(stderr)).toEqual([`Failed to destroy domain '${name}'`, 'Requested operation is not valid: domain is not running']);
    expect(virsh.ok('domstate', name).trim()).toBe('shut off');
    expect(virsh.leftovers()).toMatchObject({ processes: [], cgroups: [], mounts: [] });
  };
  const told = (name: string): string => virsh.ok('domstate', name).trim();

  describe.each(['suspend', 'resume'])('%s', { timeout: 180_000 * SLOWNESS }, (verb) => {
    let points: Point[];
    const ready = (name: string): void => {
      if (told(name) === 'shut off') virsh.ok('start', name);
      if (verb === 'resume' && told(name) === 'running') virsh.ok('suspend', name);
      if (verb === 'suspend' && told(name) === 'paused') virsh.ok('resume', name);
    };
    beforeAll(() => {
      const name = virsh.boot();
      ready(name);
      points = pointsOf(virsh, verb, name);
      virsh.ok('destroy', name);
      expect(points.length).toBeGreaterThan(6);
    });
    const atEach = async (action: (name: string, point: Point) => void | Promise<void>): Promise<void> => {
      const name = virsh.boot();
      for (const point of points) {
        await setImmediate(); // whoever runs the tests wants to hear of us
        ready(name);
        try {
          await action(name, point);
        } catch (error) {
          throw new Error(`at ${point.call}`, { cause: error });
        }
      }
    };

    it('tells what is, and is suspended and resumed', async () => {
      await atEach((name, point) => {
        expect(killAt(virsh, point, verb, name).status).toBeNull();
        expect(told(name)).toBe(isFrozen(name) ? 'paused' : 'running');
        const { status, stderr } = virsh.run('resume', name);
        if (status !== 0)
          expect(errorLines(stderr)).toEqual([
            `Failed to resume domain '${name}'`,
            'Requested operation is not valid: domain is already running',
          ]);
        expect([isFrozen(name), told(name)]).toEqual([false, 'running']);
        virsh.ok('lxc-enter-namespace', name, '--', '/bin/true');
        virsh.ok('suspend', name);
        expect([isFrozen(name), virsh.state(name)]).toEqual([true, 'paused (user)']);
      });
    });

    it('is destroyed', async () => {
      await atEach((name, point) => {
        const init = virsh.initPid(name);
        killAt(virsh, point, verb, name);
        virsh.ok('destroy', name);
        expect(isAlive(init)).toBe(false);
        destroyed(name);
      });
    });

    it('its controller, too: the next start ends the first instance before it begins a second', async () => {
      await atEach(async (name, point) => {
        const [controller, init] = [virsh.controllerPid(name), virsh.initPid(name)];
        killAt(virsh, point, verb, name);
        process.kill(controller, 'SIGKILL');
        await eventually(() => !isAlive(controller));
        virsh.ok('start', name);
        expect(isAlive(init)).toBe(false);
        expect(virsh.leftovers().cgroups.filter((group) => group.includes(`lxc-${controller}-`))).toEqual([]);
      });
    });

    it.each([
      ['no space', 'ENOSPC', true],
      ['one error', 'EIO', false],
    ] as const)('%s: it is as before or as asked for, and goes on', async (_what, error, lasting) => {
      await atEach((name, point) => {
        const { status, stderr } = failAt(virsh, point, error, lasting, verb, name);
        expect(told(name)).toBe(isFrozen(name) ? 'paused' : 'running');
        const asked = verb === 'suspend' ? 'paused' : 'running';
        if (status === 0) expect(told(name)).toBe(asked);
        else if (stderr !== '') expect(errorLines(stderr)).toEqual([`Failed to ${verb} domain '${name}'`, expect.any(String)]);
        if (told(name) === 'paused') virsh.ok('resume', name);
        expect([isFrozen(name), told(name)]).toEqual([false, 'running']);
        virsh.ok('suspend', name);
      });
    });
  });

  /** Each begins with the domain as `from` says, and leaves it off, running or paused, whole. */
  const COMMANDS: [command: string, from: 'off' | 'running', words: (name: string) => string[]][] = [
    ['start', 'off', (name) => ['start', name]],
    ['start --paused', 'off', (name) => ['start', name, '--paused']],
    ['destroy', 'running', (name) => ['destroy', name]],
    ['reboot', 'running', (name) => ['reboot', name]],
    ['setmem', 'running', (name) => ['setmem', name, '60000', '--live', '--config']],
    ['desc', 'running', (name) => ['desc', name, '--live', '--config', '--title', 'words']],
    ['autostart', 'off', (name) => ['autostart', name]],
  ];

  it.each(COMMANDS)('%s', { timeout: 300_000 * SLOWNESS }, async (_command, from, words) => {
    const name = virsh.define({
      init: ['/bin/sh', '-c', "trap 'exec /bin/reboot -f' HUP; trap 'exit' TERM; while :; do sleep 0.01; done"],
    });
    const ready = (): void => {
      destroyed(name);
      if (from === 'running') virsh.ok('start', name);
    };
    ready();
    const points = pointsOf(virsh, ...words(name));
    expect(points.length).toBeGreaterThan(4);
    let worked = 0;
    for (let i = 0; i < points.length; i += STRIDE) {
      await setImmediate();
      ready();
      const { call } = points[i]!;
      killAt(virsh, points[i]!, ...words(name));
      expect([call, virsh.ok('dumpxml', name)]).toEqual([call, expect.stringMatching(/^<domain type='lxc'[\s\S]*\n<\/domain>\n\n$/)]);
      // What was being started may be about to end with its command; whatever is left of it, a start and a destroy work.
      virsh.run('resume', name);
      if (virsh.run('start', name).status !== 0) expect([call, virsh.run('domstate', name).stdout.trim()]).not.toEqual([call, 'paused']);
      else worked++;
      destroyed(name);
      virsh.ok('start', name);
    }
    if (from === 'off') expect(worked).toBeGreaterThan(0);
  });

  it.each(['attach-device', 'detach-device'])(
    '%s of a file system leaves one that can be detached, or none',
    { timeout: 300_000 * SLOWNESS },
    async (command) => {
      const [name, data] = [virsh.boot(), fs.mkdtempSync(virsh.path('data-'))];
      const file = virsh.file('fs.xml', `<filesystem><source dir='${data}'/><target dir='/mnt'/></filesystem>`);
      const words = [command, name, file, '--live', '--config'];
      const [attached, detached] = ['attach-device', 'detach-device'].map((one) => () => {
        for (const which of ['--live', '--config']) {
          const { status, stderr } = virsh.run(one, name, file, which);
          if (status !== 0) expect(errorLines(stderr)[1]).toMatch(/Target already exists$|no matching filesystem device was found$/);
        }
      }) as [() => void, () => void];
      const ready = command === 'attach-device' ? detached : attached;
      const isThere = (): boolean[] => [
        / \/mnt /.test(fs.readFileSync(`/proc/${virsh.initPid(name)}/mountinfo`, 'utf8')),
        ...[[], ['--inactive']].map((which) => virsh.ok('dumpxml', name, ...which).includes(data)),
      ];
      ready();
      const points = pointsOf(virsh, ...words);
      expect(points.length).toBeGreaterThan(4);
      for (const point of points) {
        await setImmediate();
        ready();
        killAt(virsh, point, ...words);
        detached();
        expect([point.call, isThere()]).toEqual([point.call, [false, false, false]]);
        attached();
        expect([point.call, isThere()]).toEqual([point.call, [true, true, true]]);
      }
      virsh.ok('destroy', name);
    },
  );
});
