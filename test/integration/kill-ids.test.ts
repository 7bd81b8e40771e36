// Commands that are killed anywhere while a container has ids that were chosen for it (default_idmap): these are nobody's afterwards, or its own.
import fs from 'node:fs';
import process from 'node:process';
import { setImmediate } from 'node:timers/promises';
import { beforeAll, expect, it } from 'vitest';
import { eventually, SLOWNESS } from '../helpers/eventually.ts';
import { killAt, pointsOf } from '../helpers/kill-points.ts';
import { suite } from '../helpers/requires.ts';
import { useVirsh } from '../helpers/virsh.ts';

/** Every how manieth point is tried. */
const STRIDE = process.env['KILL_POINTS'] === 'all' ? 1 : 5;
/** One range, and nobody else's: locks are the host's, and other tests may run at the same time. */
const FIRST = 65536 * (30_000 + (process.pid % 4096));

suite(
  'a command that dies anywhere leaves no ids behind:',
  ['root', 'built', 'busybox', 'fuse', 'strace', 'userns', 'idmapped_mounts'],
  () => {
    const virsh = useVirsh();
    beforeAll(() => {
      for (const file of ['etc/subuid', 'etc/subgid']) virsh.file(file, `virsh-lxc:${FIRST}:65536\n`);
      virsh.file('etc/libvirt/lxc.conf', 'default_idmap = "auto"\n');
    });
    const isRunning = (name: string): boolean => virsh.ok('domstate', name).trim() === 'running';
    const idMap = (name: string): string[] =>
      fs
        .readFileSync(`/proc/${virsh.initPid(name)}/uid_map`, 'utf8')
        .trim()
        .split(/ +/);
    const OURS = ['0', String(FIRST), '65536'];

    it.each([
      ['start', ['start']],
      ['start --paused', ['start', '--paused']],
      ['destroy', ['destroy']],
      ['reboot', ['reboot']],
    ])('%s', { timeout: 300_000 * SLOWNESS }, async (verb, words) => {
      const name = virsh.define({
        init: ['/bin/sh', '-c', "trap 'exec /bin/reboot -f' HUP; trap 'exit' TERM; while :; do sleep 0.01; done"],
      });
      const other = virsh.define();
      const ready = (): void => {
        virsh.run('destroy', name);
        if (!verb.startsWith('start')) virsh.ok('start', name);
      };
      ready();
      const points = pointsOf(virsh, ...words, name);
      expect(points.length).toBeGreaterThan(4);
      const seen = new Set<boolean>();
      for (let i = 0; i < points.length; i += STRIDE) {
        await setImmediate();
        const { call } = points[i]!;
        ready();
        killAt(virsh, points[i]!, ...words, name);
        // There are ids for one, and only what runs has them. What was being started may be about to end with its command.
        let runs = false;
        await eventually(() => {
          runs = /running|paused/.test(virsh.ok('domstate', name));
          const { status, stderr } = virsh.run('start', other);
          if (status === 0) virsh.ok('destroy', other);
          expect([call, stderr]).toEqual([call, runs ? expect.stringContaining('no free ids') : '']);
          return true;
        });
        seen.add(runs);
        if (isRunning(name)) expect([call, idMap(name)]).toEqual([call, OURS]);
        virsh.run('destroy', name);
        expect([call, virsh.run('start', other).stderr]).toEqual([call, '']);
        expect(idMap(other)).toEqual(OURS);
        virsh.ok('destroy', other);
      }
      if (verb !== 'reboot') expect(seen).toEqual(new Set([true, false]));
      virsh.run('destroy', name);
      expect(virsh.leftovers()).toMatchObject({ processes: [], cgroups: [], mounts: [] });
    });
  },
);
