// What only shows on hosts of one kind: shared mounts, cgroup v2, systemd.
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
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

/** The same where v1 limits and systemd's two hierarchies keep track. */
const SPLIT_HYBRID = `cd /sys/fs/cgroup && for tree in systemd unified; do
  mkdir -p $tree/init.scope $tree/deep/er && echo 1 >$tree/init.scope/cgroup.procs || exit; done; echo done >/mnt/split`;

suite('on a hybrid host', ['root', 'built', 'busybox', 'fuse', 'hybrid'], () => {
  const virsh = useVirsh();
  /** Groups of a process, by hierarchy; a container's own is `own`. */
  const groups = (pid: number): Map<string, string> =>
    new Map(
      fs
        .readFileSync(`/proc/${pid}/cgroup`, 'utf8')
        .trim()
        .split('\n')
        .flatMap((line) => {
          const [, names = '', group = ''] = line.split(':');
          return names.split(',').map((name) => [name, group.replace(/^.*\.libvirt-lxc/, 'own')] as [string, string]);
        }),
    );
  /** A shell that is taken for an init system: it would become one at its end. */
  const initSystem = (script: string) => ({ init: ['/bin/sh', '-c', `${script}; sleep 1000; exec /sbin/init`] });
  const splitters = initSystem(SPLIT_HYBRID);
  const isSplit = () => eventually(() => fs.existsSync(`${virsh.root}/mnt/split`));

  it('a container has a group of its own in each hierarchy that a unit has one in', () => {
    const own = groups(virsh.initPid(virsh.boot()));
    expect(['cpu', 'memory', 'pids', 'name=systemd', ''].map((name) => [name, own.get(name)])).toEqual([
      ['cpu', 'own'],
      ['memory', 'own'],
      ['pids', 'own'],
      ['name=systemd', 'own'],
      ['', 'own/payload'],
    ]);
  });

  it('an init system manages groups in both hierarchies of systemd, and what it made goes with it', async () => {
    const name = virsh.boot(splitters);
    await isSplit();
    expect(virsh.inside(name, 'grep -E "^0:|:(name=systemd|memory):" /proc/1/cgroup | cut -d: -f2-3 | sort')).toBe(
      ':/init.scope\nmemory:/\nname=systemd:/init.scope\n',
    );
    expect(virsh.inside(name, 'grep ^0: /proc/self/cgroup')).toBe('0::/init.scope\n');
    virsh.ok('suspend', name);
    virsh.ok('resume', name);
    virsh.ok('destroy', name);
    expect(virsh.leftovers().cgroups).toEqual([]);
  });

  it('any other init sees its groups for reading only, and no more of them than libvirt shows', () => {
    const name = virsh.boot();
    expect(virsh.inside(name, 'cd /sys/fs/cgroup; echo $(ls -d pids unified); mkdir */below; ls -d */below')).toBe('\n');
  });

  it('an init system may not change what it is limited to, nor have the host run a program', () => {
    const name = virsh.boot(initSystem(':'));
    const script = `cd /sys/fs/cgroup; for file in */*; do case $file in systemd/*|unified/*) ;; *)
        [ -d $file ] || { echo 1 >$file; } 2>/dev/null && echo $file; esac; done
      for tree in *; do mkdir $tree/below 2>/dev/null && echo $tree; done
      find . -name release_agent -o -path './unified/*.max' -o -path './unified/*.limit*' | grep -v /cgroup.max`;
    expect(virsh.runInside(name, script).stdout).toBe('systemd\nunified\n');
  });

  it('a mount of a hierarchy shows a container no more than its own groups', () => {
    const name = virsh.boot(initSystem(':'));
    const script = `cd /mnt; for what in 'cgroup -o memory' 'cgroup -o none,name=systemd' cgroup2; do
      mkdir new; mount -t $what none new && { ls -d new/release_agent new/machine; umount new; }; rmdir new; done 2>/dev/null; echo end`;
    expect(virsh.runInside(name, script).stdout).toBe('end\n');
  });

  it('one that an earlier version started, without those groups, is entered and ended', () => {
    const name = virsh.boot();
    const init = virsh.initPid(name);
    const mounts = fs.readFileSync('/proc/mounts', 'utf8').split('\n');
    const mountOf = (kind: RegExp) => mounts.find((line) => kind.test(line))!.split(' ')[1]!;
    for (const [root, key] of [
      [mountOf(/ cgroup \S*\bpids\b/), 'pids'],
      [mountOf(/ cgroup2 /), ''],
    ] as const) {
      const line = fs.readFileSync(`/proc/${init}/cgroup`, 'utf8').match(key ? /:pids:(.*)/ : /^0::(.*)/m)!;
      fs.writeFileSync(`${root}/cgroup.procs`, String(init));
      for (let group = line[1]!; /libvirt-lxc/.test(group); group = path.dirname(group)) fs.rmdirSync(root + group);
    }
    expect(virsh.inside(name, 'echo $((6*7))')).toBe('42\n');
    expect(virsh.ok('list')).toContain(name);
    virsh.ok('destroy', name);
  });

  suite('with mapped ids', ['userns'], () => {
    it('an init system manages its groups as well', async () => {
      const root = virsh.path('mapped');
      execFileSync('cp', ['-a', virsh.root, root]);
      execFileSync('chown', ['-hR', '100000:100000', root]);
      const idmap = "<idmap><uid start='0' target='100000' count='65536'/><gid start='0' target='100000' count='65536'/></idmap>";
      const name = virsh.boot({ ...splitters, root, more: idmap });
      await eventually(() => fs.existsSync(`${root}/mnt/split`));
      expect(virsh.inside(name, 'grep -E "^0:|:name=systemd:" /proc/1/cgroup | cut -d: -f3')).toBe('/init.scope\n/init.scope\n');
      virsh.ok('destroy', name);
      expect(virsh.leftovers().cgroups).toEqual([]);
    });
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
    // Not with the unit's tasks and memory, either (hybrid: hierarchies of their own).
    for (const pid of [virsh.controllerPid(name), virsh.initPid(name)])
      expect(fs.readFileSync(`/proc/${pid}/cgroup`, 'utf8')).not.toMatch(/system\.slice/);
  });
});
