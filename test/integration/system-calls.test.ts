// What the kernel says to system calls in containers of each level, by every way in that it has.
import process from 'node:process';
import { expect, it } from 'vitest';
import type { SecurityLevel } from '../../src/domain/definition.ts';
import { type CallName, callNumbers, X32_BIT } from '../../src/security/seccomp/calls.ts';
import { type Rule, syscallFilter } from '../../src/security/seccomp/rules.ts';
import { makeProgram } from '../helpers/c-program.ts';
import { suite } from '../helpers/requires.ts';
import { makeRoot } from '../helpers/rootfs.ts';
import { useVirsh } from '../helpers/virsh.ts';

const ERRNO = { EPERM: 1, ENOSYS: 38, EPROTONOSUPPORT: 93 };

/** Otherwise all are -1: whatever the kernel lets through fails there, and does nothing. */
const ARGUMENTS: Partial<Record<CallName, number[]>> = {
  ioctl: [-1, 0x5412, 0],
  socket: [16, 3, 9],
  personality: [0x0040000],
};

type Way = 'x86_64' | 'x32' | 'i386';

/** The call in the words of calls.c. */
function calls(way: Way, name: CallName): string[] {
  const numbers = callNumbers(name, way === 'i386' ? 'i386' : 'x86_64');
  const [number] = way === 'x32' ? numbers.slice(-1).map((one) => X32_BIT + one) : numbers;
  return number === undefined ? [] : [[way, name, number, ...(ARGUMENTS[name] ?? [])].join(':')];
}

/** Capabilities that a filter asks for are none that a kernel without one would: what libvirt keeps from containers. */
const KERNELS_OWN: CallName[] = [
  'init_module',
  'finit_module',
  'delete_module',
  'clock_settime',
  'clock_settime64',
  'settimeofday',
  'stime',
];

