// Distributions whose root file systems belong to the host's root, and who have a user namespace nobody thought of.
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { DISTRIBUTIONS, Distribution, rootOf, SYSTEMD, useDistributions } from '../helpers/distribution.ts';
import { suite } from '../helpers/requires.ts';

suite('with ids chosen for it', ['root', 'built', 'distros', 'userns', 'idmapped_mounts'], () => {
  const virsh = useDistributions();
  beforeAll(() => void virsh.file('etc/libvirt/lxc.conf', 'default_idmap = "auto"\n'));

  describe.each(SYSTEMD)('%s at level strict', (distribution) => {
    it('boots as well', async () => {
      const more = "<features><privnet/></features><x:security xmlns:x='urn:virsh-lxc:domain:1.0' level='strict'/>";
      const tmp = "<filesystem type='ram'><source usage='64' units='MiB'/><target dir='/tmp'/></filesystem>"; // which Debian 13 has in memory
      const domain = new Distribution(virsh, distribution, { more, devices: distribution === 'trixie' ? tmp : '' });
      await domain.up();
      expect(domain.inside('systemctl is-system-running')).toBe('running\n');
      virsh.ok('destroy', domain.name);
    });
  });

  describe.each(DISTRIBUTIONS)('%s', (distribution) => {
    it('boots from a root that nobody has changed, and leaves nothing in it that is not its own', async () => {
      const domain = new Distribution(virsh, distribution);
      await domain.up();
      expect(fs.statSync(`/proc/${virsh.initPid(domain.name)}`).uid).toBeGreaterThan(65535);
      if (domain.isSystemd) {
        expect(domain.inside('systemctl list-units --failed --plain --no-legend --no-pager')).toBe('');
        expect(domain.inside('systemctl is-system-running')).toBe('running\n');
      }
      expect(domain.inside('stat -c "%U:%G" / /etc/shadow')).toBe('root:root\nroot:shadow\n');
      virsh.ok('shutdown', domain.name);
      await domain.off();
      const strangers = execFileSync('find', [rootOf(distribution), '-xdev', '(', '-uid', '+65535', '-o', '-gid', '+65535', ')']);
      expect(strangers.toString()).toBe('');
    });
  });
});
