// Image files as disks and file systems: what stands between lives as long as the container.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import process from 'node:process';
import { expect, it } from 'vitest';
import { eventually } from '../helpers/eventually.ts';
import { suite } from '../helpers/requires.ts';
import { makeRoot } from '../helpers/rootfs.ts';
import { useVirsh, type Virsh } from '../helpers/virsh.ts';

const IMAGE_BYTES = 8 * 1024 * 1024;

/** A file that begins with `text`. */
function rawImage(virsh: Virsh, text: string, mode?: number): string {
  const image = virsh.file('image.raw', text, mode);
  fs.truncateSync(image, IMAGE_BYTES);
  return image;
}

function run(program: string, ...args: string[]): void {
  const { status, stderr } = spawnSync(program, args, { encoding: 'utf8' });
  expect({ program, args, status, stderr }).toEqual({ program, args, status: 0, stderr: '' });
}

const begin = (file: string, bytes: number): string => fs.readFileSync(file, 'latin1').slice(0, bytes);
/** It ends when it is told to reboot. */
const RESTARTED = ['/bin/sh', '-c', 'trap exit HUP; while :; do sleep 1; done'];

suite('an image file', ['root', 'built', 'busybox', 'fuse', 'loop'], () => {
  const virsh = useVirsh();

  it('is a disk: a loop device, as long as the container runs', () => {
    const image = rawImage(virsh, 'before');
    const name = virsh.boot({ devices: `<disk type='file'><source file='${image}'/><target dev='vda'/></disk>` });
    expect(virsh.leftovers().images).toHaveLength(1);
    expect(virsh.inside(name, 'stat -c "%A %F" /dev/vda; head -c 6 /dev/vda; printf after | dd of=/dev/vda conv=notrunc 2>/dev/null')).toBe(
      'brwx------ block special file\nbefore',
    );
    expect(virsh.ok('dumpxml', name)).toContain(
      `<disk type='file' device='disk'>\n      <source file='${image}'/>\n      <target dev='vda' bus='virtio'/>\n    </disk>`,
    );
    expect(virsh.ok('domblkstat', name, 'vda')).toContain('vda rd_req ');
    virsh.file('etc/libvirt/lxc.conf', 'functions = "libvirt"\n');
    expect(virsh.error('domblkstat', name, 'vda')[1]).toBe('internal error: missing disk device alias name for vda');
    fs.rmSync(virsh.path('etc/libvirt/lxc.conf'));
    virsh.ok('destroy', name);
    expect(virsh.leftovers().images).toEqual([]);
    expect(begin(image, 6)).toBe('aftere');
  });

  it('is not written to if the disk is read-only, whatever the container tries', () => {
    const image = rawImage(virsh, 'before', 0o444);
    const devices = `<disk type='file'><driver name='loop' type='raw'/><source file='${image}'/><target dev='vda'/><readonly/></disk>`;
    const name = virsh.boot({ devices });
    expect(virsh.runInside(name, 'head -c 6 /dev/vda; chmod 777 /dev/vda; (: >>/dev/vda) || echo refused').stdout).toBe('beforerefused\n');
    virsh.ok('destroy', name);
    expect(begin(image, 6)).toBe('before');
  });

  it('can be used after other devices came and went', () => {
    const image = rawImage(virsh, 'before');
    const name = virsh.boot({ devices: `<disk type='file'><source file='${image}'/><target dev='vda'/></disk>` });
    const device = virsh.file(
      'd.xml',
      "<hostdev mode='capabilities' type='misc'><source><char>/dev/loop-control</char></source></hostdev>",
    );
    virsh.ok('attach-device', name, device);
    virsh.ok('detach-device', name, device);
    expect(virsh.inside(name, 'head -c 6 /dev/vda')).toBe('before');
    virsh.ok('detach-disk', name, 'vda');
    expect(virsh.runInside(name, 'head -c 6 /dev/vda').status).not.toBe(0);
  });

  it('is there again after a reboot', async () => {
    const image = rawImage(virsh, 'before');
    const devices = `<disk type='file'><source file='${image}'/><target dev='vda'/></disk>`;
    const name = virsh.boot({ devices, init: RESTARTED, more: '<on_poweroff>restart</on_poweroff>' });
    const first = virsh.controllerPid(name);
    virsh.ok('reboot', name, '--mode', 'signal');
    await eventually(() => virsh.controllerPid(name) > 0 && virsh.controllerPid(name) !== first);
    expect(virsh.inside(name, 'head -c 6 /dev/vda')).toBe('before');
    expect(virsh.leftovers().images).toHaveLength(1);
  });

  it('is let go of when the controller is killed', async () => {
    const image = rawImage(virsh, '');
    const name = virsh.boot({ devices: `<disk type='file'><source file='${image}'/><target dev='vda'/></disk>` });
    process.kill(virsh.controllerPid(name), 'SIGKILL');
    await eventually(() => virsh.leftovers().images.length === 0);
    virsh.ok('start', name);
  });

  it.each([
    ['<driver name="loop" type="qcow2"/>', 'disk format qcow2 is not supported'],
    ['<driver name="qemu" type="raw"/>', 'disk driver qemu is not supported'],
    ['<driver name="nbd"/>', 'An explicit disk format must be specified'],
    ['<driver name="nbd" type="raw" cache="writeback"/>', 'Disk cache mode writeback is not supported'],
  ])('is refused with a driver that containers do not have: %s', (driver, reason) => {
    const image = rawImage(virsh, '');
    const name = virsh.define({ devices: `<disk type='file'>${driver}<source file='${image}'/><target dev='vda'/></disk>` });
    expect(virsh.error('start', name)).toEqual([
      `Failed to start domain '${name}'`,
      `internal error: guest failed to start: Failure in libvirt_lxc startup: unsupported configuration: ${reason}`,
    ]);
    expect(virsh.leftovers().images).toEqual([]);
  });
});