suite('system calls in a container', ['root', 'built', 'busybox', 'fuse', 'programs'], () => {
  const virsh = useVirsh();
  let made: string | undefined;

  function root(): string {
    if (made === undefined) {
      made = makeRoot(virsh.path('calls'));
      makeProgram('calls', made);
    }
    return made;
  }

  function answers(name: string, words: string[]): Map<string, string> {
    const output = virsh.ok('-q', 'lxc-enter-namespace', name, '--', '/bin/calls', ...words);
    return new Map(
      output
        .trim()
        .split('\n')
        .map((line) => [line.slice(0, line.lastIndexOf(' ')), line.slice(line.lastIndexOf(' ') + 1)]),
    );
  }

  const rulesOf = (level: SecurityLevel): readonly Rule[] =>
    syscallFilter(level, { policy: 'default', states: [] }, { hasOwnUsers: false })!.rules;

  it.skipIf(process.arch !== 'x64').each(['default', 'strict'] as const)(
    'are refused by the filter of level %s, by each way in',
    (level) => {
      const name = virsh.boot({ root: root(), level });
      const expected = new Map<string, string>();
      const words: string[] = [];
      for (const way of ['x86_64', 'i386', 'x32'] as const)
        for (const rule of rulesOf(level))
          for (const call of rule.calls)
            for (const word of calls(way, call)) {
              words.push(word);
              // At level strict there is no x32.
              expected.set(`${way} ${call}`, String(way === 'x32' && level === 'strict' ? ERRNO.ENOSYS : ERRNO[rule.error]));
            }
      const seen = answers(name, words);
      const isThere = (key: string) => seen.get(key) !== 'none'; // a kernel without programs of 32 bits
      expect([...seen].filter(([key]) => isThere(key))).toEqual([...expected].filter(([key]) => isThere(key)));
      expect([...seen.keys()].filter(isThere).length).toBeGreaterThan(30);
    },
  );

  it.skipIf(process.arch !== 'x64')('come through at level libvirt, and where the definition grants what they need', () => {
    const words = rulesOf('default')
      .flatMap(({ calls }) => calls)
      .filter((name) => !KERNELS_OWN.includes(name))
      .flatMap((name) => calls('x86_64', name));
    const all = `<features><capabilities policy='allow'/></features>`;
    for (const options of [{ level: 'libvirt' }, { level: 'default', more: all }] as const) {
      const seen = answers(virsh.boot({ root: root(), ...options }), words);
      expect([...seen].filter(([, answer]) => answer === '1')).toEqual([]);
    }
  });

  it('are made as ever by a container that needs none of those', () => {
    for (const level of ['default', 'strict'] as const) {
      const name = virsh.boot({ level, init: ['/bin/sh', '-c', 'trap "exit 0" TERM; while :; do sleep 0.1; done'] });
      expect(virsh.inside(name, 'echo $(id -u); (cd /tmp && touch a && chown 1:1 a && rm a && mkfifo p && rm p); ls /dev | wc -l')).toMatch(
        /^0\n\d+\n$/,
      );
    }
  });

  it('of init are filtered from its first on, and its capabilities and privileges are those of the level', () => {
    const facts = (level: SecurityLevel, more = '') => {
      const name = virsh.boot({ level, more });
      const of = (pid: string) => virsh.inside(name, `grep -E '^(CapBnd|NoNewPrivs|Seccomp):' /proc/${pid}/status`);
      expect(of('self')).toBe(of('1'));
      return of('1').replaceAll('\t', ' ').trim().split('\n');
    };
    const [libvirt] = facts('libvirt');
    expect(facts('libvirt')).toEqual([libvirt, 'NoNewPrivs: 0', 'Seccomp: 0']);
    expect(facts('default')).toEqual([libvirt, 'NoNewPrivs: 0', 'Seccomp: 2']);
    const podmans = 'CapBnd: 00000000800405fb';
    expect(facts('strict')).toEqual([podmans, 'NoNewPrivs: 1', 'Seccomp: 2']);
    const more = "<features><capabilities policy='default'><sys_boot state='on'/></capabilities></features>";
    expect(facts('strict', more)).toEqual(['CapBnd: 00000000804405fb', 'NoNewPrivs: 1', 'Seccomp: 2']);
  });

  it('that are refused are named by a dry run, as many as the filter has', () => {
    const name = virsh.define({ level: 'strict' });
    const lines = virsh.ok('start', name, '--dry-run').split('\n');
    const at = lines.findIndex((line) => line.includes(' seccomp('));
    expect(lines[at]).toMatch(/^\d+: +seccomp\(SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_SPEC_ALLOW, \{len=\d+, filter=\.\.\.\}\)$/);
    expect(lines[at - 1]).toMatch(/^\d+: +prctl\(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0\)$/);
    const told = lines.slice(at + 1).filter((line) => line.startsWith('        '));
    const names = told.map((line) => /^ +(\w+)\(.*\) = -1 E[A-Z]+$/.exec(line)?.[1]).filter(Boolean);
    expect(names).toEqual(rulesOf('strict').flatMap((rule) => rule.calls));
    expect(virsh.ok('start', virsh.define({ level: 'libvirt' }), '--dry-run')).not.toContain('seccomp');
  });

  it('are those of lxc.conf where the definition says nothing, and of the start whatever is said later', () => {
    const conf = (level: string) => virsh.file('etc/libvirt/lxc.conf', `security_level = "${level}"\n`);
    const mode = (name: string) => virsh.inside(name, 'grep ^Seccomp: /proc/self/status').trim();
    conf('libvirt');
    const plain = virsh.boot();
    expect(mode(plain)).toBe('Seccomp:\t0');
    conf('strict');
    expect(mode(plain)).toBe('Seccomp:\t0');
    conf('libvirt');
    const own = virsh.boot({ level: 'default' });
    expect(mode(own)).toBe('Seccomp:\t2');
    conf('loose');
    expect(virsh.error('start', virsh.define())[1]).toContain('expecting one of "libvirt", "default", "strict" for security_level');
    virsh.file('etc/libvirt/lxc.conf', '');
  });
});
