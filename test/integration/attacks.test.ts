// What a hostile root of a container gets done at each level, with ids of its own and without: test/helpers/attacks.c.
import fs from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { expect, it } from 'vitest';
import type { SecurityLevel } from '../../src/domain/definition.ts';
import { makeProgram } from '../helpers/c-program.ts';
import { suite } from '../helpers/requires.ts';
import { makeRoot } from '../helpers/rootfs.ts';
import { useVirsh } from '../helpers/virsh.ts';

const PRIVNET = '<features><privnet/></features>';
const IDMAP = `<idmap><uid start='0' target='100000' count='65536'/><gid start='0' target='100000' count='65536'/></idmap>${PRIVNET}`;

/** What a program may do with its own container, or with its own network: nothing of the host's is in it. */
const ITS_OWN = ['io-uring', 'memory-of-init', 'new-users', 'new-users-clone3', 'mount', 'mount-anew', 'packets'];

/** What needs a capability that libvirt's documentation leaves every container, by that: who takes it away stops it. */
const LEFT_BY_LIBVIRT: Record<string, readonly string[]> = {
  sys_admin: [
    ...['core-pattern-remounted', 'sysrq-uncovered', 'uevent-helper-remounted', 'binary-formats', 'kernel-debugging'],
    ...['release-agent', 'devices-allowed'],
  ],
  syslog: ['kernel-log'],
  sys_nice: ['priority'],
};
/** Of a user namespace of its own. */
const OF_OWN_USERS = ['keyring', 'binary-formats'];

/** Comes through at level libvirt on any kernel, and no further. */
const STOPPED_BY_DEFAULT = ['swap', 'quota', 'keyring', 'typing'];

suite('attacks from a container', ['root', 'built', 'busybox', 'fuse', 'programs'], () => {
  const virsh = useVirsh();
  let made: string | undefined;

  function root(): string {
    if (made === undefined) {
      made = makeRoot(virsh.path('hostile'));
      fs.chmodSync(path.join(made, 'tmp'), 0o1777);
      makeProgram('attacks', made);
    }
    return made;
  }

  function attack(level: SecurityLevel, more: string): Map<string, string> {
    const marker = virsh.file('marker', '');
    const name = virsh.boot({ root: root(), level, more });
    const output = virsh.ok('-q', 'lxc-enter-namespace', name, '--', '/bin/attacks', marker, String(process.pid));
    expect(virsh.state(name)).toBe('running (booted)');
    return new Map(
      output
        .trim()
        .split('\n')
        .map((line) => line.split(': ') as [string, string]),
    );
  }

  const through = (outcomes: Map<string, string>): string[] => [...outcomes].filter(([, how]) => how === 'through').map(([name]) => name);

  it.each([
    ['no <idmap>', PRIVNET],
    ['an <idmap>', IDMAP],
  ])('are all stopped at level strict, with %s', (_, more) => {
    const outcomes = attack('strict', more);
    expect(outcomes.size).toBeGreaterThan(50);
    expect(through(outcomes)).toEqual([]);
  });

  it('are stopped at level default but for those by a capability that libvirt leaves to all', () => {
    const left = [...ITS_OWN, ...Object.values(LEFT_BY_LIBVIRT).flat()];
    expect(through(attack('default', PRIVNET)).filter((name) => !left.includes(name))).toEqual([]);
  });

  it('reach nothing of the host at level default with mapped ids', () => {
    const left = [...ITS_OWN, ...OF_OWN_USERS];
    expect(through(attack('default', IDMAP)).filter((name) => !left.includes(name))).toEqual([]);
    expect(fs.readFileSync('/proc/keys', 'latin1')).not.toContain('virsh-lxc-attack');
  });

  it('of each such capability are stopped where the definition takes it away', () => {
    const off = Object.keys(LEFT_BY_LIBVIRT).map((name) => `<${name} state='off'/>`);
    const more = `<features><privnet/><capabilities policy='default'>${off.join('')}</capabilities></features>`;
    const outcomes = attack('default', more);
    expect(through(outcomes).filter((name) => !ITS_OWN.includes(name))).toEqual([]);
  });

  it('are seen to come through where nothing keeps them', () => {
    expect(through(attack('libvirt', PRIVNET))).toEqual(expect.arrayContaining([...ITS_OWN, ...STOPPED_BY_DEFAULT]));
    expect(through(attack('default', PRIVNET)).filter((name) => STOPPED_BY_DEFAULT.includes(name))).toEqual([]);
  });
});
