// Commands that are killed around every call that has to do with a security label, and elsewhere: the next command leaves none behind.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import process from 'node:process';
import { setImmediate } from 'node:timers/promises';
import { beforeAll, expect, it } from 'vitest';
import { eventually, SLOWNESS } from '../helpers/eventually.ts';
import { killAt, type Point, pointsOf } from '../helpers/kill-points.ts';
import { suite } from '../helpers/requires.ts';
import { useVirsh } from '../helpers/virsh.ts';

/** How many points are tried that have nothing to do with labels. */
const OTHERS = process.env['KILL_POINTS'] === 'all' ? Number.POSITIVE_INFINITY : 12;
const PROFILES = '/sys/kernel/security/apparmor/profiles';

/** Calls that note a label, or load a profile or remove it; and what comes right after one. */
function worthTrying(points: readonly Point[]): Point[] {
  const isOfLabel = (point?: Point): boolean => point !== undefined && /lxc\/labels\b|apparmor/.test(point.call);
  const stride = Math.ceil(points.length / OTHERS) || 1;
  return points.filter((point, i) => isOfLabel(point) || isOfLabel(points[i - 1]) || i % stride === 0 || i === points.length - 1);
}

for (const model of ['apparmor', 'selinux'] as const) {
  suite(`a command that dies anywhere leaves no label of ${model}:`, ['root', 'built', 'busybox', 'fuse', 'strace', model], () => {
    const virsh = useVirsh();
    beforeAll(() => {
      if (model === 'selinux') expect(spawnSync('chcon', ['-R', '-t', 'container_file_t', virsh.root]).status).toBe(0);
    });

    /** What there is of a domain's label: its note, its profile. */
    function labelsOf(name: string): string[] {
      const note = fs.existsSync(virsh.path(`run/libvirt/lxc/labels/${name}.sec`)) ? ['note'] : [];
      if (model === 'selinux') return note;
      const profile = `libvirt-${virsh.ok('domuuid', name).trim()} (enforce)`;
      return fs.readFileSync(PROFILES, 'latin1').split('\n').includes(profile) ? [...note, 'profile'] : note;
    }
    const ALL = model === 'selinux' ? ['note'] : ['note', 'profile'];

    /** What runs has all of its label; what does not, nothing. */
    async function expectWhole(name: string): Promise<void> {
      await eventually(() => {
        virsh.ok('list'); // the next command, whichever
        const isRunning = virsh.ok('domstate', name).trim() === 'running';
        expect([isRunning, labelsOf(name)]).toEqual([isRunning, isRunning ? ALL : []]);
        return true;
      });
    }

    it.each(['start', 'destroy'])('%s', { timeout: 300_000 * SLOWNESS }, async (verb) => {
      const name = virsh.define({ more: `<seclabel type='dynamic' model='${model}'/>` });
      const ready = async (): Promise<void> => {
        const isRunning = virsh.ok('domstate', name).trim() === 'running';
        if (isRunning !== (verb === 'destroy')) virsh.ok(isRunning ? 'destroy' : 'start', name);
        await expectWhole(name);
      };
      // The first start of all does more: a profile is compiled.
      virsh.ok('start', name);
      await ready();
      const points = pointsOf(virsh, verb, name);
      expect(points.length).toBeGreaterThan(4);
      const tried = worthTrying(points);
      expect(tried.filter(({ call }) => call.includes('lxc/labels')).length).toBeGreaterThan(0);
      const without: string[] = [];
      for (const point of tried) {
        await setImmediate();
        try {
          await ready();
          killAt(virsh, point, verb, name);
          if (labelsOf(name).length < ALL.length) without.push(point.call);
          await expectWhole(name);
        } catch (error) {
          throw new Error(`at ${point.call}`, { cause: error });
        }
      }
      // Both happened: one that died with its label there, and one that died without.
      expect(without.length).toBeGreaterThan(0);
      expect(without.length).toBeLessThan(tried.length);
    });
  });
}
