// What the kernel's own files let a container's root do that has no capability at all: who it is, is enough for them.
import { expect, it } from 'vitest';
import { makeProgram } from '../helpers/c-program.ts';
import { suite } from '../helpers/requires.ts';
import { makeRoot } from '../helpers/rootfs.ts';
import { useVirsh } from '../helpers/virsh.ts';

const NO_CAPABILITIES = "<features><privnet/><capabilities policy='deny'/></features>";

/** For anybody on a host to be told of its load; the container's own network; what asks for a capability when it is written. */
const HARMLESS = /^write \/proc\/(?:pressure\/\w+|sys\/net\/.*|mtrr)$|^read \/proc\/sys\//;

suite("the kernel's files in a container", ['root', 'built', 'busybox', 'fuse', 'programs'], () => {
  const virsh = useVirsh();

  it('are neither written nor read by a root without capabilities where they are of the host', () => {
    const root = makeRoot(virsh.path('looking'));
    makeProgram('kernel-files', root);
    const opened = (level: 'libvirt' | 'default' | 'strict') => {
      const name = virsh.boot({ root, level, more: NO_CAPABILITIES });
      expect(virsh.inside(name, 'grep CapEff /proc/self/status')).toMatch(/^CapEff:\t0+\n$/);
      const lines = virsh.ok('-q', 'lxc-enter-namespace', name, '--', '/bin/kernel-files', '/proc').trim().split('\n');
      return lines.filter((line) => !HARMLESS.test(line));
    };
    expect(opened('libvirt')).toContain('read /proc/slabinfo');
    expect(opened('default')).toEqual([]);
    expect(opened('strict')).toEqual([]);
  });
});