suite('an image of another format', ['root', 'built', 'busybox', 'fuse', 'nbd', 'ext4', 'mke2fs'], () => {
  const virsh = useVirsh();

  function qcow2(): string {
    const [raw, image] = [rawImage(virsh, ''), virsh.path('image.qcow2')];
    run('mke2fs', '-q', '-t', 'ext4', raw);
    run('qemu-img', 'convert', '-f', 'raw', '-O', 'qcow2', raw, image);
    return image;
  }
  const mounted = (image: string): string =>
    `<filesystem type='file'><driver type='nbd' format='qcow2'/><source file='${image}'/><target dir='/mnt'/></filesystem>`;

  it('is a file system, and has what was written to it', () => {
    const image = qcow2();
    const name = virsh.boot({ devices: mounted(image) });
    expect(virsh.inside(name, 'echo kept >/mnt/file; grep " /mnt " /proc/mounts | cut -d" " -f3')).toBe('ext4\n');
    virsh.ok('destroy', name);
    expect(virsh.leftovers().images).toEqual([]);
    virsh.ok('start', name);
    expect(virsh.inside(name, 'cat /mnt/file')).toBe('kept\n');
  });

  it('is a disk', () => {
    const image = qcow2();
    const name = virsh.boot({
      devices: `<disk type='file'><driver name='nbd' type='qcow2'/><source file='${image}'/><target dev='vda'/></disk>`,
    });
    // ext4's magic number
    expect(virsh.inside(name, 'dd if=/dev/vda bs=1 skip=1080 count=2 2>/dev/null | od -An -tx1').trim()).toBe('53 ef');
    virsh.ok('destroy', name);
    expect(virsh.leftovers().images).toEqual([]);
  });

  it('is let go of after a start that failed, and after a controller that was killed', () => {
    const image = qcow2();
    const failing = virsh.define({
      devices: `${mounted(image)}<filesystem type='mount'><source dir='/no/such'/><target dir='/x'/></filesystem>`,
    });
    expect(virsh.error('start', failing)[1]).toContain("Failed to access '/no/such'");
    expect(virsh.leftovers().images).toEqual([]);
    const name = virsh.boot({ devices: mounted(image) });
    process.kill(virsh.controllerPid(name), 'SIGKILL');
    virsh.ok('start', name);
    expect(virsh.leftovers().images).toHaveLength(1);
  });

  it('comes to a running container, and is let go of when it is detached or cannot be attached', () => {
    const image = qcow2();
    const name = virsh.boot({ root: makeRoot(virsh.path('plugged')) });
    const file = virsh.file('plugged.xml', mounted(image));
    for (const text of ['', 'kept\n']) {
      virsh.ok('attach-device', name, file);
      expect(virsh.leftovers().images).toHaveLength(1);
      expect(virsh.inside(name, 'cat /mnt/file 2>/dev/null; echo kept >/mnt/file')).toBe(text);
      virsh.ok('detach-device', name, file);
      expect(virsh.leftovers().images).toEqual([]);
    }
    virsh.inside(name, 'rmdir /mnt; touch /mnt');
    expect(virsh.error('attach-device', name, file)[1]).toMatch(/: Not a directory$/);
    expect(virsh.leftovers().images).toEqual([]);
    virsh.inside(name, 'rm /mnt');
    virsh.ok('attach-device', name, file);
    virsh.ok('destroy', name);
    expect(virsh.leftovers().images).toEqual([]);
  });

  it('that is none is told of in qemu-nbd’s words', () => {
    const name = virsh.define({ devices: mounted(rawImage(virsh, '')) });
    expect(virsh.error('start', name)[1]).toContain('qemu-nbd: ');
    expect(virsh.leftovers().images).toEqual([]);
  });
});
