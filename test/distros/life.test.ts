// The life of a distribution, from its first boot on. The tests of one distribution share a container: each brings it into the
// state that it begins with.
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { DISTRIBUTIONS, Distribution, rootOf, SYSTEMD, useDistributions } from '../helpers/distribution.ts';
import { eventually } from '../helpers/eventually.ts';
import { suite } from '../helpers/requires.ts';

/** Told to end by whoever ends all processes: the sign of a shutdown that was done by the book. */
const WITNESS = `setsid sh -c 'trap "touch /var/told-to-end; exit" TERM; touch /var/witness; while :; do sleep 0.2; done' </dev/null >/dev/null 2>&1 &`;

suite('a distribution', ['root', 'built', 'distros', 'script'], () => {
  const virsh = useDistributions();

  describe.each(DISTRIBUTIONS)('%s', (distribution) => {
    let made: Distribution | undefined;
    const domain = () => {
      made ??= new Distribution(virsh, distribution);
      return made;
    };
    /** The others are asked by a pipe, or by a program of their own. */
    const knowsSignals = SYSTEMD.includes(distribution);
    const inRoot = (file: string) => path.join(rootOf(distribution), file);

    async function withWitness(action: (name: string) => Promise<void>): Promise<void> {
      await domain().up();
      for (const file of ['var/witness', 'var/told-to-end']) fs.rmSync(inRoot(file), { force: true });
      domain().inside(WITNESS);
      await eventually(() => fs.existsSync(inRoot('var/witness')));
      await action(domain().name);
      expect(fs.existsSync(inRoot('var/told-to-end'))).toBe(true);
    }

    it('boots', async () => {
      await domain().up();
      if (!domain().isSystemd) return;
      expect(domain().inside('systemctl list-units --failed --plain --no-legend --no-pager')).toBe('');
      expect(domain().inside('systemctl is-system-running')).toBe('running\n');
    });

    it('lets root log in on the console', async () => {
      await domain().up();
      await domain().login(async (terminal) => {
        terminal.type('echo "<$(id -un) $((6*7))>"\n');
        await terminal.until('<root 42>');
        // Job control: Ctrl-C ends what runs, not the shell.
        terminal.type('sleep 1000; echo "<$((6*8))>"\n');
        await eventually(() => domain().inside('ps -axww -o args=').includes('sleep 1000'));
        terminal.type('\x03');
        terminal.type('echo "<$((6*9))>"\n');
        await terminal.until('<54>');
      });
    });

    it('shows what it has of memory and disks', async () => {
      await domain().up();
      expect(domain().inside("awk '/^MemTotal/ { print $2 }' /proc/meminfo")).toBe(`${512 * 1024}\n`);
      const { status, stderr } = virsh.runInside(domain().name, 'df');
      expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    });

    it('is suspended and resumed', async () => {
      await domain().up();
      const count = '/var/count';
      domain().inside(`setsid sh -c 'while :; do echo tick; sleep 0.1; done >${count}' </dev/null >/dev/null 2>&1 &`);
      const ticks = () => (fs.existsSync(inRoot(count)) ? fs.statSync(inRoot(count)).size : 0);
      await eventually(() => ticks() > 0);
      virsh.ok('suspend', domain().name);
      expect(virsh.state(domain().name)).toBe('paused (user)');
      const then = ticks();
      virsh.ok('list', '--all'); // takes longer than several ticks
      virsh.ok('dumpxml', domain().name);
      expect(ticks()).toBe(then);
      virsh.ok('resume', domain().name);
      await eventually(() => ticks() > then);
      await domain().booted();
    });

    it('loses a process that takes too much memory, and nothing else', async () => {
      await domain().up();
      const init = virsh.initPid(domain().name);
      const hungry = 'x=0123456789; while :; do x=$x$x; done';
      expect(virsh.runInside(domain().name, hungry).status).not.toBe(0);
      expect(virsh.initPid(domain().name)).toBe(init);
      await domain().booted();
    });

    it('shuts down, and starts again', async () => {
      await withWitness(async (name) => {
        expect(virsh.ok('shutdown', name)).toBe(`Domain '${name}' is being shutdown\n\n`);
        await domain().off();
      });
      await domain().up();
    });

    it.runIf(knowsSignals)('shuts down by a signal', async () => {
      await withWitness(async (name) => {
        virsh.ok('shutdown', name, '--mode', 'signal');
        await domain().off();
      });
    });

    it('reboots', async () => {
      await withWitness(async (name) => {
        const before = virsh.controllerPid(name);
        expect(virsh.ok('reboot', name)).toBe(`Domain '${name}' is being rebooted\n\n`);
        await domain().againAfter(before);
      });
    });

    it.runIf(knowsSignals)('reboots by a signal', async () => {
      await withWitness(async (name) => {
        const before = virsh.controllerPid(name);
        virsh.ok('reboot', name, '--mode', 'signal');
        await domain().againAfter(before);
      });
    });

    it('powers itself off', async () => {
      await withWitness(async () => {
        domain().inside('setsid /sbin/poweroff </dev/null >/dev/null 2>&1 &');
        await domain().off();
      });
    });

    it('reboots itself', async () => {
      await withWitness(async (name) => {
        const before = virsh.controllerPid(name);
        domain().inside('setsid /sbin/reboot </dev/null >/dev/null 2>&1 &');
        await domain().againAfter(before);
      });
    });

    it('is destroyed, whatever it does', async () => {
      await domain().up();
      virsh.ok('destroy', domain().name);
      expect(virsh.state(domain().name)).toBe('shut off (destroyed)');
      expect(virsh.leftovers().cgroups).toEqual([]);
    });
  });
});
