// Whatever of ours is killed, and whenever: the next command finds its way, and in the end nothing is left.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { setTimeout } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { eventually, SLOWNESS } from '../helpers/eventually.ts';
import { isAlive } from '../helpers/is-alive.ts';
import { holdAt, killProcessAt, pointAt, pointsOf, pointsOfProcess } from '../helpers/kill-points.ts';
import { ROOT, requires, suite } from '../helpers/requires.ts';
import { childOf, errorLines, useVirsh, type Virsh } from '../helpers/virsh.ts';

/** How often a command is killed, a little later each time; in an emulated machine, where each time takes ten seconds, less often. */
const POINTS = SLOWNESS > 1 ? 8 : 20;

/** The call that freezes a group, and that which makes the pid file. */
const FREEZE = requires('cgroup1') === undefined ? /^write\(.*\/freezer\.state>/ : /^write\(.*\/cgroup\.freeze>/;
const PID_FILE = /^rename.*\.pid"/;

/** Has the process the file open? */
const holds = ({ pid }: ChildProcess, file: string): boolean => {
  const folder = `/proc/${pid}/fd`;
  return fs.readdirSync(folder).some((fd) => linkOf(`${folder}/${fd}`) === file);
};
const linkOf = (link: string): string | undefined => {
  try {
    return fs.readlinkSync(link);
  } catch {
    return undefined; // closed meanwhile
  }
};
const ended = (child: ChildProcess): Promise<unknown> =>
  child.exitCode !== null || child.signalCode !== null ? Promise.resolve() : new Promise((resolve) => child.once('close', resolve));

suite('a killed', ['root', 'built', 'busybox', 'fuse'], () => {
  const virsh = useVirsh();

  /**
   * Runs a command again and again: to its end, killed before it can have done anything, then a little later each time, and
   * to its end once more. `after` looks at what each has left.
   */
  async function killAtManyPoints(before: () => string[], after: () => void | Promise<void>): Promise<void> {
    const run = async (killAfterMs?: number): Promise<number> => {
      const command = before();
      const begin = Date.now();
      const child = virsh.start({}, ...command);
      if (killAfterMs) await setTimeout(killAfterMs);
      if (killAfterMs !== undefined) child.kill('SIGKILL');
      await ended(child);
      const tookMs = Date.now() - begin;
      await after();
      return tookMs;
    };
    const wholeMs = await run();
    await run(0);
    for (let i = 1; i < POINTS; i++) await run(wholeMs * (0.2 + i / POINTS));
    await run();
  }

  const stop = (name: string): void => {
    const { status, stderr } = virsh.run('destroy', name);
    if (status !== 0)
      expect(errorLines(stderr)).toEqual([`Failed to destroy domain '${name}'`, 'Requested operation is not valid: domain is not running']);
  };

  describe('command', { timeout: 180_000 * SLOWNESS }, () => {
    it('leaves a domain that was being started off or running, and the next start works', async () => {
      const name = virsh.define();
      const found = new Set<string>();
      await killAtManyPoints(
        () => ['start', name],
        () => {
          const { status, stderr } = virsh.run('start', name);
          found.add(status === 0 ? 'off' : errorLines(stderr).join());
          stop(name); // what was running may have been about to end with its command
        },
      );
      expect([...found].sort()).toEqual(['Domain is already active', 'off']);
    });

    it('leaves a domain that was being destroyed off or running, and the next destroy works', async () => {
      const name = virsh.define({ init: ['/bin/sh', '-c', "trap 'exit' TERM; while :; do sleep 0.01; done"] });
      await killAtManyPoints(
        () => {
          virsh.ok('start', name);
          return ['destroy', name];
        },
        () => stop(name),
      );
    });

    it('leaves a domain that was being rebooted off or running, and it can be started or destroyed', async () => {
      const name = virsh.define({
        init: ['/bin/sh', '-c', "trap 'exec /bin/reboot -f' HUP; touch /dev/ready; while :; do sleep 0.01; done"],
      });
      await killAtManyPoints(
        () => {
          virsh.run('start', name);
          while (!virsh.inside(name, 'ls /dev').includes('ready'));
          return ['reboot', name];
        },
        async () => {
          expect(['running', 'shut off']).toContain(virsh.ok('domstate', name).trim());
          stop(name);
          // The controller of a start that was abandoned before its status clears up by itself.
          await eventually(() => {
            expect(virsh.leftovers()).toMatchObject({ processes: [], cgroups: [] });
            return true;
          });
        },
      );
    });

    it('leaves the old definition or the new one', async () => {
      const name = virsh.name();
      const [one, two] = ['one', 'two'].map((title) =>
        virsh.file(`${title}.xml`, virsh.xml(name, { more: `<uuid>11111111-2222-4333-8444-555555555555</uuid><title>${title}</title>` })),
      );
      virsh.ok('define', one!);
      let count = 0;
      const seen = new Set<string>();
      await killAtManyPoints(
        () => ['define', ++count % 2 ? two! : one!],
        () => {
          const xml = virsh.ok('dumpxml', name);
          const title = /<title>(\w+)<\/title>/.exec(xml)?.[1];
          expect(xml).toMatch(/^<domain type='lxc'>\n[\s\S]*\n<\/domain>\n\n$/);
          seen.add(title!);
        },
      );
      expect([...seen].sort()).toEqual(['one', 'two']);
    });

    it('leaves a new definition whole or not at all', async () => {
      let name = '';
      const found = new Set<number | null>();
      await killAtManyPoints(
        () => {
          name = virsh.name();
          return ['define', virsh.file('new.xml', virsh.xml(name))];
        },
        () => {
          const { status, stdout } = virsh.run('dumpxml', name);
          found.add(status);
          if (status !== 0) return;
          expect(stdout).toMatch(/^<domain type='lxc'>\n[\s\S]*\n<\/domain>\n\n$/);
          virsh.ok('undefine', name);
        },
      );
      expect([...found].sort()).toEqual([0, 1]);
      expect(virsh.ok('list', '--all', '--name')).toBe('\n');
    });

    it('leaves a definition that was being removed whole or not at all', async () => {
      const name = virsh.name();
      const file = virsh.file('d.xml', virsh.xml(name));
      await killAtManyPoints(
        () => {
          virsh.ok('define', file);
          virsh.ok('autostart', name);
          return ['undefine', name];
        },
        () => {
          const { status } = virsh.run('dumpxml', name);
          if (status === 0) virsh.ok('undefine', name);
          expect(fs.readdirSync(virsh.path('etc/libvirt/lxc/autostart'))).toEqual([]);
        },
      );
    });

    it('that was creating a transient domain leaves it running or nothing', async () => {
      const name = virsh.name();
      const file = virsh.file('d.xml', virsh.xml(name));
      const found = new Set<string>();
      await killAtManyPoints(
        () => ['create', file],
        () => {
          const state = virsh.run('domstate', name).stdout.trim();
          found.add(state);
          if (state !== '') virsh.run('destroy', name); // it may have been about to end with its command
          expect(virsh.run('domstate', name).status).toBe(1);
        },
      );
      expect([...found].sort()).toEqual(['', 'running']);
    });
  });

  suite('start', ['strace'], () => {
    const pidFile = (name: string): string => virsh.path(`run/libvirt/lxc/${name}.pid`);
    const lockFile = (name: string): string => virsh.path(`run/libvirt/lxc/${name}.lock`);
    const controllerOf = (name: string): number => Number(fs.readFileSync(pidFile(name), 'utf8'));
    /** The point after a call of a command that starts a domain; what it starts is destroyed again. */
    const pointAfter = (name: string, call: RegExp, ...command: string[]) => {
      const point = pointAt(pointsOf(virsh, ...command), call, { after: true });
      virsh.ok('destroy', name);
      return point;
    };
    /** Leaves a controller that has not heard yet that its command is dead, and an init that waits for it. */
    const abandon = async (name: string, call: RegExp, ...command: string[]): Promise<{ controller: number; init: number }> => {
      const held = await holdAt(virsh, pointAfter(name, call, ...command), ...command);
      const controller = controllerOf(name);
      process.kill(controller, 'SIGSTOP');
      held.kill();
      await held.ended;
      return { controller, init: childOf(controller) };
    };

    it.each(['start', 'create'])('that came to its status is cleared up before the next %s', async (verb) => {
      const name = virsh.name();
      const file = virsh.file('d.xml', virsh.xml(name));
      if (verb === 'start') virsh.ok('define', file);
      const command = verb === 'start' ? ['start', name] : ['create', file];
      const { controller, init } = await abandon(name, PID_FILE, ...command);
      const next = virsh.start({}, ...command);
      // It takes the lock, lets it go and takes it again: nothing else can have come of it before.
      for (const held of [true, false, true]) await eventually(() => holds(next, lockFile(name)) === held);
      expect([isAlive(init), next.exitCode]).toEqual([true, null]);
      process.kill(controller, 'SIGCONT');
      await ended(next);
      expect([next.exitCode, isAlive(init), virsh.controllerPid(name) === controller]).toEqual([0, false, false]);
    });

    it('that came to its status is destroyed at once', async () => {
      const name = virsh.define();
      const { controller, init } = await abandon(name, PID_FILE, 'start', name);
      virsh.ok('destroy', name);
      expect([controller, init].map(isAlive)).toEqual([false, false]);
      expect(virsh.state(name)).toBe('shut off (destroyed)');
    });

    it('is over by itself, also where it was frozen meanwhile', async () => {
      const name = virsh.define();
      const command = ['start', name, '--paused'];
      const held = await holdAt(virsh, pointAfter(name, FREEZE, ...command), ...command);
      const init = childOf(controllerOf(name));
      held.kill();
      await virsh.waitForState(name, 'shut off (failed)');
      expect(isAlive(init)).toBe(false);
      expect(virsh.leftovers()).toMatchObject({ processes: [], cgroups: [] });
    });

    it('that was frozen is destroyed', async () => {
      const name = virsh.define();
      await abandon(name, FREEZE, 'start', name, '--paused');
      virsh.ok('destroy', name);
      expect(virsh.leftovers()).toMatchObject({ processes: [], cgroups: [] });
    });
  });

  describe('controller', () => {
    it('takes its container with it, and the domain starts again', async () => {
      const name = virsh.boot();
      const [controller, init] = [virsh.controllerPid(name), virsh.initPid(name)];
      process.kill(controller, 'SIGKILL');
      await eventually(() => !isAlive(init));
      expect(virsh.ok('domstate', name).trim()).toBe('shut off');
      expect(virsh.error('destroy', name)).toEqual([
        `Failed to destroy domain '${name}'`,
        'Requested operation is not valid: domain is not running',
      ]);
      expect(virsh.state(name)).toBe('shut off (failed)');
      virsh.ok('start', name);
    });

    it('of a container that got loose from it: the next start ends that first', async () => {
      // A change of ids frees a process from the signal that it gets with its parent's death.
      const name = virsh.boot({ init: ['/bin/su', 'user', '-c', "trap '' TERM HUP; sleep 1000; sleep 1000"] });
      const [controller, init] = [virsh.controllerPid(name), virsh.initPid(name)];
      await eventually(() => /^Uid:\t1000/m.test(fs.readFileSync(`/proc/${init}/status`, 'utf8')));
      process.kill(controller, 'SIGKILL');
      await eventually(() => !isAlive(controller));
      // Its parent's end is when it would have got the signal.
      expect(fs.readFileSync(`/proc/${init}/status`, 'utf8')).toMatch(/^SigPnd:\t0{16}\nShdPnd:\t0{16}$/m);
      expect(isAlive(init)).toBe(true);
      virsh.ok('start', name);
      expect(isAlive(init)).toBe(false);
    });

    it('of a domain that is undefined then: nothing is left', async () => {
      const name = virsh.boot();
      process.kill(virsh.controllerPid(name), 'SIGKILL');
      await eventually(() => virsh.ok('domstate', name).trim() === 'shut off');
      virsh.ok('undefine', name);
      expect(virsh.leftovers()).toEqual({ processes: [], cgroups: [], mounts: [], images: [], links: [], files: [] });
    });

    it('of a transient domain: the next list leaves nothing of it', async () => {
      const name = virsh.name();
      virsh.ok('create', virsh.file('d.xml', virsh.xml(name)));
      process.kill(virsh.controllerPid(name), 'SIGKILL');
      await eventually(() => {
        virsh.ok('list', '--all');
        expect(virsh.leftovers()).toEqual({ processes: [], cgroups: [], mounts: [], images: [], links: [], files: [] });
        return true;
      });
    });

    it('of a paused domain: its frozen processes end, too', async () => {
      const name = virsh.boot();
      const [controller, init] = [virsh.controllerPid(name), virsh.initPid(name)];
      virsh.ok('suspend', name);
      process.kill(controller, 'SIGKILL');
      await eventually(() => virsh.ok('domstate', name).trim() === 'shut off');
      virsh.ok('start', name);
      expect(isAlive(init)).toBe(false);
    });
  });

  describe('init', () => {
    it('ends the domain', async () => {
      const name = virsh.boot();
      process.kill(virsh.initPid(name), 'SIGKILL');
      await virsh.waitForState(name, 'shut off (crashed)');
    });
  });

  it('on-exit leaves what the next command clears up', { timeout: 180_000 * SLOWNESS }, async (context) => {
    if (requires('strace') !== undefined) context.skip();
    const name = virsh.define();
    const startedController = (): number => {
      virsh.ok('start', name);
      return virsh.controllerPid(name);
    };
    const first = startedController();
    const points = await pointsOfProcess(virsh, first, () => process.kill(childOf(first), 'SIGKILL'));
    expect(points.map(({ call }) => call)).toContainEqual(expect.stringMatching(/^rmdir\(.*libvirt-lxc/));
    for (const point of points) {
      const controller = startedController();
      await killProcessAt(controller, point, () => process.kill(childOf(controller), 'SIGKILL'));
      expect([point.call, isAlive(controller)]).toEqual([point.call, false]);
    }
    virsh.ok('start', name);
  });

  it('init of a container that an older release started is followed by what that release has its controller run', async () => {
    const controller = path.join(ROOT, 'dist/libvirt_lxc');
    const older = `for word; do shift; [ "$word" = --internal-on-exit ] && word=--internal-aftermath; set -- "$@" "$word"; done`;
    const emulator = virsh.file('older', `#!/bin/sh\n${older}\nexec ${controller} "$@"\n`, 0o755);
    const name = virsh.boot({ devices: `<emulator>${emulator}</emulator>` });
    const words = fs.readFileSync(`/proc/${virsh.controllerPid(name)}/cmdline`, 'utf8');
    expect(words).toContain('--internal-aftermath\0');
    process.kill(virsh.initPid(name), 'SIGKILL');
    await virsh.waitForState(name, 'shut off (crashed)');
    await eventually(() => virsh.leftovers().processes.length === 0);
    expect(virsh.leftovers()).toMatchObject({ cgroups: [], mounts: [] });
  });

  it('controller whose pid was given to another process: that one is left alone', async () => {
    const name = virsh.boot();
    process.kill(virsh.controllerPid(name), 'SIGKILL');
    await eventually(() => virsh.ok('domstate', name).trim() === 'shut off');
    const stranger = spawn('sleep', ['1000']);
    try {
      const file = virsh.path(`run/libvirt/lxc/${name}.xml`);
      const status = fs.readFileSync(file, 'utf8');
      fs.writeFileSync(
        file,
        status.replace(/ pid='\d+'>/, ` pid='${stranger.pid}'>`).replace(/<init pid='\d+'/, `<init pid='${stranger.pid}'`),
      );
      expect(virsh.ok('domstate', name).trim()).toBe('shut off');
      stop(name);
      virsh.ok('start', name);
      expect(isAlive(stranger.pid!)).toBe(true);
    } finally {
      stranger.kill();
    }
  });

  it.each(['', '<domstatus', '<domstatus state="running"/>', 'x'.repeat(5000)])('writer of a status is survived: %#', (damaged) => {
    const name = virsh.define();
    virsh.file(`run/libvirt/lxc/${name}.xml`, damaged);
    expect(virsh.ok('domstate', name).trim()).toBe('shut off');
    virsh.ok('list', '--all');
    virsh.ok('start', name);
    expect(virsh.ok('domstate', name).trim()).toBe('running');
  });

  it('writer of a definition is survived: others can be listed and used', () => {
    const broken = virsh.define();
    const name = virsh.define();
    fs.truncateSync(virsh.path(`etc/libvirt/lxc/${broken}.xml`), 40);
    expect(virsh.ok('list', '--all', '--name').split('\n').filter(Boolean).sort()).toEqual([broken, name].sort());
    expect(virsh.error('start', broken)).toHaveLength(2);
    virsh.ok('start', name);
    virsh.ok('undefine', broken);
  });
});

suite('a full disk', ['root', 'built', 'busybox', 'fuse'], () => {
  const virsh = useVirsh();

  /** A store on a disk of its own, as full as a disk can be. */
  function onSmallDisk(action: (store: { env: Record<string, string>; fill(): void; free(): void }) => void): void {
    const disk = virsh.path('disk');
    fs.mkdirSync(disk);
    expect(spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'none', disk]).status).toBe(0);
    const ballast = `${disk}/ballast`;
    const fill = (): void => {
      const fd = fs.openSync(ballast, 'a');
      try {
        for (;;) fs.writeSync(fd, Buffer.alloc(512));
      } catch {
        fs.closeSync(fd);
      }
    };
    try {
      action({ env: { VIRSH_LXC_PREFIX: disk }, fill, free: () => fs.rmSync(ballast) });
    } finally {
      for (const verb of ['destroy', 'undefine']) virsh.runWith({ env: { VIRSH_LXC_PREFIX: disk } }, verb, 'none');
      expect(spawnSync('umount', [disk]).status).toBe(0);
      fs.rmdirSync(disk);
    }
  }
  const files = (v: Virsh): string[] =>
    fs.readdirSync(v.path('disk'), { recursive: true, encoding: 'utf8' }).filter((name) => /\.new$/.test(name));

  it('keeps a definition from being written, and what was there as it was', () => {
    const xml = virsh.file('d.xml', virsh.xml(`${virsh.tag}-0`, { more: '<title>old</title>' }));
    const long = virsh.file(
      'e.xml',
      virsh.xml(`${virsh.tag}-0`, { more: `<title>new</title><description>${'text '.repeat(5000)}</description>` }),
    );
    onSmallDisk(({ env, fill, free }) => {
      expect(virsh.runWith({ env }, 'define', xml).status).toBe(0);
      const before = virsh.runWith({ env }, 'dumpxml', `${virsh.tag}-0`).stdout;
      fill();
      const uuid = /<uuid>.*<\/uuid>/.exec(before)![0];
      fs.writeFileSync(long, fs.readFileSync(long, 'utf8').replace('</name>', `</name>${uuid}`));
      const failed = virsh.runWith({ env }, 'define', long);
      const file = virsh.path(`disk/etc/libvirt/lxc/${virsh.tag}-0.xml`);
      expect(failed).toEqual({
        status: 1,
        stdout: '\n',
        stderr: `error: Failed to define domain from ${long}\nerror: cannot write file '${file}': No space left on device\n`,
      });
      expect(virsh.runWith({ env }, 'dumpxml', `${virsh.tag}-0`).stdout).toBe(before);
      expect(files(virsh)).toEqual([]);
      // Almost full: the beginning of the file still fits.
      free();
      fill();
      fs.truncateSync(virsh.path('disk/ballast'), fs.statSync(virsh.path('disk/ballast')).size - 8192);
      const half = virsh.runWith({ env }, 'define', long);
      expect([half.status, virsh.runWith({ env }, 'dumpxml', `${virsh.tag}-0`).stdout]).toEqual([1, before]);
      expect(files(virsh)).toEqual([]);
      free();
      expect(virsh.runWith({ env }, 'define', long).status).toBe(0);
      expect(virsh.runWith({ env }, 'undefine', `${virsh.tag}-0`).status).toBe(0);
    });
  });

  it('keeps a domain from being started, with a reason, and nothing is left of it', () => {
    const name = `${virsh.tag}-1`;
    const xml = virsh.file('d.xml', virsh.xml(name));
    onSmallDisk(({ env, fill, free }) => {
      virsh.runWith({ env }, 'define', xml);
      fill();
      const failed = virsh.runWith({ env }, 'start', name);
      expect(failed.status).toBe(1);
      expect(errorLines(failed.stderr)).toEqual([`Failed to start domain '${name}'`, expect.stringMatching(/No space left on device$/)]);
      expect(virsh.leftovers()).toMatchObject({ processes: [], cgroups: [] });
      expect(files(virsh)).toEqual([]);
      free();
      expect(virsh.runWith({ env }, 'start', name)).toMatchObject({ status: 0, stderr: '' });
      expect(virsh.runWith({ env }, 'destroy', name)).toMatchObject({ status: 0, stderr: '' });
      virsh.runWith({ env }, 'undefine', name);
    });
  });

  it('does not keep a running domain from being destroyed', () => {
    const name = `${virsh.tag}-2`;
    const xml = virsh.file('d.xml', virsh.xml(name));
    onSmallDisk(({ env, fill }) => {
      virsh.runWith({ env }, 'define', xml);
      virsh.runWith({ env }, 'start', name);
      fill();
      expect(virsh.runWith({ env }, 'destroy', name)).toEqual({ status: 0, stdout: `Domain '${name}' destroyed\n\n`, stderr: '' });
      expect(virsh.runWith({ env }, 'domstate', name).stdout).toBe('shut off\n\n');
      expect(virsh.runWith({ env }, 'undefine', name).status).toBe(0);
      expect(files(virsh)).toEqual([]);
    });
  });
});
