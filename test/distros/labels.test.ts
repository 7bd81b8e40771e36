// Distributions with a security label of the host's: they come up, are used and end as without.
import { execFileSync } from 'node:child_process';
import { afterEach, expect, it } from 'vitest';
import { DISTRIBUTIONS, Distribution, rootOf, useDistributions } from '../helpers/distribution.ts';
import { type Need, suite } from '../helpers/requires.ts';

const MODELS: { model: Need & ('apparmor' | 'selinux'); seclabel: string; label: RegExp }[] = [
  { model: 'apparmor', seclabel: "<seclabel type='dynamic' model='apparmor'/>", label: /libvirt-[-0-9a-f]{36} \(enforce\)\n/ },
  {
    model: 'selinux',
    seclabel: "<seclabel type='dynamic' model='selinux'/>",
    label: /:container_init_t:s0:c\d+,c\d+/,
  },
];

for (const { model, seclabel, label } of MODELS) {
  suite(`a distribution with a label of ${model}`, ['root', 'built', 'distros', 'script', model], () => {
    const virsh = useDistributions();
    let domain: Distribution | undefined;
    afterEach(() => {
      if (domain && !domain.isOff) virsh.ok('destroy', domain.name);
    });

    /** The disk of the project has one label for all. */
    function labelledRoot(distribution: (typeof DISTRIBUTIONS)[number]): string {
      if (model === 'apparmor') return rootOf(distribution);
      const root = `/var/lib/labelled-${distribution}`;
      execFileSync('cp', ['-a', '--no-preserve=context', rootOf(distribution), root]);
      execFileSync('chcon', ['-R', '-t', 'container_file_t', root]);
      return root;
    }

    it.each(DISTRIBUTIONS)('%s boots, lets root log in on the console, is started again and ends', async (distribution) => {
      const root = labelledRoot(distribution);
      const more = `<features><privnet/></features>${seclabel}`;
      domain = new Distribution(virsh, distribution, { root, more });
      await domain.up();
      expect(domain.inside('tr -d "\\000" </proc/1/attr/current')).toMatch(label);
      if (domain.isSystemd) {
        expect(domain.inside('systemctl list-units --failed --plain --no-legend --no-pager')).toBe('');
        expect(domain.inside('systemctl is-system-running')).toBe('running\n');
      }
      await domain.login(async (terminal) => {
        terminal.type('echo "<$(id -un) $((6*7))>"\n');
        await terminal.until('<root 42>');
        terminal.type('tr -d "\\000" </proc/self/attr/current; echo "<$((6*8))>"\n');
        await terminal.until('<48>');
        expect(terminal.shown()).toMatch(label);
      });
      const first = virsh.controllerPid(domain.name);
      virsh.ok('reboot', domain.name);
      await domain.againAfter(first);
      virsh.ok('shutdown', domain.name);
      await domain.off();
      if (root !== rootOf(distribution)) execFileSync('rm', ['-rf', root]);
    });
  });
}
