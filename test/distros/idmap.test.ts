// Distributions whose root is nobody on the host, on a bridge of the host.
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DISTRIBUTIONS, Distribution, rootOf, useDistributions } from '../helpers/distribution.ts';
import { suite } from '../helpers/requires.ts';

const FIRST = 100_000;
const BRIDGE = 'vldistros';
const IDMAP = `<idmap><uid start='0' target='${FIRST}' count='65536'/><gid start='0' target='${FIRST}' count='65536'/></idmap>`;
const INTERFACE = `<interface type='bridge'><source bridge='${BRIDGE}'/></interface>`;

suite('under an idmap, on a bridge', ['root', 'built', 'distros', 'userns', 'ip', 'script'], () => {
  const virsh = useDistributions();
  const ip = (...args: string[]) => execFileSync('ip', args, { encoding: 'utf8' });

  beforeAll(() => {
    ip('link', 'add', BRIDGE, 'type', 'bridge');
    ip('addr', 'add', '10.98.7.1/24', 'dev', BRIDGE);
    ip('link', 'set', BRIDGE, 'up');
  });
  afterAll(() => void ip('link', 'del', BRIDGE));

  /** A copy of its own, given to the mapped ids. */
  function mappedRoot(distribution: (typeof DISTRIBUTIONS)[number]): string {
    const root = virsh.path(`root-${distribution}`);
    execFileSync('cp', ['-a', rootOf(distribution), root]);
    const give = "import os,sys\nfor d,ds,fs in os.walk(sys.argv[1]):\n for n in ['.']+ds+fs:\n  p=os.path.join(d,n); s=os.lstat(p)\n  ";
    const each = `os.lchown(p, s.st_uid%${FIRST}+${FIRST}, s.st_gid%${FIRST}+${FIRST})\n  if not os.path.islink(p): os.chmod(p, s.st_mode&0o7777)\n`;
    execFileSync('python3', ['-c', give + each, root]);
    return root;
  }

  describe.each(DISTRIBUTIONS)('%s', (distribution) => {
    it('boots, has a network and a console, and shuts down', async () => {
      const root = mappedRoot(distribution);
      const domain = new Distribution(virsh, distribution, { root, more: IDMAP, devices: INTERFACE });
      await domain.up();
      expect(execFileSync('stat', ['-c', '%u', `/proc/${virsh.initPid(domain.name)}`], { encoding: 'utf8' })).toBe(`${FIRST}\n`);
      if (domain.isSystemd) {
        expect(domain.inside('systemctl list-units --failed --plain --no-legend --no-pager')).toBe('');
        expect(domain.inside('systemctl is-system-running')).toBe('running\n');
      }
      domain.inside('ip addr add 10.98.7.2/24 dev eth0; ip link set eth0 up');
      expect(domain.inside('ping -n -c 1 -W 20 10.98.7.1')).toContain(' 1 received');
      await domain.login(async (terminal) => {
        terminal.type('echo "<$(id -un) $((6*7))>"\n');
        await terminal.until('<root 42>');
      });
      virsh.ok('shutdown', domain.name);
      await domain.off();
      execFileSync('rm', ['-rf', path.join(root)]);
    });
  });
});
