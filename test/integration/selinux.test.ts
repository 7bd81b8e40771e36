// Containers under SELinux, where there is one whose policy has types for them (src/selinux).
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../helpers/eventually.ts';
import { suite } from '../helpers/requires.ts';
import { useVirsh } from '../helpers/virsh.ts';

const INIT_TYPE = "<seclabel type='dynamic' model='selinux'><baselabel>system_u:system_r:container_init_t:s0</baselabel></seclabel>";
const DYNAMIC = "<seclabel type='dynamic' model='selinux'/>";

suite('a container under SELinux', ['root', 'built', 'busybox', 'fuse', 'selinux'], () => {
  const virsh = useVirsh();
  beforeAll(() => {
    expect(spawnSync('chcon', ['-R', '-t', 'container_file_t', virsh.root]).status).toBe(0);
  });
  const labelOf = (name: string): string => /^Security label: (\S+) \((?:enforcing|permissive)\)$/m.exec(virsh.ok('dominfo', name))![1]!;
  const notes = (): string[] => fs.readdirSync(virsh.path('run/libvirt/lxc/labels'));

  it('has a label of its own, which all that runs in it has, too, and the file systems that were made for it', () => {
    const [one, two] = [virsh.boot({ more: DYNAMIC }), virsh.boot({ more: DYNAMIC })];
    const labels = [one, two].map(labelOf);
    for (const label of labels) expect(label).toMatch(/:container_t:s0:c\d+,c\d+$/);
    expect(labels[0]).not.toBe(labels[1]);
    const xml = virsh.ok('dumpxml', one);
    const image = /<imagelabel>(.*)<\/imagelabel>/.exec(xml)![1]!;
    expect(xml).toContain(`<label>${labels[0]}</label>`);
    expect(image).toMatch(/:object_r:container_file_t:s0:c\d+,c\d+$/);
    expect(virsh.ok('dumpxml', '--inactive', one)).toContain("<seclabel type='dynamic' model='selinux' relabel='yes'/>");
    expect(virsh.inside(one, 'tr -d "\\0" </proc/self/attr/current')).toBe(labels[0]);
    const mounts = virsh.inside(one, 'cat /proc/mounts').split('\n');
    for (const place of ['/dev', '/dev/pts', '/proc/meminfo'])
      expect(mounts.find((line) => line.split(' ')[1] === place)).toContain(`context=${/[" ]/.test(image) ? image : `"${image}"`}`);
  });

  it('starts where no program may gain rights', () => {
    const name = virsh.boot({ more: DYNAMIC, level: 'strict' });
    expect(labelOf(name)).toMatch(/:container_t:s0:c\d+,c\d+$/);
    expect(virsh.inside(name, 'grep NoNewPrivs /proc/self/status')).toMatch(/1$/);
    expect(virsh.inside(name, 'tr -d "\\0" </proc/1/attr/current')).toBe(labelOf(name));
  });

  it('is entered with the label of who enters where that is asked for', () => {
    const name = virsh.boot({ more: DYNAMIC });
    // Not of this process: Node can have a type of its own, where others may not make code.
    const own = spawnSync('sh', ['-c', 'cat /proc/self/attr/current'], { encoding: 'utf8' }).stdout.replace('\0', '').trim();
    const entered = virsh.ok('-q', 'lxc-enter-namespace', name, '--noseclabel', '/bin/cat', '/proc/self/attr/current');
    expect(entered.replace('\0', '').trim()).toBe(own);
  });

  it('gives its label back when it ends, and when its start is killed', async () => {
    const name = virsh.boot({ more: DYNAMIC });
    expect(notes()).toContain(`${name}.sec`);
    virsh.ok('destroy', name);
    expect(notes()).not.toContain(`${name}.sec`);
    // As a start leaves it that is killed before it has a controller.
    fs.writeFileSync(
      virsh.path(`run/libvirt/lxc/labels/${name}.sec`),
      JSON.stringify({ domain: { name, uuid: '' }, seclabel: { type: 'dynamic', model: 'selinux', label: 'a:b:c:s0:c1,c2' } }),
    );
    virsh.ok('list');
    await eventually(() => expect(notes()).not.toContain(`${name}.sec`));
  });

  it('is not stored with a label that the host does not know', () => {
    const seclabel = "<seclabel type='static' model='selinux'><label>a:b:no_such_t:s0</label></seclabel>";
    expect(() => virsh.define({ more: seclabel })).toThrow('Invalid security label a:b:no_such_t:s0');
  });

  describe.runIf(isEnforcing())('that is enforced', () => {
    it.each([
      ['a file of the host that was handed in', 'cat /hostetc/shadow'],
      ['a mount of what is not memory', 'mount -t proc proc /tmp'],
      ['what is under a mount', 'umount /proc/sys'],
      ['to remount its root', 'mount -o remount,ro /'],
      ['sysrq-trigger', 'echo h >/hostproc/sysrq-trigger'],
      ['core_pattern', 'echo x >/hostproc/sys/kernel/core_pattern'],
      ['a process outside', 'cat /hostproc/1/environ'],
    ])('has no way to %s', (_, command) => {
      const devices = `<filesystem type='mount'><source dir='/etc'/><target dir='/hostetc'/></filesystem>
        <filesystem type='mount'><source dir='/proc'/><target dir='/hostproc'/></filesystem>`;
      const name = virsh.boot({ more: DYNAMIC, devices });
      const { stdout, stderr } = virsh.run('-q', 'lxc-enter-namespace', name, '--', '/bin/sh', '-c', `(${command}) 2>&1 | cat`);
      expect(stdout + stderr).toContain('Permission denied');
    });

    it.each([
      ['sysrq-trigger of a /proc of its own', 'mount -t proc proc /tmp && echo h >/tmp/sysrq-trigger'],
      ['core_pattern once nothing covers it', 'umount /proc/sys; echo x >/proc/sys/kernel/core_pattern'],
      ["the kernel's memory of a /proc of its own", 'mount -t proc proc /tmp && head -c 1 /tmp/kcore'],
      ['the file system that its root is on', 'mount -o remount,ro /'],
      ["the kernel's own file systems", 'mount -t debugfs debugfs /tmp'],
      ['a file of the host that was handed in', 'cat /hostetc/shadow'],
      ['a process outside', 'cat /hostproc/1/environ'],
    ])('has, as an init system that mounts, no way to %s', (_, command) => {
      const devices = `<filesystem type='mount'><source dir='/etc'/><target dir='/hostetc'/></filesystem>
        <filesystem type='mount'><source dir='/proc'/><target dir='/hostproc'/></filesystem>`;
      const name = virsh.boot({ more: INIT_TYPE, devices });
      expect(labelOf(name)).toContain(':container_init_t:');
      const { stdout, stderr } = virsh.run('-q', 'lxc-enter-namespace', name, '--', '/bin/sh', '-c', `(${command}) 2>&1 | cat`);
      expect(stdout + stderr).toMatch(/permission denied/i);
    });

    it('may, as an init system, make a mount of its own read-only', () => {
      const name = virsh.boot({ more: INIT_TYPE });
      expect(virsh.inside(name, 'mount --bind /home /home && mount -o remount,bind,ro /home && touch /home/x 2>&1; true')).toContain(
        'Read-only',
      );
    });
  });
});

function isEnforcing(): boolean {
  try {
    return fs.readFileSync('/sys/fs/selinux/enforce', 'latin1') === '1';
  } catch {
    return false;
  }
}
