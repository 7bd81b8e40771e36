// What tells the program's own version to a person, and to a script what virsh tells it.
import { expect, it } from 'vitest';
import { PROGRAM_VERSION } from '../../src/virsh/version.ts';
import { suite } from '../helpers/requires.ts';
import { onTerminal } from '../helpers/terminal.ts';
import { useVirsh } from '../helpers/virsh.ts';

suite('version', ['root', 'built', 'script'], () => {
  const virsh = useVirsh();
  const OWN = `This is virsh-lxc ${PROGRAM_VERSION}`;

  it('names the program on a terminal', async () => {
    const terminal = onTerminal(virsh, 'version');
    expect(await terminal.ended()).toBe(0);
    expect(terminal.shown()).toContain(OWN);
  });

  it("prints virsh's four lines for scripts", () => {
    const lines = virsh.ok('version').split('\n');
    expect(lines.map((line) => line.replace(/[\d.]+\S*$/, 'N'))).toEqual([
      'Compiled against library: libvirt N',
      'Using library: libvirt N',
      'Using API: LXC N',
      'Running hypervisor: LXC N',
      '',
      '',
    ]);
  });
});
