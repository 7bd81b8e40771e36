import fs from 'node:fs';
import { expect, it } from 'vitest';
import { eventually } from '../helpers/eventually.ts';
import { useHooks } from '../helpers/hooks.ts';
import { suite } from '../helpers/requires.ts';
import { useVirsh } from '../helpers/virsh.ts';

suite('hooks', ['root', 'built', 'busybox', 'fuse'], () => {
  const virsh = useVirsh();
  const hooks = useHooks(virsh);

  it('are called in order with the domain on standard input', () => {
    hooks.install('lxc');
    const name = virsh.boot();
    virsh.ok('destroy', name);
    expect(hooks.called()).toEqual(
      ['prepare begin', 'start begin', 'started begin', 'stopped end', 'release end'].map((call) => `lxc ${name} ${call} -`),
    );
    for (const operation of ['prepare', 'start', 'started', 'stopped', 'release']) {
      expect(hooks.input(operation)).toMatch(new RegExp(`^<domain type='lxc'[^]*<name>${name}</name>[^]*</domain>\n$`));
    }
  });

  it('of the folder come after the one of the driver, in the order of their names, executables only', () => {
    for (const file of ['lxc.d/20-b', 'lxc.d/10-a', 'lxc']) hooks.install(file);
    virsh.file('etc/libvirt/hooks/lxc.d/05-no', '#!/bin/sh\nexit 1\n', 0o644);
    const name = virsh.define();
    virsh.ok('start', name);
    expect(hooks.called().slice(0, 3)).toEqual(['lxc', 'lxc.d/10-a', 'lxc.d/20-b'].map((file) => `${file} ${name} prepare begin -`));
    virsh.ok('destroy', name);
  });

  it.each(['prepare', 'start', 'started'])('that fail at %s call the start off, and nothing is left', (operation) => {
    hooks.install('lxc', `[ $2 != ${operation} ] || { echo 'not today' >&2; exit 3; }`);
    const name = virsh.define();
    const lines = virsh.error('start', name);
    expect(lines[0]).toBe(`Failed to start domain '${name}'`);
    expect(lines.slice(1).join('\n')).toMatch(
      /^Hook script execution failed: internal error: Child process \(LC_ALL=C .*\/hooks\/lxc \S+ \w+ begin -\) unexpected exit status 3: not today/,
    );
    expect(virsh.state(name)).toBe('shut off (failed)');
    expect(virsh.leftovers()).toMatchObject({ processes: [], cgroups: [] });
    expect(hooks.called().slice(-2)).toEqual([`lxc ${name} stopped end -`, `lxc ${name} release end -`]);
  });

  it('that fail at the end keep no domain from being over', async () => {
    hooks.install('lxc', 'case $2 in stopped|release) exit 1;; esac');
    const name = virsh.boot({ init: ['/bin/sh', '-c', 'sleep 0.1'] });
    await virsh.waitForState(name, 'shut off (shutdown)');
    expect(hooks.called().slice(-2)).toEqual([`lxc ${name} stopped end -`, `lxc ${name} release end -`]);
  });

  it('are called for each run of a domain that reboots', async () => {
    hooks.install('lxc');
    const name = virsh.boot({
      init: ['/bin/sh', '-c', 'if [ -e /mnt/once ]; then sleep 1000; fi; touch /mnt/once; sleep 0.1; exec reboot -f'],
    });
    await eventually(() => hooks.called().length >= 8);
    expect(
      hooks
        .called()
        .slice(0, 8)
        .map((call) => call.split(' ')[2]),
    ).toEqual(['prepare', 'start', 'started', 'stopped', 'release', 'prepare', 'start', 'started']);
    virsh.ok('destroy', name);
    fs.rmSync(virsh.path('root/mnt/once'));
  });
});
