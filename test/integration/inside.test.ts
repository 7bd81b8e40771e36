import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { containment } from '../../src/security/containment.ts';
import { cgroupOf } from '../helpers/cgroup-of.ts';
import { minimalDefinition } from '../helpers/definition.ts';
import { requires, suite } from '../helpers/requires.ts';
import { useVirsh } from '../helpers/virsh.ts';

const UUID = '11111111-2222-4333-8444-555555555555';
const IDMAP = "<idmap><uid start='0' target='100000' count='65536'/><gid start='0' target='200000' count='65536'/></idmap>";

/** What lies over files of the kernel's, of those that this one has. */
function hiddenMounts(): string[] {
  const { maskedFiles, maskedDirectories, readOnlyPaths } = containment(minimalDefinition(), 'default');
  const there = (path: string) => fs.existsSync(path);
  return [
    ...maskedFiles.filter(there).map((path) => `${path} tmpfs rw,nosuid`),
    ...maskedDirectories.filter(there).map((path) => `${path} tmpfs ro,nosuid,nodev,noexec`),
    ...readOnlyPaths.filter(there).map((path) => `${path} proc ro,nosuid,nodev,noexec`),
  ];
}

/** What a container is told of its resources, beside its memory. */
const OWN_FIGURES = [
  ...['cpuinfo', 'diskstats', 'loadavg', 'stat', 'swaps', 'uptime'].map((name) => `/proc/${name}`),
  '/sys/devices/system/cpu/online',
];

