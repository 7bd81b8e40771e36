// <filesystem accessmode='mapped'>: files that belong to the host's ids, and in a container with mapped ids to its own.
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { suite } from '../helpers/requires.ts';
import { makeRoot } from '../helpers/rootfs.ts';
import { useVirsh } from '../helpers/virsh.ts';

const idmap = (first: number) =>
  `<idmap><uid start='0' target='${first}' count='65536'/><gid start='0' target='${first + 65536}' count='65536'/></idmap>`;
const level = (word: string) => `<x:security xmlns:x='urn:virsh-lxc:domain:1.0' level='${word}'/>`;
const OWNERS = 'stat -c "%u:%g" / /bin /proc/1 /dev/null';

suite("accessmode='mapped'", ['root', 'built', 'busybox', 'fuse', 'userns', 'idmapped_mounts'], () => {
  const virsh = useVirsh();
  const owner = (file: string) => [fs.lstatSync(file).uid, fs.lstatSync(file).gid];

  it('shows a root that is not changed as the container’s own, which writes as the host’s root', () => {
    const root = makeRoot(virsh.path('written'));
    const name = virsh.boot({ root, accessmode: 'mapped', more: idmap(100000) });
    expect(virsh.inside(name, `${OWNERS}; cd /tmp && touch root && touch other && chown 7:8 other && echo done`)).toBe(
      `${'0:0\n'.repeat(4)}done\n`,
    );
    expect(fs.readFileSync(`/proc/${virsh.initPid(name)}/status`, 'utf8')).toMatch(/^Uid:\t100000\t/m);
    expect([owner(root), owner(`${root}/tmp/root`), owner(`${root}/tmp/other`)]).toEqual([
      [0, 0],
      [0, 0],
      [7, 8],
    ]);
    virsh.ok('destroy', name);
  });

  it('lets two containers with different ids have one root, for reading only', () => {
    const names = [100000, 300000].map((first) =>
      virsh.boot({ accessmode: 'mapped', readonlyRoot: true, more: `${idmap(first)}<features><privnet/></features>` }),
    );
    for (const name of names)
      expect(virsh.inside(name, `${OWNERS}; touch /x 2>&1`)).toBe(`${'0:0\n'.repeat(4)}touch: /x: Read-only file system\n`);
    expect(names.map((name) => owner(`/proc/${virsh.initPid(name)}`)[0])).toEqual([100000, 300000]);
  });

  it('is for each file system to say, and says nothing at level libvirt or without mapped ids', () => {
    const data = virsh.path('data');
    fs.mkdirSync(data);
    fs.mkdirSync(`${virsh.root}/data`); // where the container's root cannot make one
    const devices = (mode: string) => `<filesystem accessmode='${mode}'><source dir='${data}'/><target dir='/data'/></filesystem>`;
    const owners = (options: Parameters<typeof virsh.boot>[0]) => virsh.inside(virsh.boot(options), 'echo $(stat -c %u / /data)').trim();
    expect(owners({ devices: devices('mapped'), more: idmap(100000) })).toBe('65534 0');
    expect(owners({ accessmode: 'mapped', devices: devices('passthrough'), more: idmap(100000) })).toBe('0 65534');
    expect(owners({ accessmode: 'mapped', devices: devices('mapped'), more: idmap(100000) + level('libvirt') })).toBe('65534 65534');
    expect(owners({ accessmode: 'mapped', devices: devices('mapped') })).toBe('0 0');
    fs.chownSync(data, 100000, 100000);
    expect(owners({ devices: devices('mapped') })).toBe('0 100000');
  });

  it('names a file system that cannot, and leaves nothing', () => {
    const [root, below] = [virsh.path('some root'), 'opt'];
    makeRoot(root);
    fs.mkdirSync(path.join(root, below));
    execFileSync('mount', ['-t', 'proc', 'proc', path.join(root, below)]);
    try {
      const name = virsh.define({ root, accessmode: 'mapped', more: idmap(100000) });
      expect(virsh.error('start', name)).toEqual([
        `Failed to start domain '${name}'`,
        'internal error: guest failed to start: Failure in libvirt_lxc startup: unsupported configuration: owners in ' +
          `'${root}' cannot be mapped for the container: the proc at '${root}/${below}' does not know idmapped mounts`,
      ]);
      expect(virsh.state(name)).toBe('shut off (failed)');
      expect(virsh.leftovers()).toEqual({ ...virsh.leftovers(), cgroups: [], processes: [] });
    } finally {
      execFileSync('umount', ['-l', path.join(root, below)]);
    }
  });

  suite('of an image', ['loop', 'mke2fs', 'ext4'], () => {
    it('is mapped as a directory is', () => {
      const image = virsh.file('image.ext4', '');
      fs.truncateSync(image, 8 * 1024 * 1024);
      execFileSync('mke2fs', ['-qt', 'ext4', image]);
      const devices = `<filesystem type='file' accessmode='mapped'><source file='${image}'/><target dir='/data'/></filesystem>`;
      const name = virsh.boot({ accessmode: 'mapped', devices, more: idmap(100000) });
      expect(virsh.inside(name, 'stat -c %u:%g /data /data/lost+found; touch /data/x && echo writes')).toBe('0:0\n0:0\nwrites\n');
    });
  });
});
