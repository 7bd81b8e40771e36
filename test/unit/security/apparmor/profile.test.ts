import { describe, expect, it } from 'vitest';
import type { DomainDefinition, FilesystemDevice } from '../../../../src/domain/definition.ts';
import { profileText } from '../../../../src/security/apparmor/profile.ts';
import { defaultTemplate } from '../../../../src/security/apparmor/template.ts';
import { minimalDefinition } from '../../../helpers/definition.ts';

const UUID = 'c7a5fdbd-edaf-9455-926a-d65c16db1809';
const TEMPLATE = 'profile LIBVIRT_TEMPLATE {\n  file,\n  signal peer=LIBVIRT_TEMPLATE,\n}\n';
const DISK = 'mount fstype=(ext2,ext3,ext4,xfs,btrfs,f2fs,vfat,exfat,iso9660,udf,squashfs,erofs)';

const filesystem = (target: string, readonly: boolean): FilesystemDevice => ({ type: 'mount', source: '/srv/x', target, readonly });
const withDevices = (devices: Partial<DomainDefinition['devices']>) =>
  minimalDefinition((definition) => Object.assign(definition, { uuid: UUID, devices: { ...definition.devices, ...devices } }));
/** What is added for them. */
const rulesFor = (devices: Partial<DomainDefinition['devices']>): string[] =>
  profileText(TEMPLATE, withDevices(devices))
    .split('\n')
    .slice(3, -2)
    .map((line) => line.trim())
    .filter((line) => line !== '');

describe('profileText()', () => {
  it('gives the template its name, everywhere', () => {
    expect(profileText(TEMPLATE, withDevices({ filesystems: [] }))).toBe(
      `profile libvirt-${UUID} {\n  file,\n  signal peer=libvirt-${UUID},\n\n}\n`,
    );
  });

  it('refuses writing to what is read-only, and the root from being made writable for a service', () => {
    const filesystems = [filesystem('/', true), filesystem('/srv/data/', true), filesystem('/rw', false)];
    expect(rulesFor({ filesystems })).toEqual([
      'audit deny mount options=(remount,bind) options in (nosuid,nodev,noexec,noatime,nodiratime,relatime) -> /run/systemd/{mo,un}*/,',
      'audit deny "/srv/data{,/{,**}}" wl,',
      'audit deny "/run/systemd/{mo,un}*/srv/data{,/{,**}}" wl,',
    ]);
  });

  it('leaves what another file system is in to the mount', () => {
    expect(rulesFor({ filesystems: [filesystem('/a', true), filesystem('/a/b', false), filesystem('/ab', false)] })).toEqual([]);
  });

  it('lets its own disks be mounted', () => {
    const { disks } = minimalDefinition(() => {}).devices;
    expect(disks).toEqual([]);
    const disk = { target: { dev: 'vda', bus: 'virtio', others: [] } } as unknown as DomainDefinition['devices']['disks'][number];
    const hostdev = { mode: 'capabilities', type: 'storage', source: '/dev/sdb1' } as DomainDefinition['devices']['hostdevs'][number];
    const character = { mode: 'capabilities', type: 'misc', source: '/dev/input/event3' } as typeof hostdev;
    expect(rulesFor({ disks: [disk], hostdevs: [hostdev, character] })).toEqual([`${DISK} "/dev/vda",`, `${DISK} "/dev/sdb1",`]);
  });

  it('lets no definition end a rule or begin one', () => {
    const rules = rulesFor({ filesystems: [filesystem('/x" wl,\n  capability,\n  "@{PROC}}', true)] });
    expect(rules).toHaveLength(2);
    for (const rule of rules) expect(rule).toMatch(/^audit deny "[^"\n]*" wl,$/);
    expect(rules[0]).toBe('audit deny "/x? wl\\,?  capability\\,?  ?\\@\\{PROC\\}\\}{,/{,**}}" wl,');
  });

  it.each(['profile mine {\n}\n', 'LIBVIRT_TEMPLATE'])('takes no template without a profile of that name: %j', (template) => {
    expect(() => profileText(template, withDevices({}))).toThrow("the template of AppArmor's profiles has no profile LIBVIRT_TEMPLATE");
  });
});

describe('defaultTemplate()', () => {
  it('has one profile, and rules that end', () => {
    const text = defaultTemplate();
    expect(text.match(/^profile /gm)).toHaveLength(1);
    const body = text.slice(text.indexOf('profile LIBVIRT_TEMPLATE'));
    for (const line of body.split('\n').slice(1, -2)) expect(line).toMatch(/^(\s*|\s*#.*| {2}.*,)$/);
  });
});