suite('inside a container', ['root', 'built', 'busybox', 'fuse'], () => {
  const virsh = useVirsh();
  const lines = (text: string): string[] => text.trimEnd().split('\n');

  describe('with a root of its own', () => {
    it('lets df look at every mount', () => {
      const name = virsh.boot();
      const { status, stderr } = virsh.run('-q', 'lxc-enter-namespace', name, '--', '/bin/busybox', 'df');
      expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
      virsh.ok('-q', 'lxc-enter-namespace', name, '--', '/bin/busybox', 'df', '/proc/meminfo');
    });

    it.each(['libvirt', 'default'] as const)('there are its own mounts and nothing of the host at level %s', (level) => {
      const name = virsh.boot({ level });
      const seen = lines(virsh.inside(name, 'cat /proc/self/mountinfo')).map((line) => {
        const [before, after] = line.split(' - ') as [string, string];
        return `${before.split(' ')[4]} ${after.split(' ')[0]} ${before
          .split(' ')[5]!
          .split(',')
          .filter((word) => word !== 'relatime')
          .join()}`;
      });
      const special = 'rw,nosuid,nodev,noexec';
      const varies = /^\/ |^\/sys\/(fs\/cgroup|kernel\/security|fs\/selinux)/;
      expect(seen.filter((line) => line.startsWith('/ '))).toEqual([expect.stringMatching(/^\/ \S+ rw/)]);
      // The order of the list is the kernel's: newer ones sort by when a mount was made, not by when it was attached.
      expect(seen.filter((line) => !varies.test(line)).sort()).toEqual(
        [
          '/dev tmpfs rw,nosuid',
          '/dev/pts devpts rw,nosuid',
          `/proc proc ${special}`,
          '/proc/meminfo fuse rw,nosuid,nodev',
          '/proc/sys proc ro,nosuid,nodev,noexec',
          '/sys sysfs ro,nosuid,nodev,noexec',
          ...(level === 'libvirt' ? [] : [...hiddenMounts(), ...OWN_FIGURES.map((file) => `${file} fuse rw,nosuid,nodev`)]),
        ].sort(),
      );
    });

    it('there are the standard devices, links and consoles, and they work', () => {
      const name = virsh.boot({ consoles: 2 });
      expect(
        lines(
          virsh.inside(
            name,
            'cd /dev; for n in *; do if [ -L $n ]; then echo $n to $(readlink $n); else stat -c "%n %A %t:%T %U" $n; fi; done',
          ),
        ),
      ).toEqual([
        'console to /dev/pts/0',
        'fd to /proc/self/fd',
        'full crw-rw-rw- 1:7 root',
        'null crw-rw-rw- 1:3 root',
        'ptmx to /dev/pts/ptmx',
        'pts drwxr-xr-x 0:0 root',
        'random crw-rw-rw- 1:8 root',
        'stderr to /proc/self/fd/2',
        'stdin to /proc/self/fd/0',
        'stdout to /proc/self/fd/1',
        'tty crw-rw-rw- 5:0 root',
        'tty1 to /dev/pts/0',
        'tty2 to /dev/pts/1',
        'urandom crw-rw-rw- 1:9 root',
        'zero crw-rw-rw- 1:5 root',
      ]);
      expect(
        virsh.inside(
          name,
          'head -c 4 /dev/zero | od -An -tx1; echo x >/dev/null; echo x >/dev/full || echo full; ls /dev/pts; wc -c </dev/null',
        ),
      ).toMatch(/ 00 00 00 00\n[\s\S]*full\n0\n1\nptmx\n0\n/);
    });

    it('a new node of a device that was not given cannot be made, and one that was made cannot be opened', () => {
      const without = virsh.boot();
      expect(virsh.runInside(without, 'mknod /tmp/kmsg c 1 11').stderr).toContain('Operation not permitted');
      const name = virsh.boot({ more: "<features><capabilities><mknod state='on'/></capabilities></features>" });
      expect(virsh.inside(name, 'mknod /tmp/kmsg c 1 11 && dd if=/tmp/kmsg bs=1 count=1 2>&1; rm -f /tmp/kmsg')).toMatch(
        /Operation not permitted/,
      );
    });

    it("init and commands have the host's word for the container variable", () => {
      virsh.file('etc/libvirt/lxc.conf', 'container_variable = "lxc-libvirt"\n');
      try {
        const name = virsh.boot();
        expect(virsh.inside(name, 'tr "\\0" "\\n" </proc/1/environ | grep ^container=; echo $container')).toBe(
          'container=lxc-libvirt\nlxc-libvirt\n',
        );
      } finally {
        fs.rmSync(virsh.path('etc/libvirt/lxc.conf'));
      }
    });

    it('init has its arguments, environment, folder, host name, limits and clean signals', () => {
      const name = virsh.name();
      const script =
        'tr "\\0" "\\n" </proc/1/environ; pwd; hostname; ulimit -n; ulimit -Hn; grep -E "^SigBlk|^Groups|^Uid" /proc/1/status; umask; echo $0 $*';
      const xml = virsh
        .xml(name, {
          init: ['/bin/sh', '-c', `{ ${script}; } >/mnt/facts; sleep 1000`, 'zero', 'two words', "it's"],
          os: "<initdir>/tmp</initdir><initenv name='A'>1 2</initenv><initenv name='TERM'>vt220</initenv><cmdline>quiet</cmdline>",
        })
        .replace('</name>', `</name><uuid>${UUID}</uuid>`);
      virsh.ok('create', virsh.file('d.xml', xml));
      virsh.inside(name, 'while ! grep -q zero /mnt/facts; do sleep 0.01; done');
      const facts = virsh.path('root/mnt/facts');
      expect(lines(fs.readFileSync(facts, 'utf8'))).toEqual([
        'PATH=/bin:/usr/bin',
        'TERM=vt220',
        'container=libvirt-lxc',
        'HOME=/',
        `container_uuid=${UUID}`,
        `LIBVIRT_LXC_UUID=${UUID}`,
        `LIBVIRT_LXC_NAME=${name}`,
        'LIBVIRT_LXC_CMDLINE=quiet',
        'A=1 2',
        '/tmp',
        name,
        '1024',
        expect.stringMatching(/^\d+$/),
        'Uid:\t0\t0\t0\t0',
        'Groups:\t ',
        'SigBlk:\t0000000000000000',
        '0022',
        "zero two words it's",
      ]);
      fs.rmSync(facts);
    });

    it('init ignores and blocks no signal', () => {
      expect(virsh.inside(virsh.boot(), 'grep -E "^Sig(Blk|Ign)" /proc/1/status')).toBe(
        'SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n',
      );
    });

    it('init has no descriptors but its own three, which are the console', () => {
      const name = virsh.boot({ init: ['/bin/sh', '-c', 'ls -l /proc/$$/fd >/mnt/list; mv /mnt/list /mnt/fds; sleep 1000'] });
      virsh.inside(name, 'while ! [ -e /mnt/fds ]; do sleep 0.01; done');
      const fds = virsh.path('root/mnt/fds');
      // 1 is where the list goes, and the shell has saved the one before it at 10 or above
      const open = lines(fs.readFileSync(fds, 'utf8'))
        .slice(1)
        .map((line) => line.replace(/.* (\d+) -> /, '$1 '))
        .filter((line) => !/^1 |^1\d /.test(line));
      expect(open).toEqual(['0 /dev/pts/0', '2 /dev/pts/0']);
      fs.rmSync(fds);
    });

    it('init drops the capabilities that the policy says, for good', () => {
      const bounding = (more: string): string => {
        const name = virsh.boot({ more });
        const text = virsh.inside(name, 'grep -E "^Cap(Bnd|Eff|Prm|Amb)" /proc/1/status');
        virsh.ok('destroy', name);
        const [prm, eff, bnd, amb] = lines(text).map((line) => line.split('\t')[1]!);
        expect([prm, eff, amb]).toEqual([bnd, bnd, '0000000000000000']);
        return bnd!;
      };
      const last = BigInt(fs.readFileSync('/proc/sys/kernel/cap_last_cap', 'utf8'));
      const hosts = BigInt(`0x${/^CapBnd:\s+(\w+)$/m.exec(fs.readFileSync('/proc/self/status', 'utf8'))![1]}`);
      const all = ((1n << (last + 1n)) - 1n) & hosts;
      const mask = (set: bigint): string => set.toString(16).padStart(16, '0');
      const dropped = (1n << 16n) | (1n << 25n) | (1n << 27n) | (1n << 30n) | (1n << 33n);
      expect(bounding('')).toBe(mask(all & ~dropped));
      expect(bounding("<features><capabilities policy='allow'><chown state='off'/></capabilities></features>")).toBe(mask(all & ~1n));
      expect(bounding("<features><capabilities policy='deny'><kill state='on'/><sys_boot state='on'/></capabilities></features>")).toBe(
        mask((1n << 5n) | (1n << 22n)),
      );
    });

    it('init is the user and groups that are named, by the container’s own files', () => {
      const name = virsh.boot({ os: '<inituser>user</inituser><initgroup>staff</initgroup>' });
      expect(virsh.inside(name, 'grep -E "^(Uid|Gid|Groups|CapEff)" /proc/1/status; stat -c %u /dev/pts/0')).toBe(
        'Uid:\t1000\t1000\t1000\t1000\nGid:\t50\t50\t50\t50\nGroups:\t50 100 \nCapEff:\t0000000000000000\n1000\n',
      );
    });

    it('file systems of every kind are where they are wanted', () => {
      const folder = virsh.path('data');
      fs.mkdirSync(`${folder}/sub`, { recursive: true });
      fs.writeFileSync(`${folder}/file`, 'of the host\n');
      const fsXml = (type: string, source: string, target: string, more = '') =>
        `<filesystem type='${type}'>${source}<target dir='${target}'/>${more}</filesystem>`;
      const name = virsh.boot({
        devices: [
          fsXml('mount', `<source dir='${folder}'/>`, '/mnt/data'),
          fsXml('mount', `<source dir='${folder}/file'/>`, '/mnt/one'),
          fsXml('mount', `<source dir='${folder}'/>`, '/mnt/ro', '<readonly/>'),
          fsXml('ram', "<source usage='1024' units='KiB'/>", '/mnt/ram'),
          fsXml('ram', "<source usage='64' units='KiB'/>", '/mnt/still', '<readonly/>'),
          fsXml('bind', "<source dir='/mnt/data/sub'/>", '/mnt/bound'),
        ].join(''),
      });
      const script = `cat /mnt/data/file /mnt/one /mnt/ro/file
        echo from inside >/mnt/bound/new
        echo x >/mnt/ro/file || echo read-only
        df -k /mnt/ram | tail -1 | awk '{print $2}'
        dd if=/dev/zero of=/mnt/ram/f bs=1k count=2000 2>/dev/null || echo full
        grep -E ' /mnt/(ram|still) ' /proc/mounts | cut -d ' ' -f 2,4 | sed 's/,inode64$//' # which some kernels add`;
      expect(virsh.runInside(name, script).stdout).toBe(
        'of the host\nof the host\nof the host\nread-only\n1024\nfull\n' +
          '/mnt/ram rw,nosuid,nodev,relatime,size=1024k\n/mnt/still ro,relatime,size=64k\n',
      );
      expect(fs.readFileSync(`${folder}/sub/new`, 'utf8')).toBe('from inside\n');
      virsh.ok('destroy', name);
      for (const made of ['data', 'ro', 'ram', 'still', 'bound']) fs.rmdirSync(virsh.path('root/mnt', made));
      fs.rmSync(virsh.path('root/mnt/one'));
    });

    it("files of its own are bound to where there was nothing, and a host's path begins at the root", () => {
      fs.mkdirSync(virsh.path('relative'));
      fs.writeFileSync(virsh.path('relative/file'), 'of the host');
      fs.writeFileSync(virsh.path('root/mnt/one'), 'of the container');
      const name = virsh.boot({
        devices: `<filesystem type='bind'><source dir='/mnt/one'/><target dir='/mnt/two'/></filesystem>
          <filesystem type='mount'><source dir='${virsh.path('relative').slice(1)}'/><target dir='/mnt/three'/></filesystem>`,
      });
      expect(virsh.inside(name, 'cat /mnt/two; echo; cat /mnt/three/file')).toBe('of the container\nof the host');
      virsh.ok('destroy', name);
      for (const file of ['one', 'two']) fs.rmSync(virsh.path('root/mnt', file));
      fs.rmdirSync(virsh.path('root/mnt/three'));
    });

    describe('what is mounted on a link', () => {
      const etc = (name: string): string => virsh.path('links/etc', name);
      const at = (target: string, source: string): string =>
        `<filesystem type='mount'><source dir='${source}'/><target dir='${target}'/></filesystem>`;
      let root: string;
      let file: string;
      let folder: string;
      beforeEach(() => {
        root = virsh.path('links');
        fs.cpSync(virsh.root, root, { recursive: true, verbatimSymlinks: true });
        fs.mkdirSync(path.join(root, 'run'), { recursive: true });
        file = virsh.file('given/file', 'payload\n');
        folder = path.dirname(file);
      });
      afterEach(() => fs.rmSync(root, { recursive: true }));

      it.each([
        ['../run/systemd/resolve/stub-resolv.conf', '/run/systemd/resolve/stub-resolv.conf'],
        ['/run/systemd/resolve/stub-resolv.conf', '/run/systemd/resolve/stub-resolv.conf'],
        ['../../../../run/x', '/run/x'],
        ['resolv.other', '/run/other/file'],
        ['/run/./new/../file', '/run/file'],
      ])('that leads nowhere yet is where that leads: %s', (link, place) => {
        fs.symlinkSync(link, etc('resolv.conf'));
        fs.symlinkSync('/run/other', etc('other'));
        fs.symlinkSync('other/file', etc('resolv.other'));
        const name = virsh.boot({ root, devices: at('/etc/resolv.conf', file) });
        expect(virsh.inside(name, `cat /etc/resolv.conf ${place}; stat -c %a ${path.dirname(place)}`)).toBe('payload\npayload\n755\n');
      });

      it('is, for folders, where it leads too, through what was mounted before', () => {
        fs.symlinkSync('/run/a/b', etc('data'));
        const name = virsh.boot({
          root,
          devices: `<filesystem type='ram'><source usage='1024'/><target dir='/run'/></filesystem>${at('/etc/data/deep', folder)}`,
        });
        expect(virsh.inside(name, 'cat /run/a/b/deep/file; grep -c " /run/a/b/deep " /proc/mounts')).toBe('payload\n1\n');
        expect(fs.readdirSync(path.join(root, 'run'))).toEqual([]);
      });

      it.each([
        ['a loop', 'loop', 'Too many levels of symbolic links'],
        ['a link that grows', 'grows', 'Too many levels of symbolic links'],
        ['a link through a file', 'through', 'Not a directory'],
        ['a folder, and is one itself, not', 'file', 'Not a directory'],
      ])('on %s says so', (_, target, reason) => {
        fs.symlinkSync('loop2', etc('loop'));
        fs.symlinkSync('loop', etc('loop2'));
        fs.symlinkSync('grows/x', etc('grows'));
        fs.symlinkSync('passwd/x', etc('through'));
        fs.writeFileSync(etc('passwd'), '');
        fs.writeFileSync(etc('file'), '');
        const name = virsh.define({ root, devices: at(`/etc/${target}`, folder) });
        expect(virsh.error('start', name)).toEqual([
          `Failed to start domain '${name}'`,
          `internal error: guest failed to start: Failure in libvirt_lxc startup: Failed to mount '${folder}' on '/etc/${target}': ${reason}`,
        ]);
      });

      it('and is a file, is not put on a folder', () => {
        const name = virsh.define({ root, devices: at('/etc', file) });
        expect(virsh.error('start', name)[1]).toMatch(/Failed to mount '.*' on '\/etc': Is a directory$/);
      });

      it('to a descriptor of ours is put where the text of the link says, not where the descriptor leads', () => {
        for (let fd = 3; fd < 64; fd++) fs.symlinkSync(`/proc/self/fd/${fd}/marked`, etc(`fd${fd}`));
        fs.mkdirSync(virsh.path('host'));
        const mounts = Array.from({ length: 10 }, (_, i) => at(`/etc/fd${i + 3}`, file)).join('');
        const name = virsh.define({ root, devices: `${mounts}${at('/mnt', virsh.path('host'))}` });
        virsh.run('start', name);
        virsh.run('destroy', name);
        expect(fs.readdirSync(virsh.path('host'))).toEqual([]);
      });
    });

    it.skipIf(requires('loop', 'ext4', 'mke2fs'))('an image is mounted through a loop device, which is gone with the container', () => {
      const image = virsh.path('image');
      fs.writeFileSync(image, '');
      fs.truncateSync(image, 2 * 1024 * 1024);
      expect(virsh.runWith({}, 'version').status).toBe(0);
      const made = spawnSync('mke2fs', ['-q', '-t', 'ext4', image]);
      expect(made.status).toBe(0);
      const name = virsh.boot({
        devices: `<filesystem type='file'><driver type='loop' format='raw'/><source file='${image}'/><target dir='/mnt'/></filesystem>`,
      });
      expect(virsh.inside(name, 'echo kept >/mnt/file; cat /mnt/file; grep " /mnt " /proc/mounts | cut -d" " -f3')).toBe('kept\next4\n');
      virsh.ok('destroy', name);
      expect(virsh.leftovers().images).toEqual([]);
    });

    it('a read-only root is read-only, what is mounted on it is not', () => {
      const name = virsh.boot({ readonlyRoot: true });
      expect(virsh.runInside(name, 'touch /x || touch /etc/x || echo both refused; touch /dev/x && rm /dev/x && echo fine').stdout).toBe(
        'both refused\nfine\n',
      );
    });

    it('its groups are all that it sees of them, and it cannot change its limits', () => {
      const name = virsh.boot();
      const found = virsh.inside(
        name,
        'find /sys/fs/cgroup -name memory.limit_in_bytes -o -name memory.max; ls -d /sys/fs/cgroup/*/machine 2>/dev/null; ls -d /sys/fs/cgroup/machine 2>/dev/null',
      );
      expect(found).not.toContain('machine');
      for (const file of lines(found).filter(Boolean)) {
        expect(virsh.runInside(name, `echo -1 >${file} || echo refused; echo max >${file} || echo refused`).stdout).toBe(
          'refused\nrefused\n',
        );
      }
    });

    it('it is limited to its memory and processors', () => {
      const name = virsh.boot({
        memoryKiB: 20480,
        more: "<vcpu placement='static' cpuset='0'>1</vcpu><cputune><shares>123</shares></cputune>",
      });
      const group = cgroupOf(virsh.initPid(name));
      expect([
        group.read('memory', 'memory.limit_in_bytes', 'memory.max'),
        group.read('cpu', 'cpu.shares', 'cpu.weight'),
        group.read('cpuset', 'cpuset.cpus', 'cpuset.cpus'),
      ]).toEqual([String(20480 * 1024), '123', '0']);
      expect(virsh.inside(name, 'grep Cpus_allowed_list /proc/self/status; nproc')).toBe('Cpus_allowed_list:\t0\n1\n');
      expect(virsh.runInside(name, 'awk \'BEGIN { s = "x"; while (1) s = s s }\'').status).toBe(1);
      expect(virsh.state(name)).toBe('running (booted)');
    });

    it('memory is reported as it is limited, whoever reads and in whatever pieces', () => {
      const name = virsh.boot({ memoryKiB: 30000 });
      const script = `head -1 /proc/meminfo
        cat /proc/meminfo | wc -c; cat /proc/meminfo >/tmp/copy; head -1 /tmp/copy
        for bs in 1 7 100 4096 65536; do dd if=/proc/meminfo bs=$bs 2>/dev/null | wc -c; done
        dd if=/proc/meminfo bs=1 skip=3 count=6 2>/dev/null; echo
        echo x >/proc/meminfo || echo not to be written
        ls -l /proc/meminfo | cut -c1-10`;
      const [total, size, again, ...rest] = lines(virsh.runInside(name, script).stdout);
      expect([total, again]).toEqual(['MemTotal:          30000 kB', 'MemTotal:          30000 kB']);
      expect(Number(size)).toBeGreaterThan(500);
      expect(rest).toEqual([size, size, size, size, size, 'Total:', 'not to be written', '-r--r--r--']);
    });

    it('/proc/sys and /sys are not to be written', () => {
      const name = virsh.boot();
      expect(
        virsh.runInside(
          name,
          'echo 1 >/proc/sys/kernel/sysrq || echo a; echo 1 >/proc/sys/vm/drop_caches || echo b; mkdir /sys/fs/x || echo c',
        ).stdout,
      ).toBe('a\nb\nc\n');
    });
  });

  suite('with mapped ids', ['userns'], () => {
    const chowned = (): string => {
      const folder = virsh.path('mapped');
      if (!fs.existsSync(folder)) {
        fs.cpSync(virsh.root, folder, { recursive: true, verbatimSymlinks: true });
        for (const entry of ['', ...fs.readdirSync(folder, { recursive: true, encoding: 'utf8' })])
          fs.lchownSync(path.join(folder, entry), 100000, 200000);
      }
      return folder;
    };

    it('root owns what it is shown of memory', () => {
      const name = virsh.boot({ root: chowned(), more: IDMAP });
      expect(virsh.inside(name, 'stat -c "%A %u:%g" /proc/meminfo; find /proc/meminfo -mmin -60')).toBe('-r--r--r-- 0:0\n/proc/meminfo\n');
    });

    it.each([
      ['', ''],
      [' and a network of its own', '<features><privnet/></features>'],
    ])('root is nobody outside%s', (_, features) => {
      const name = virsh.boot({ root: chowned(), more: IDMAP + features });
      const pid = virsh.initPid(name);
      expect(fs.readFileSync(`/proc/${pid}/status`, 'utf8')).toMatch(
        /^Uid:\t100000\t100000\t100000\t100000\nGid:\t200000\t200000\t200000\t200000$/m,
      );
      expect(
        virsh.inside(
          name,
          'id -u; id -g; cat /proc/self/uid_map /proc/self/gid_map | tr -s " "; stat -c "%u:%g" / /dev/null /dev/pts /dev/pts/0 /proc/1; touch /tmp/x && rm /tmp/x && echo writes',
        ),
      ).toBe('0\n0\n 0 100000 65536\n 0 200000 65536\n0:0\n0:0\n0:0\n0:5\n0:0\nwrites\n');
      expect(virsh.inside(name, 'head -1 /proc/meminfo; ls /sys/class/net | tr "\\n" " "; mount | grep -c " /proc "')).toMatch(
        /^MemTotal: +65536 kB\n(.* )?lo (.* )?1\n$/,
      );
      expect(virsh.runInside(name, 'echo 0 >/proc/sys/kernel/panic || echo a; chown 70000 /tmp || echo b').stdout).toBe('a\nb\n');
    });

    it.each([
      ['', ''],
      [' and a network of its own', '<features><privnet/></features>'],
    ])('what only the host can mount has something mounted on it already%s', (_, features) => {
      const name = virsh.boot({ root: chowned(), more: IDMAP + features });
      const here = ['config', 'debug', 'tracing'].map((word) => `/sys/kernel/${word}`).filter((folder) => fs.existsSync(folder));
      expect(here).not.toEqual([]);
      const script = `for place in $(cut -d" " -f2 /proc/mounts | grep /sys/kernel/ | sort); do echo $place; ls $place; done`;
      expect(virsh.inside(name, script)).toBe(`${here.join('\n')}\n`);
      expect(virsh.runInside(name, 'mkdir /sys/kernel/debug/x || echo refused').stdout).toBe('refused\n');
    });

    it('a root that the container’s root cannot enter is told of', () => {
      const folder = virsh.path('closed');
      fs.mkdirSync(folder, { mode: 0o700 });
      const name = virsh.define({ root: folder, more: IDMAP });
      expect(virsh.error('start', name)).toEqual([
        `Failed to start domain '${name}'`,
        expect.stringMatching(/^internal error: guest failed to start: .*Permission denied$/),
      ]);
    });
  });

  describe('with a hostile root', () => {
    /** A root whose folders are links to places outside of it, which exist inside, too, under the same names if `inside`. */
    function hostileRoot(outside: string, { inside }: { inside: boolean }): string {
      const root = virsh.path('hostile');
      fs.cpSync(virsh.root, root, { recursive: true, verbatimSymlinks: true });
      for (const name of ['proc', 'dev', 'sys', 'etc', 'mnt']) {
        fs.rmSync(path.join(root, name), { recursive: true });
        fs.symlinkSync(path.join(outside, name), path.join(root, name));
        fs.mkdirSync(path.join(outside, name, 'pts'), { recursive: true });
        if (inside) fs.mkdirSync(path.join(root, outside, name), { recursive: true });
      }
      fs.writeFileSync(path.join(outside, 'etc/passwd'), 'victim:x:4242:4242::/:/bin/sh\n');
      if (inside) fs.writeFileSync(path.join(root, outside, 'etc/passwd'), 'victim:x:1234:1234::/:/bin/sh\n');
      fs.symlinkSync(`${'../'.repeat(12)}${outside.slice(1)}`, path.join(root, 'up'));
      fs.symlinkSync(path.relative(root, outside), path.join(root, 'near'));
      if (inside) fs.mkdirSync(path.join(root, path.basename(outside)));
      return root;
    }
    const mountAt = (target: string) =>
      `<filesystem type='mount'><source dir='${virsh.prefix}/payload'/><target dir='${target}'/></filesystem>`;

    it('mounts, nodes and files of ours stay inside, wherever its links point', () => {
      const outside = virsh.path('outside');
      const root = hostileRoot(outside, { inside: true });
      fs.writeFileSync(virsh.path('payload'), 'payload\n');
      const before = listing(outside);
      const devices = ['/mnt/deep/er', '/up/file', '/near/file'].map(mountAt).join('');
      const name = virsh.boot({ root, os: '<inituser>victim</inituser>', devices });
      expect(fs.readFileSync(`/proc/${virsh.initPid(name)}/status`, 'utf8')).toMatch(/^Uid:\t1234\t/m);
      expect(
        virsh.inside(name, `cat ${outside}/mnt/deep/er ${outside}/file /outside/file; ls -d ${outside}/proc/1 ${outside}/dev/null`),
      ).toBe(`payload\npayload\npayload\n${outside}/dev/null\n${outside}/proc/1\n`);
      expect(listing(outside)).toEqual(before);
      virsh.ok('destroy', name);
      expect(listing(outside)).toEqual(before);
      fs.rmSync(root, { recursive: true });
      fs.rmSync(outside, { recursive: true });
    });

    it.each([
      ['/mnt/file', 'outside/mnt/file'],
      ['/up/file', 'outside/file'],
      ['/near/file', 'outside/file'],
    ])('what is only there outside is made inside: %s', (target, made) => {
      const outside = virsh.path('outside');
      const root = hostileRoot(outside, { inside: false });
      for (const name of ['proc', 'dev', 'sys', 'etc']) {
        fs.rmSync(path.join(root, name));
        fs.mkdirSync(path.join(root, name));
      }
      fs.writeFileSync(virsh.path('payload'), 'payload\n');
      const before = listing(outside);
      const name = virsh.boot({ root, devices: mountAt(target) });
      expect(virsh.inside(name, `cat ${target}`)).toBe('payload\n');
      virsh.ok('destroy', name);
      expect(listing(outside)).toEqual(before);
      const place = target === '/near/file' ? path.join(root, made) : path.join(root, virsh.prefix, made);
      expect(fs.statSync(place).size).toBe(0);
      fs.rmSync(root, { recursive: true });
      fs.rmSync(outside, { recursive: true });
    });

    it('links in a circle and files in the place of folders are errors, and nothing is left', () => {
      const root = virsh.path('circle');
      fs.cpSync(virsh.root, root, { recursive: true, verbatimSymlinks: true });
      fs.rmdirSync(path.join(root, 'proc'));
      fs.symlinkSync('proc', path.join(root, 'proc'));
      const name = virsh.define({ root });
      expect(virsh.error('start', name)[1]).toMatch(/Too many levels of symbolic links$/);
      fs.rmSync(path.join(root, 'proc'));
      fs.writeFileSync(path.join(root, 'proc'), '');
      expect(virsh.error('start', name)[1]).toMatch(/(Invalid argument|Not a directory)$/);
    });

    it('a passwd that is a pipe does not hold the start up', () => {
      const root = virsh.path('pipe');
      fs.cpSync(virsh.root, root, { recursive: true, verbatimSymlinks: true });
      fs.rmSync(path.join(root, 'etc/passwd'));
      spawnSync('mkfifo', [path.join(root, 'etc/passwd')]);
      const name = virsh.define({ root, os: '<inituser>user</inituser>' });
      expect(virsh.error('start', name)).toEqual([`Failed to start domain '${name}'`, expect.stringContaining("User user doesn't exist")]);
    });
  });

  it.each(['/', '/.', '//'])("on the host's root, called %s, has nothing of the host's processes below its own proc", (root) => {
    const name = virsh.boot({ root, init: ['/bin/sleep', '1000'] });
    expect(virsh.inside(name, 'umount -l /proc; ls /proc | grep -c "^[0-9]"')).toBe('0\n');
  });

  it("on the host's root sees the host's files, but its own proc, dev and sys", () => {
    const name = virsh.boot({ root: '/', init: ['/bin/sleep', '1000'] });
    expect(
      virsh.inside(name, 'cat /proc/1/comm; ls /dev | wc -l; cat /etc/hostname 2>/dev/null | wc -l; test -e /dev/fuse || echo none'),
    ).toMatch(/^sleep\n1\d\n\d\nnone\n$/);
    expect(virsh.inside(name, 'ls -d /proc/[0-9]* | wc -l').trim()).toMatch(/^[2-5]$/);
    expect(os.hostname()).not.toBe(name);
  });
});

/** Files with their types, sizes and modes. */
function listing(folder: string): string[] {
  return fs.readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => {
    const { mode, size, ino, dev } = fs.lstatSync(path.join(folder, name));
    return `${name} ${mode.toString(8)} ${size} ${dev}:${ino}`;
  });
}
