// What only shows on hosts of one kind: shared mounts, cgroup v2, systemd.
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { expect, it } from 'vitest';
import { eventually } from '../helpers/eventually.ts';
import { suite } from '../helpers/requires.ts';
import { useVirsh } from '../helpers/virsh.ts';

suite('on shared mounts', ['root', 'built', 'busybox', 'fuse'], () => {
  const virsh = useVirsh();

  it('a container starts, and what is mounted on one side is not seen on the other', () => {
    const shared = virsh.root;
    execFileSync('mount', ['--bind', shared, shared]);
    try {
      execFileSync('mount', ['--make-shared', shared]);
      const name = virsh.boot();
      expect(virsh.inside(name, 'mount -t tmpfs none /mnt && touch /mnt/inside && ls /mnt')).toBe('inside\n');
      expect(fs.readdirSync(`${shared}/mnt`)).toEqual([]);
      expect(virsh.inside(name, 'cut -d" " -f7 /proc/self/mountinfo | grep -E "shared|master"')).toBe('');
      virsh.ok('destroy', name);
    } finally {
      execFileSync('umount', ['-l', shared]);
    }
  });
});

/** What an init system does first: moves itself into a group of its own, and hands the controllers down. */
const SPLIT = `cd /sys/fs/cgroup && mkdir init.scope && echo 1 >init.scope/cgroup.procs &&
  for name in $(cat cgroup.controllers); do echo +$name >cgroup.subtree_control; done; echo done >/mnt/split; exec sleep 1000`;

suite('on cgroup v2', ['root', 'built', 'busybox', 'fuse', 'cgroup2'], () => {
  const virsh = useVirsh();

  it('a command enters a container whose init system manages its groups', async () => {
    const name = virsh.boot({ init: ['/bin/sh', '-c', SPLIT] });
    await eventually(() => fs.existsSync(`${virsh.root}/mnt/split`));
    expect(virsh.inside(name, 'cat /sys/fs/cgroup/cgroup.subtree_control')).toContain('memory');
    expect(virsh.inside(name, 'cat /proc/self/cgroup')).toBe('0::/init.scope\n');
    virsh.ok('suspend', name);
    virsh.ok('resume', name);
    virsh.ok('destroy', name);
  });
});

suite('under systemd', ['root', 'built', 'busybox', 'fuse', 'systemd'], () => {
  const virsh = useVirsh();

  it('a container outlives the service that started it', () => {
    const name = virsh.define();
    const environment = Object.entries(virsh.env).map(([key, value]) => `--setenv=${key}=${value}`);
    execFileSync('systemd-run', ['--quiet', '--wait', '--property=Type=oneshot', ...environment, virsh.command, 'start', name]);
    expect(virsh.state(name)).toBe('running (booted)');
    expect(fs.readFileSync(`/proc/${virsh.controllerPid(name)}/cgroup`, 'utf8')).toMatch(/^0::\/machine\/virsh-lxc$/m);
  });
});
