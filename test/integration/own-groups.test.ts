// What a container sees of its cgroups, and how many processes it can have, at each level.
import fs from 'node:fs';
import { expect, it } from 'vitest';
import { cgroupOf } from '../helpers/cgroup-of.ts';
import { eventually } from '../helpers/eventually.ts';
import { suite } from '../helpers/requires.ts';
import { useVirsh } from '../helpers/virsh.ts';

const security = (attributes: string) => `<x:security xmlns:x='urn:virsh-lxc:domain:1.0' ${attributes}/>`;

suite('a cgroup namespace', ['root', 'built', 'busybox', 'fuse'], () => {
  const virsh = useVirsh();
  const groups = (name: string) => virsh.inside(name, 'cut -d: -f3 /proc/self/cgroup | sort -u');
  const isOwn = (name: string) => fs.readlinkSync(`/proc/${virsh.initPid(name)}/ns/cgroup`) !== fs.readlinkSync('/proc/self/ns/cgroup');

  it.each(['default', 'strict'])('hides at level %s where its groups are, whatever its init is', (level) => {
    const name = virsh.boot({ more: security(`level='${level}'`) });
    expect(isOwn(name)).toBe(true);
    expect(groups(name)).not.toContain(name);
    expect(virsh.inside(name, 'cut -d" " -f4 /proc/self/mountinfo')).not.toContain('libvirt-lxc');
  });

  suite('on cgroup v1', ['cgroup1'], () => {
    it('has none at level libvirt but for an init system', () => {
      const name = virsh.boot({ more: security("level='libvirt'") });
      expect(isOwn(name)).toBe(false);
      expect(groups(name)).toContain(name);
      const init = ['/bin/sh', '-c', 'sleep 1000; exec /sbin/init'];
      expect(isOwn(virsh.boot({ init, more: security("level='libvirt'") }))).toBe(true);
    });
  });
});

suite('a limit of processes', ['root', 'built', 'busybox', 'fuse', 'pids'], () => {
  const virsh = useVirsh();
  const max = (name: string) => fs.readFileSync(`${cgroupOf(virsh.initPid(name)).folder('pids')}/pids.max`, 'utf8').trim();

  it('is that of the definition, of lxc.conf, or the usual one; at level libvirt only the first', () => {
    expect(max(virsh.boot())).toBe('16384');
    expect(max(virsh.boot({ more: security("pids='77'") }))).toBe('77');
    expect(max(virsh.boot({ more: security("pids='0'") }))).toBe('max');
    expect(max(virsh.boot({ more: security("level='libvirt'") }))).toBe('max');
    expect(max(virsh.boot({ more: security("level='libvirt' pids='78'") }))).toBe('78');
    virsh.file('etc/libvirt/lxc.conf', 'pids_max = 79\n');
    expect(max(virsh.boot())).toBe('79');
    fs.rmSync(virsh.path('etc/libvirt/lxc.conf'));
  });

  it('holds a fork bomb, which ends with its container', async () => {
    const name = virsh.boot({ more: security("pids='20'") });
    const directory = cgroupOf(virsh.initPid(name)).folder('pids');
    expect(fs.readFileSync(`${directory}/pids.max`, 'utf8')).toBe('20\n'); // or the bomb would be the host's
    virsh.start({}, 'lxc-enter-namespace', name, '--', '/bin/sh', '-c', 'bomb() { bomb | bomb & }; bomb; sleep 1000');
    // Before Linux 6.11 they are counted where they are refused, not where the limit is.
    const events = ['pids.events', 'payload/pids.events'].map((file) => `${directory}/${file}`).filter((file) => fs.existsSync(file));
    const refused = () => events.reduce((sum, file) => sum + Number(/max (\d+)/.exec(fs.readFileSync(file, 'utf8'))![1]), 0);
    await eventually(() => refused() > 0);
    expect(Number(fs.readFileSync(`${directory}/pids.current`, 'utf8'))).toBeLessThanOrEqual(20);
    virsh.ok('destroy', name);
    expect(virsh.leftovers().cgroups).toEqual([]);
  });

  it('is named when it keeps a command out', async () => {
    const name = virsh.boot({ init: ['/bin/sh', '-c', 'sleep 1000 & sleep 1000'], more: security("pids='2'") });
    const directory = cgroupOf(virsh.initPid(name)).folder('pids');
    await eventually(() => fs.readFileSync(`${directory}/pids.current`, 'utf8') === '2\n');
    expect(virsh.error('lxc-enter-namespace', name, '--', '/bin/true')).toEqual([
      'operation failed: the container has as many processes as it may: nothing can be executed in it',
    ]);
    virsh.ok('destroy', name);
  });
});
