// attach-device and detach-device of a <filesystem>.
import { execFileSync, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { EINVAL, O_CLOEXEC } from '../../lib-native/constants.ts';
import { linux } from '../../lib-native/linux.ts';
import { runErrand } from '../../src/container/errand.ts';
import { cloneTree } from '../../src/host/mounts.ts';
import { LOGGED, logged } from '../helpers/audit-log.ts';
import { eventually } from '../helpers/eventually.ts';
import { requires, suite } from '../helpers/requires.ts';
import { makeRoot } from '../helpers/rootfs.ts';
import { useVirsh } from '../helpers/virsh.ts';

const IDMAP = "<idmap><uid start='0' target='100000' count='65536'/><gid start='0' target='200000' count='65536'/></idmap>";

suite('a file system that a running container is given', ['root', 'built', 'busybox', 'fuse'], () => {
  const virsh = useVirsh();
  let made = 0;
  /** A directory of the host with a file in it. */
  const data = (): string => {
    const directory = virsh.path(`data ${++made}`);
    fs.mkdirSync(directory);
    fs.writeFileSync(path.join(directory, 'file'), 'of the host\n');
    return directory;
  };
  const xml = (source: string, target: string, more = '', attributes = ''): string =>
    virsh.file(
      `fs-${++made}.xml`,
      `<filesystem type='mount' ${attributes}><source dir='${source}'/><target dir='${target}'/>${more}</filesystem>`,
    );
  const ownRoot = (): string => {
    const root = makeRoot(virsh.path(`root-${++made}`));
    return root;
  };
  const mounts = (name: string): string[] => virsh.inside(name, 'cut -d" " -f2 /proc/mounts').split('\n');
  const filesystems = (name: string, ...which: string[]): string =>
    virsh.ok('dumpxml', name, '--xpath', '//filesystem/target', ...which).replace(/\n$/, '');
  const ROOT_ONLY = '<target dir="/"/>\n';

  it('is there at once, for as long as it is attached, and in its XML', () => {
    const [name, source] = [virsh.boot({ root: ownRoot() }), data()];
    const file = xml(source, '/srv/new/data');
    expect(virsh.ok('attach-device', name, file)).toBe('Device attached successfully\n\n');
    expect(virsh.inside(name, 'cat /srv/new/data/file; echo more >/srv/new/data/more')).toBe('of the host\n');
    expect(fs.readFileSync(path.join(source, 'more'), 'utf8')).toBe('more\n');
    expect([filesystems(name), filesystems(name, '--inactive')]).toEqual([`${ROOT_ONLY}<target dir="/srv/new/data"/>\n`, ROOT_ONLY]);
    expect(virsh.error('attach-device', name, xml(data(), '//srv/./new/data/'))).toEqual([
      expect.stringContaining('Failed to attach device from '),
      'Requested operation is not valid: Target already exists',
    ]);
    expect(virsh.ok('detach-device', name, file)).toBe('Device detached successfully\n\n');
    expect(mounts(name)).not.toContain('/srv/new/data');
    expect(filesystems(name)).toBe(ROOT_ONLY);
    expect(virsh.error('detach-device', name, file)[1]).toBe('device not found: no matching filesystem device was found');
  });

  it('is one of those of a start the next time, and such a one can be detached, too', () => {
    const [name, source] = [virsh.boot({ root: ownRoot() }), data()];
    const file = xml(source, '/data', '<readonly/>');
    virsh.ok('attach-device', name, file, '--persistent');
    expect(virsh.inside(name, 'cat /data/file; touch /data/x 2>&1')).toBe('of the host\ntouch: /data/x: Read-only file system\n');
    virsh.ok('destroy', name);
    virsh.ok('start', name);
    expect(virsh.inside(name, 'cat /data/file; touch /data/x 2>&1')).toBe('of the host\ntouch: /data/x: Read-only file system\n');
    virsh.ok('detach-device', name, file, '--live', '--config');
    expect(mounts(name)).not.toContain('/data');
    expect([filesystems(name), filesystems(name, '--inactive')]).toEqual([ROOT_ONLY, ROOT_ONLY]);
  });

  it('is memory, a file, or a part of the container itself', () => {
    const [name, source] = [virsh.boot({ root: ownRoot() }), data()];
    const [memory, bound] = [
      virsh.file('ram.xml', "<filesystem type='ram'><source usage='64'/><target dir='/ram'/></filesystem>"),
      virsh.file('bind.xml', "<filesystem type='bind'><source dir='/etc'/><target dir='/other'/><readonly/></filesystem>"),
    ];
    const one = xml(`${source}/file`, '/etc/new/file');
    for (const file of [memory, bound, one]) virsh.ok('attach-device', name, file);
    expect(virsh.inside(name, 'df -k /ram | tail -1 | tr -s " " | cut -d" " -f2; cat /etc/new/file')).toBe('64\nof the host\n');
    expect(virsh.inside(name, 'head -1 /other/passwd; touch /other/x 2>&1')).toMatch(/^root:.*\ntouch: .*: Read-only file system\n$/);
    for (const file of [one, bound, memory]) virsh.ok('detach-device', name, file);
    expect(mounts(name).filter((mount) => /ram|other|new/.test(mount))).toEqual([]);
  });

  it('is stored alone where that is wanted', () => {
    const name = virsh.define({ root: ownRoot() });
    const file = virsh.file('image.xml', "<filesystem type='file'><source file='/some/image'/><target dir='/image'/></filesystem>");
    virsh.ok('attach-device', name, file, '--config');
    expect(filesystems(name)).toBe(`${ROOT_ONLY}<target dir="/image"/>\n`);
    expect(virsh.error('attach-device', name, file, '--config')[1]).toBe('Requested operation is not valid: Target already exists');
    virsh.ok('detach-device', name, file, '--config');
    expect(virsh.error('detach-device', name, file, '--config')[1]).toBe('device not found: no matching filesystem device was found');
    expect(virsh.error('attach-device', name, file)[1]).toBe('Requested operation is not valid: domain is not running');
  });

  it('leaves nothing where it cannot be attached', () => {
    const root = ownRoot();
    const name = virsh.boot({ root });
    const refused = (file: string, reason: string): void => {
      const before = mounts(name);
      expect(virsh.error('attach-device', name, file, '--persistent')).toEqual([`Failed to attach device from ${file}`, reason]);
      expect([mounts(name), filesystems(name), filesystems(name, '--inactive')]).toEqual([before, ROOT_ONLY, ROOT_ONLY]);
    };
    const source = data();
    refused(xml('/no/such/source', '/data'), "Failed to access '/no/such/source': No such file or directory");
    expect(fs.existsSync(path.join(root, 'data'))).toBe(false);
    refused(xml(source, '/etc/passwd'), `Failed to mount '${source}' on '/etc/passwd': Not a directory`);
    refused(xml(`${source}/file`, '/etc'), `Failed to mount '${source}/file' on '/etc': Is a directory`);
    refused(
      virsh.file('b.xml', "<filesystem type='bind'><source dir='/nowhere'/><target dir='/x'/></filesystem>"),
      "Failed to mount '/nowhere' on '/x': No such file or directory",
    );
    for (const [type, words, reason] of [
      ['file', "file='/some/image'", 'Unable to open /some/image: No such file or directory'],
      ['block', "dev='/dev/no-such'", "Path '/dev/no-such' is not accessible: No such file or directory"],
      ['volume', "pool='p' volume='v'", "unsupported configuration: filesystem type 'volume' of a running domain cannot be changed"],
    ] as const)
      refused(virsh.file('f.xml', `<filesystem type='${type}'><source ${words}/><target dir='/image'/></filesystem>`), reason);
    const rooted = virsh.file('r.xml', `<filesystem><source dir='${source}'/><target dir='/'/></filesystem>`);
    expect(virsh.error('detach-device', name, rooted)[1]).toBe(
      'unsupported configuration: the root file system of a running domain cannot be changed',
    );
  });

  it('comes to where the container’s links lead, and never out of it', () => {
    const root = ownRoot();
    const name = virsh.boot({ root, init: ['/bin/sh', '-c', 'while :; do sleep 1; done'] });
    const outside = virsh.path('outside');
    fs.mkdirSync(outside);
    virsh.inside(
      name,
      `ln -s /etc/inner /absolute; ln -s ../../../../../../..${outside} /climbing; ln -s /proc/1/root${outside} /magic; ln -s /loop /loop; ln -s ${outside} /outside`,
    );
    for (const [target, place] of [
      ['/absolute', '/etc/inner'],
      ['/climbing/a', `${outside}/a`],
      ['/magic/b', `${outside}/b`],
      ['/outside/c', `${outside}/c`],
    ] as const) {
      const file = xml(data(), target);
      virsh.ok('attach-device', name, file);
      expect(mounts(name)).toContain(place);
      virsh.ok('detach-device', name, file);
      expect(mounts(name)).not.toContain(place);
    }
    expect(fs.readdirSync(outside)).toEqual([]);
    expect(virsh.error('attach-device', name, xml(data(), '/loop/x'))[1]).toMatch(/: Too many levels of symbolic links$/);
    const host = fs.readFileSync('/proc/self/mountinfo', 'utf8');
    expect(host).not.toContain(virsh.prefix);
  });

  it('is not taken for what the container has put in its place, or hidden', () => {
    const root = ownRoot();
    const name = virsh.boot({ root });
    const file = xml(data(), '/data');
    virsh.ok('attach-device', name, file);
    const hidden = "operation failed: the container has covered what was mounted on '/data', or moved it to another place";
    virsh.inside(name, 'mount -t tmpfs none /data');
    expect(virsh.error('detach-device', name, file)[1]).toBe(hidden);
    virsh.inside(name, 'umount /data; mkdir /elsewhere; mount --move /data /elsewhere; mount -t tmpfs none /data');
    expect(virsh.error('detach-device', name, file)[1]).toBe(hidden);
    expect(filesystems(name)).toContain('/data');
    virsh.inside(name, 'umount /elsewhere');
    expect(virsh.ok('detach-device', name, file)).toBe('Device detached successfully\n\n');
    expect(filesystems(name)).toBe(ROOT_ONLY);
    expect(mounts(name)).toContain('/data'); // its own
  });

  it('goes although it is used, and although its directory is gone', () => {
    const [name, source] = [
      virsh.boot({ root: ownRoot(), init: ['/bin/sh', '-c', 'until cd /data; do sleep 0.05; done; sleep 1000'] }),
      data(),
    ];
    const file = xml(source, '/data');
    virsh.ok('attach-device', name, file);
    fs.rmSync(source, { recursive: true });
    fs.mkdirSync(source);
    virsh.ok('detach-device', name, file);
    expect(mounts(name)).not.toContain('/data');
  });

  it('goes although the host has something else there by now', () => {
    const [name, source] = [virsh.define({ root: ownRoot() }), data()];
    execFileSync('mount', ['-t', 'tmpfs', 'none', source]);
    try {
      const files = [xml(source, '/first'), xml(source, '/second')] as const;
      virsh.ok('attach-device', name, files[0], '--config');
      virsh.ok('start', name);
      virsh.ok('attach-device', name, files[1]);
      execFileSync('umount', [source]);
      for (const file of files) virsh.ok('detach-device', name, file);
      expect(mounts(name).filter((mount) => /first|second/.test(mount))).toEqual([]);
    } finally {
      spawnSync('umount', [source]);
    }
  });

  it('is bound by a start, and can be detached, too', () => {
    const devices = "<filesystem type='bind'><source dir='/etc'/><target dir='/other'/></filesystem>";
    const name = virsh.boot({ root: ownRoot(), devices });
    const file = virsh.file('bound.xml', devices);
    virsh.inside(name, 'mount -t tmpfs none /other');
    expect(virsh.error('detach-device', name, file)[1]).toMatch(/^operation failed: the container has covered/);
    virsh.inside(name, 'umount /other');
    virsh.ok('detach-device', name, file);
    expect(mounts(name)).not.toContain('/other');
  });

  it('is one of two of the same directory', () => {
    const [name, source] = [virsh.boot({ root: ownRoot() }), data()];
    const [one, other] = [xml(source, '/one'), xml(source, '/other')];
    for (const file of [one, other]) virsh.ok('attach-device', name, file);
    virsh.inside(name, 'umount /one');
    virsh.ok('detach-device', name, one);
    expect(mounts(name)).toContain('/other');
    virsh.ok('detach-device', name, other);
    expect(mounts(name)).not.toContain('/other');
  });

  it('is on record', () => {
    virsh.file('etc/libvirt/lxc.conf', LOGGED);
    const [name, source] = [virsh.boot({ root: ownRoot() }), data()];
    const begun = logged(virsh, name).length;
    const file = xml(source, '/data');
    virsh.ok('attach-device', name, file);
    virsh.ok('detach-device', name, file);
    virsh.error('attach-device', name, xml('/no/such', '/data'));
    const who = `vm="${name}" uuid=${virsh.ok('domuuid', name).trim()}`;
    const encoded = Buffer.from(source).toString('hex').toUpperCase(); // it has a blank in it
    expect(logged(virsh, name).slice(begun)).toEqual([
      `yes virt=lxc resrc=fs reason=attach ${who} old-fs="?" new-fs=${encoded}`,
      `yes virt=lxc resrc=fs reason=detach ${who} old-fs=${encoded} new-fs="?"`,
      `no virt=lxc resrc=fs reason=attach ${who} old-fs="?" new-fs="/no/such"`,
    ]);
    fs.rmSync(virsh.path('etc/libvirt/lxc.conf'));
  });

  it('is refused as libvirt does where that is wanted', () => {
    const [name, file] = [virsh.boot(), xml(data(), '/data')];
    virsh.file('etc/libvirt/lxc.conf', 'functions = "libvirt"\n');
    try {
      for (const [command, word] of [
        ['attach-device', 'attach'],
        ['detach-device', 'detach'],
      ] as const) {
        expect(virsh.error(command, name, file)[1]).toBe(`unsupported configuration: device type 'filesystem' cannot be ${word}ed`);
        expect(virsh.error(command, name, file, '--config')[1]).toBe(
          `unsupported configuration: persistent ${word} of device is not supported`,
        );
      }
    } finally {
      fs.rmSync(virsh.path('etc/libvirt/lxc.conf'));
    }
  });

  it('comes to nothing once it was given up', () => {
    const name = virsh.boot({ root: ownRoot() });
    const tree = cloneTree(data());
    const pidfd = linux.open(`/proc/${virsh.initPid(name)}/ns/mnt`, O_CLOEXEC);
    try {
      const attach = () => runErrand({ words: ['mount', { fd: pidfd }, 'mounts', { fd: tree }, '/data'] })?.errno;
      expect(runErrand({ words: ['revoke', { fd: tree }] })?.errno).toBe(0);
      expect(attach()).toBe(EINVAL);
      expect(mounts(name)).not.toContain('/data');
      const other = cloneTree(data());
      expect(runErrand({ words: ['mount', { fd: pidfd }, 'mounts', { fd: other }, '/data'] })?.errno).toBe(0);
      expect(runErrand({ words: ['revoke', { fd: other }] })?.errno).toBe(EINVAL);
      linux.close(other);
      expect(mounts(name)).toContain('/data');
    } finally {
      linux.close(tree);
      linux.close(pidfd);
    }
  });
});

suite('an image that a running container is given', ['root', 'built', 'busybox', 'fuse', 'loop', 'ext4', 'mke2fs'], () => {
  const virsh = useVirsh();
  let made = 0;
  const ext4 = (): string => {
    const image = virsh.file(`image-${++made}`, '');
    fs.truncateSync(image, 16 * 1024 * 1024);
    execFileSync('mke2fs', ['-q', '-t', 'ext4', image]);
    return image;
  };
  const ownRoot = (): string => makeRoot(virsh.path(`image-root-${++made}`));
  const xml = (type: 'file' | 'block', source: string, more = '', attributes = ''): string =>
    virsh.file(
      `image-${++made}.xml`,
      `<filesystem type='${type}' ${attributes}><source ${type === 'file' ? 'file' : 'dev'}='${source}'/><target dir='/mnt'/>${more}</filesystem>`,
    );
  const images = (): string[] => virsh.leftovers().images;
  const SHOWN = 'grep " /mnt " /proc/mounts | cut -d" " -f3';

  it('is mounted through a loop device, which goes when it is detached', () => {
    const name = virsh.boot({ root: ownRoot() });
    const image = ext4();
    const file = xml('file', image);
    for (const more of ['', 'kept\n']) {
      virsh.ok('attach-device', name, file);
      expect(virsh.inside(name, `${SHOWN}; cat /mnt/file 2>/dev/null; echo kept >/mnt/file`)).toBe(`ext4\n${more}`);
      expect(images()).toHaveLength(1);
      virsh.ok('detach-device', name, file);
      expect([virsh.inside(name, SHOWN), images()]).toEqual(['', []]);
    }
    const readonly = xml('file', image, '<readonly/>');
    virsh.ok('attach-device', name, readonly, '--persistent');
    expect(virsh.inside(name, 'cat /mnt/file; touch /mnt/x 2>&1')).toBe('kept\ntouch: /mnt/x: Read-only file system\n');
    virsh.ok('destroy', name);
    expect(images()).toEqual([]);
    virsh.ok('start', name); // it is one of those of a start now
    expect(images()).toHaveLength(1);
    virsh.ok('detach-device', name, readonly, '--live');
    expect([virsh.inside(name, SHOWN), images()]).toEqual(['', []]);
  });

  it('that is in use stays until it is not, at the latest until the container ends', async () => {
    const name = virsh.boot({
      root: ownRoot(),
      init: ['/bin/sh', '-c', 'until [ -d /mnt/lost+found ]; do sleep 0.05; done; cd /mnt; touch here; sleep 1000'],
    });
    const file = xml('file', ext4());
    virsh.ok('attach-device', name, file);
    await eventually(() => virsh.runInside(name, 'test -e /mnt/here').status === 0);
    virsh.ok('detach-device', name, file);
    expect([virsh.inside(name, SHOWN), images().length]).toEqual(['', 1]);
    virsh.ok('destroy', name);
    await eventually(() => images().length === 0);
  });

  it('leaves no device where it cannot be attached', () => {
    const name = virsh.boot({ root: ownRoot() });
    const none = virsh.file('no-image', 'nothing that could be mounted');
    const image = ext4();
    virsh.inside(name, 'rmdir /mnt; touch /mnt');
    expect(virsh.error('attach-device', name, xml('file', none))[1]).toMatch(/Failed to mount device \/dev\/loop\d+, unable to detect/);
    expect(virsh.error('attach-device', name, xml('file', image))[1]).toBe(`Failed to mount '${image}' on '/mnt': Not a directory`);
    expect(virsh.error('attach-device', name, xml('file', image, "<driver type='loop' format='qcow2'/>"))[1]).toBe(
      'unsupported configuration: fs format qcow2 is not supported',
    );
    expect([images(), virsh.ok('dumpxml', name, '--xpath', '//filesystem/target')]).toEqual([[], '<target dir="/"/>\n\n']);
  });

  it('is one on a block device, which the container may use as long as it has it', () => {
    virsh.file('etc/libvirt/lxc.conf', LOGGED);
    const device = execFileSync('losetup', ['--find', '--show', ext4()], { encoding: 'utf8' }).trim();
    try {
      const root = ownRoot();
      const name = virsh.boot({ root });
      execFileSync('cp', ['-a', device, path.join(root, 'node')]);
      const mayUse = (): boolean => virsh.runInside(name, 'head -c 1 /node >/dev/null').status === 0;
      const begun = logged(virsh, name).length;
      const file = xml('block', device);
      expect(mayUse()).toBe(false);
      virsh.ok('attach-device', name, file);
      expect([virsh.inside(name, `${SHOWN}; touch /mnt/x`), mayUse()]).toEqual(['ext4\n', true]);
      virsh.ok('detach-device', name, file);
      expect([virsh.inside(name, SHOWN), mayUse()]).toEqual(['', false]);
      virsh.inside(name, 'rmdir /mnt; touch /mnt');
      expect(virsh.error('attach-device', name, file)[1]).toMatch(/: Not a directory$/);
      expect(mayUse()).toBe(false);
      const records = logged(virsh, name).slice(begun);
      expect(
        records.map((line) => /^(yes|no) virt=lxc resrc=(cgroup|fs) reason=(attach|detach|allow|deny)/.exec(line)?.slice(1).join(' ')),
      ).toEqual(['yes cgroup allow', 'yes fs attach', 'yes fs detach', 'yes cgroup deny', 'no fs attach']);
      expect(records[0]).toMatch(/ class=path path="\/dev\/loop\d+" rdev=07:[0-9A-F]+ acl=rw$/);
    } finally {
      spawnSync('losetup', ['--detach', device]);
      fs.rmSync(virsh.path('etc/libvirt/lxc.conf'));
    }
  });
});

suite(
  'a file system that a container with ids of its own is given',
  ['root', 'built', 'busybox', 'fuse', 'userns', 'idmapped_mounts'],
  () => {
    const virsh = useVirsh();
    const owned = (): string => {
      const source = fs.mkdtempSync(virsh.path('owned-'));
      execFileSync('sh', ['-c', `chmod 755 ${source}; touch ${source}/root ${source}/other; chown 7:8 ${source}/other`]);
      return source;
    };
    const OWNERS = 'cd /mnt && stat -c %u:%g . root other | tr "\\n" " "';
    const attach = (name: string, accessmode: string): void =>
      void virsh.ok(
        'attach-device',
        name,
        virsh.file(
          `${accessmode}.xml`,
          `<filesystem accessmode='${accessmode}'><source dir='${owned()}'/><target dir='/mnt'/></filesystem>`,
        ),
      );

    it('is its own where that is wanted', () => {
      const name = virsh.boot({ root: makeRoot(virsh.path('root-a')), accessmode: 'mapped', more: IDMAP });
      attach(name, 'mapped');
      expect(virsh.inside(name, OWNERS).trim()).toBe('0:0 0:0 7:8');
      virsh.ok('detach-device', name, virsh.path('mapped.xml'));
      attach(name, 'passthrough');
      expect(virsh.inside(name, OWNERS).trim()).toBe('65534:65534 65534:65534 65534:65534');
    });

    it.skipIf(requires('loop', 'ext4', 'mke2fs'))('is its own, of an image, too', () => {
      const image = virsh.file('image', '');
      fs.truncateSync(image, 16 * 1024 * 1024);
      execFileSync('mke2fs', ['-q', '-t', 'ext4', image]);
      const name = virsh.boot({ root: makeRoot(virsh.path('root-d')), accessmode: 'mapped', more: IDMAP });
      const file = virsh.file(
        'i.xml',
        `<filesystem type='file' accessmode='mapped'><source file='${image}'/><target dir='/mnt'/></filesystem>`,
      );
      virsh.ok('attach-device', name, file);
      expect(virsh.inside(name, 'stat -c %u:%g /mnt/lost+found; touch /mnt/x && echo writes')).toBe('0:0\nwrites\n');
      virsh.ok('detach-device', name, file);
      expect(virsh.leftovers().images).toEqual([]);
    });

    it('is its own where the ids were chosen by the start', () => {
      const name = virsh.boot({ root: makeRoot(virsh.path('root-b')), level: 'strict' });
      attach(name, 'passthrough');
      expect(virsh.inside(name, OWNERS).trim()).toBe('0:0 0:0 7:8');
      expect(virsh.ok('dumpxml', name, '--xpath', '//filesystem/@accessmode')).toBe(' accessmode="mapped"\n accessmode="mapped"\n\n');
    });

    it('is not shown by the ids of a namespace that init has gone on to', async () => {
      const root = makeRoot(virsh.path('root-c'));
      const name = virsh.boot({
        root,
        accessmode: 'mapped',
        more: IDMAP,
        init: ['/bin/sh', '-c', 'exec unshare -r /bin/sh -c "touch /tmp/left; sleep 1000"'],
      });
      await eventually(() => fs.existsSync(path.join(root, 'tmp/left')));
      const file = virsh.file('m.xml', `<filesystem accessmode='mapped'><source dir='${owned()}'/><target dir='/mnt'/></filesystem>`);
      expect(virsh.error('attach-device', name, file)[1]).toMatch(/init has left the user namespace of its container/);
    });
  },
);
