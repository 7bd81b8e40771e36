// What tells the program's own version to a person, and to a script what virsh tells it.
import fs from 'node:fs';
import { expect, it } from 'vitest';
import { PROGRAM_VERSION } from '../../src/virsh/version.ts';
import { suite } from '../helpers/requires.ts';
import { onTerminal } from '../helpers/terminal.ts';
import { useVirsh } from '../helpers/virsh.ts';

suite('the command line', ['root', 'built', 'script'], () => {
  const virsh = useVirsh();

  it.each([
    ['lsit', "unknown command: 'lsit'", "Did you mean 'list'?"],
    ['ps', "unknown command: 'ps'", "Did you mean 'list'?"],
    ['pool-lst', "unknown command: 'pool-lst'", "Did you mean 'pool-list'?"],
    ['strat', "unknown command: 'strat'", "Did you mean 'start'?"],
    ['list --inactiv', "command 'list' doesn't support option --inactiv", "Did you mean '--inactive'?"],
  ])('tells whoever mistyped %s what there is, on a terminal only', async (line, error, hint) => {
    const terminal = onTerminal(virsh, line);
    expect(await terminal.ended()).toBe(1);
    expect(terminal.shown()).toMatch(new RegExp(`error:.* ${error}\n.*${hint.replace('?', '\\?')}`));
    expect(virsh.run(line)).toEqual({ status: 1, stdout: '', stderr: `error: ${error}\n` });
  });

  it('has --no-pkttyagent where there is more than libvirt 9.0 has', () => {
    expect(virsh.ok('--no-pkttyagent', 'echo', 'hi')).toBe('hi\n');
    fs.mkdirSync(virsh.path('etc/libvirt'), { recursive: true });
    fs.writeFileSync(virsh.path('etc/libvirt/lxc.conf'), 'functions = "libvirt"\n');
    expect(virsh.error('--no-pkttyagent', 'echo', 'hi')).toEqual(["unsupported option '--no-pkttyagent'. See --help."]);
    fs.rmSync(virsh.path('etc/libvirt/lxc.conf'));
  });
});

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
