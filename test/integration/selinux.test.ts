// Containers under SELinux, where there is one whose policy has types for them (src/selinux).
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import type { SecurityLevel } from '../../src/domain/definition.ts';
import { liveWithInit } from '../helpers/busybox-init.ts';
import { eventually } from '../helpers/eventually.ts';
import { suite } from '../helpers/requires.ts';
import { useVirsh } from '../helpers/virsh.ts';

const INIT_TYPE = "<seclabel type='dynamic' model='selinux'><baselabel>system_u:system_r:container_init_t:s0</baselabel></seclabel>";
const AUDIT_LOG = '/var/log/audit/audit.log';
const DYNAMIC = "<seclabel type='dynamic' model='selinux'/>";

suite('a container under SELinux', ['root', 'built', 'busybox', 'fuse', 'script', 'selinux'], () => {
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

  it.each<[string, SecurityLevel, string]>([
    ['/sbin/init', 'default', 'container_init_t'],
    ['/sbin/init', 'strict', 'container_init_t'],
    ['/sbin/init', 'libvirt', 'container_t'],
    ['/bin/sh', 'default', 'container_t'],
  ])('has the label of an init system where it is one: %s at level %s', (init, level, type) => {
    const name = virsh.define({ more: `<features><privnet/></features>${DYNAMIC}`, root: virsh.root, init: [init], level });
    const steps = virsh.ok('start', name, '--dry-run');
    expect(steps).toMatch(new RegExp(`:${type}:s0:c\\d+,c\\d+`));
  });

  it('labels a file system that is made for it later, too', () => {
    const name = virsh.boot({ more: DYNAMIC });
    const file = virsh.file('ram.xml', "<filesystem type='ram'><source usage='64'/><target dir='/ram'/></filesystem>");
    virsh.ok('attach-device', name, file);
    const image = /<imagelabel>(.*)<\/imagelabel>/.exec(virsh.ok('dumpxml', name))![1]!;
    const mounts = virsh.inside(name, 'cat /proc/mounts').split('\n');
    expect(mounts.find((line) => line.split(' ')[1] === '/ram')).toContain(`context=${/[" ]/.test(image) ? image : `"${image}"`}`);
    expect(virsh.runInside(name, 'echo mine >/ram/x && cat /ram/x').stdout).toBe('mine\n');
    virsh.ok('detach-device', name, file);
  });

  it('starts where no program may gain rights', () => {
    const name = virsh.boot({ more: DYNAMIC, level: 'strict' });
    const label = labelOf(name);
    expect(label).toMatch(/:container_t:s0:c\d+,c\d+$/);
    expect(virsh.ok('dominfo', name)).toContain(`${label} (${isEnforcing() ? 'enforcing' : 'permissive'})`);
    for (const process of ['1', 'self']) {
      expect(virsh.inside(name, `grep NoNewPrivs /proc/${process}/status`)).toBe('NoNewPrivs:\t1\n');
      expect(virsh.inside(name, `tr -d "\\0" </proc/${process}/attr/current`)).toBe(label);
    }
    // Root is not the host's there.
    expect(virsh.inside(name, 'cat /proc/self/uid_map').trim().split(/\s+/)[1]).not.toBe('0');
  });

  it.each([DYNAMIC, INIT_TYPE])("boots busybox's own init system, whose console is logged in on: %s", async (more) => {
    await liveWithInit(
      virsh,
      { more },
      (name) => expect(virsh.inside(name, 'tr -d "\\0" </proc/1/attr/current')).toBe(labelOf(name)),
      'container_file_t',
    );
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
    const file = virsh.file('unknown.xml', virsh.xml(virsh.name(), { more: seclabel }));
    expect(virsh.error('define', file).at(-1)).toBe('XML error: Invalid security label a:b:no_such_t:s0');
  });

  describe.runIf(isEnforcing())('that is enforced', () => {
    const devices = `<filesystem type='mount'><source dir='/etc'/><target dir='/hostetc'/></filesystem>
      <filesystem type='mount'><source dir='/proc'/><target dir='/hostproc'/></filesystem>`;

    /** It fails, and the audit log says that it was for this container's label. */
    async function expectDenied(more: string, level: SecurityLevel, command: string): Promise<void> {
      const name = virsh.boot({ more, devices, level });
      const label = labelOf(name);
      const { stdout, stderr } = virsh.runInside(name, `(${command}) 2>&1 | cat`);
      expect(stdout + stderr).toMatch(/permission denied/i);
      if (fs.existsSync(AUDIT_LOG)) await eventually(() => expect(denials(label)).not.toEqual([]));
    }

    // Where the policy alone is in the way.
    it.each([
      ['a file of the host that was handed in', 'cat /hostetc/shadow'],
      ['a mount of what is not memory', 'mount -t proc proc /tmp'],
      ['what is under a mount', 'umount /proc/sys'],
      ['sysrq-trigger', 'echo h >/hostproc/sysrq-trigger'],
      ['core_pattern', 'echo x >/hostproc/sys/kernel/core_pattern'],
      ['a process outside', 'cat /hostproc/1/environ'],
    ])('has no way to %s', async (_, command) => {
      await expectDenied(DYNAMIC, 'libvirt', command);
    });

    it.each([
      ['sysrq-trigger of a /proc of its own', 'mount -t proc proc /tmp && echo h >/tmp/sysrq-trigger'],
      ['core_pattern once nothing covers it', 'umount /proc/sys; echo x >/proc/sys/kernel/core_pattern'],
      ["the kernel's memory of a /proc of its own", 'mount -t proc proc /tmp && head -c 1 /tmp/kcore'],
      ["the kernel's own file systems", 'mount -t debugfs debugfs /tmp'],
      ['a file of the host that was handed in', 'cat /hostetc/shadow'],
      ['a process outside', 'cat /hostproc/1/environ'],
    ])('has, as an init system that mounts, no way to %s', async (_, command) => {
      await expectDenied(INIT_TYPE, 'libvirt', command);
    });

    it.each([
      ['', DYNAMIC],
      [', as an init system,', INIT_TYPE],
    ])('has%s no way to the file system that its root is on: the filter that a label brings refuses it', (_, more) => {
      const name = virsh.boot({ more, level: 'libvirt' });
      expect(virsh.runInside(name, 'mount -o remount,ro /').stderr).toContain('permission denied (are you root?)');
      expect(virsh.inside(name, 'touch /tmp/x && rm /tmp/x && echo written')).toBe('written\n');
    });

    it('may, as an init system, make a mount of its own read-only', () => {
      const name = virsh.boot({ more: INIT_TYPE });
      expect(virsh.inside(name, 'mount --bind /home /home && mount -o remount,bind,ro /home && touch /home/x 2>&1; true')).toContain(
        'Read-only',
      );
    });
  });
});

/** Of what has this label; with its categories, no other container's. */
const denials = (label: string): string[] =>
  fs
    .readFileSync(AUDIT_LOG, 'latin1')
    .split('\n')
    .filter((line) => line.includes(`scontext=${label} `) && /avc: +denied/.test(line));

function isEnforcing(): boolean {
  try {
    return fs.readFileSync('/sys/fs/selinux/enforce', 'latin1') === '1';
  } catch {
    return false;
  }
}
