// Hosts of cgroup v1 that nobody has given the hierarchy name=systemd: a container with an init system has it all the same.
import fs from 'node:fs';
import { beforeAll, expect, it } from 'vitest';
import { eventually, SLOWNESS } from '../helpers/eventually.ts';
import { killAt, pointsOf } from '../helpers/kill-points.ts';
import { requires, suite } from '../helpers/requires.ts';
import { useVirsh } from '../helpers/virsh.ts';

const hierarchyIsThere = (): boolean => fs.readFileSync('/proc/self/cgroup', 'utf8').includes(':name=systemd:');
const FIRST = 100_000;
const IDMAP = `<idmap><uid start='0' target='${FIRST}' count='65536'/><gid start='0' target='${FIRST}' count='65536'/></idmap>`;
/** A shell that is taken for an init system, as which it would end, and does what systemd does first. */
const SPLIT =
  'mkdir -p /sys/fs/cgroup/systemd/init.scope && echo 1 >/sys/fs/cgroup/systemd/init.scope/cgroup.procs; sleep 1000; exec /sbin/init';
const OWN_GROUP = "sed -n 's/.*:name=systemd://p' /proc/1/cgroup";

suite('without the hierarchy name=systemd', ['root', 'built', 'busybox', 'fuse', 'cgroup1_bare', 'userns'], () => {
  const virsh = useVirsh();
  const mounts = (): string[] =>
    fs
      .readFileSync('/proc/mounts', 'utf8')
      .split('\n')
      .filter((line) => /name=systemd/.test(line))
      .map((line) => line.split(' ').slice(0, 3).join(' '));
  const OWN = 'virsh-lxc /sys/fs/cgroup/virsh-lxc/systemd cgroup';

  beforeAll(() => {
    const mapped = virsh.path('mapped');
    fs.cpSync(virsh.root, mapped, { recursive: true, verbatimSymlinks: true });
    fs.lchownSync(mapped, FIRST, FIRST);
  });

  const isGone = async (): Promise<void> => {
    expect(mounts()).toEqual([]);
    expect(fs.existsSync('/sys/fs/cgroup/virsh-lxc')).toBe(false);
    await eventually(() => !hierarchyIsThere());
  };
  const split = { init: ['/bin/sh', '-c', SPLIT] };

  it.each([
    ['', 'root', ''],
    [' with mapped ids', 'mapped', IDMAP],
  ])('an init system%s manages groups in one, which goes with it', async (_what, root, more) => {
    const name = virsh.boot({ ...split, root: virsh.path(root), more });
    expect(mounts()).toEqual([OWN]);
    await eventually(() => expect(virsh.inside(name, OWN_GROUP)).toBe('/init.scope\n') ?? true);
    expect(virsh.inside(name, 'ls -d /sys/fs/cgroup/systemd/init.scope /sys/fs/cgroup/systemd/machine')).toBe(
      '/sys/fs/cgroup/systemd/init.scope\n',
    );
    virsh.ok('destroy', name);
    await isGone();
  });

  it('goes with the last of two, and when a container ends by itself', async () => {
    const [first, second] = [virsh.boot(split), virsh.boot({ init: ['/bin/sh', '-c', 'sleep 0.5; [ 1 = 1 ] || exec /sbin/init'] })];
    virsh.ok('destroy', first);
    await virsh.waitForState(second, 'shut off (shutdown)');
    await isGone();
  });

  it('is not made for any other init, and not left by a start that fails', async () => {
    const name = virsh.boot();
    expect(mounts()).toEqual([]);
    const failing = virsh.define({ init: ['/sbin/init'], more: '<resource><partition>/nowhere</partition></resource>' });
    virsh.error('start', failing);
    await isGone();
    virsh.ok('destroy', name);
  });

  it('one that was started before there was any is entered and ended while there is one', async () => {
    const [before, name] = [virsh.boot(), virsh.boot(split)];
    expect(virsh.inside(before, 'echo $((6*7))')).toBe('42\n');
    virsh.ok('destroy', before);
    virsh.ok('destroy', name);
    await isGone();
  });

  it('whoever dies, the next command takes it away', { timeout: 60_000 * SLOWNESS }, async (context) => {
    if (requires('strace') !== undefined) context.skip();
    const name = virsh.define({ init: ['/bin/sh', '-c', SPLIT] });
    for (const [verb, other] of [
      ['start', 'destroy'],
      ['destroy', 'start'],
    ] as const) {
      const points = pointsOf(virsh, verb, name);
      for (const point of points.filter(({ call }) => call.includes('/virsh-lxc'))) {
        virsh.run(other, name);
        killAt(virsh, point, verb, name);
        virsh.run('start', name);
        virsh.run('destroy', name);
        expect([point.call, mounts()]).toEqual([point.call, []]);
      }
      virsh.run('start', name);
    }
    virsh.run('destroy', name);
    await isGone();
  });
});
