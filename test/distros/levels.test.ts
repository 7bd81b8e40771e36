// The same root, booted by its init system at each level of containment.
import { afterEach, describe, expect, it } from 'vitest';
import { DISTRIBUTIONS, Distribution, useDistributions } from '../helpers/distribution.ts';
import { suite } from '../helpers/requires.ts';

suite('a distribution by level', ['root', 'built', 'distros', 'userns', 'idmapped_mounts'], () => {
  const virsh = useDistributions();
  let domain: Distribution | undefined;
  afterEach(() => {
    if (domain && !domain.isOff) virsh.ok('destroy', domain.name);
  });

  describe.each(DISTRIBUTIONS)('%s', (distribution) => {
    it.each(['libvirt', 'default', 'strict'] as const)('boots, is started again and ends at level %s', async (level) => {
      domain = new Distribution(virsh, distribution, { level });
      await domain.up();
      if (domain.isSystemd) {
        expect(domain.inside('systemctl list-units --failed --plain --no-legend --no-pager')).toBe('');
        expect(domain.inside('systemctl is-system-running')).toBe('running\n');
      }
      const first = virsh.controllerPid(domain.name);
      virsh.ok('reboot', domain.name);
      await domain.againAfter(first);
      virsh.ok('shutdown', domain.name);
      await domain.off();
      expect(virsh.state(domain.name)).toBe('shut off (shutdown)');
    });
  });
});
