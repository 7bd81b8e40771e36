import { describe, expect, it } from 'vitest';
import { CAPABILITIES } from '../../../../src/domain/capabilities.ts';
import type { CapabilityPolicy, SecurityLevel } from '../../../../src/domain/definition.ts';
import { describeFilter, syscallFilter } from '../../../../src/security/seccomp/rules.ts';

interface Given {
  policy?: CapabilityPolicy;
  on?: string[];
  off?: string[];
  hasOwnUsers?: boolean;
}

function refusedCalls(level: SecurityLevel, { policy = 'default', on = [], off = [], hasOwnUsers = false }: Given = {}): string[] {
  const states = [...on.map((name) => ({ name, state: 'on' as const })), ...off.map((name) => ({ name, state: 'off' as const }))];
  const filter = syscallFilter(level, { policy, states }, { hasOwnUsers });
  return filter ? filter.rules.flatMap(({ calls }) => calls) : [];
}

const DEFAULT = [
  ...['kexec_load', 'kexec_file_load', 'init_module', 'finit_module', 'delete_module', 'create_module', 'get_kernel_syms', 'query_module'],
  ...['open_by_handle_at', 'bpf', 'perf_event_open', 'lookup_dcookie', 'userfaultfd', 'swapon', 'swapoff', 'quotactl', 'quotactl_fd'],
  ...['nfsservctl', 'acct', 'iopl', 'ioperm', 'pciconfig_iobase', 'pciconfig_read', 'pciconfig_write', 'ioctl', 'socket'],
];
const KEYS = ['add_key', 'keyctl', 'request_key'];

describe('syscallFilter()', () => {
  it('is none at level libvirt', () => {
    expect(syscallFilter('libvirt', { policy: 'default', states: [] }, { hasOwnUsers: false })).toBeUndefined();
  });

  it('knows nothing of the newer ways to mount where AppArmor confines, at whatever level, and nothing else for that', () => {
    const filter = (level: SecurityLevel, policy: CapabilityPolicy = 'default') =>
      syscallFilter(level, { policy, states: [] }, { hasOwnUsers: true, label: 'apparmor' });
    const NEW = ['open_tree', 'open_tree_attr', 'move_mount', 'fsopen', 'fsconfig', 'fsmount', 'fspick', 'mount_setattr'];
    const unknown = NEW.map((name) => `${name}() = -1 ENOSYS`);
    expect(describeFilter(filter('libvirt')!)).toEqual(unknown);
    expect(describeFilter(filter('default')!).slice(-NEW.length)).toEqual(unknown);
    expect(describeFilter(filter('strict', 'allow')!)).toEqual(expect.arrayContaining(unknown));
    const strict = describeFilter(filter('strict')!);
    for (const name of NEW) expect(strict.filter((line) => line.startsWith(`${name}(`))).toEqual([`${name}() = -1 EPERM`]);
  });

  it('refuses where SELinux confines, besides, to change a file system of which the container has a mount', () => {
    const filter = (level: SecurityLevel) =>
      syscallFilter(level, { policy: 'default', states: [] }, { hasOwnUsers: true, label: 'selinux' });
    const lines = (level: SecurityLevel) => describeFilter(filter(level)!).filter((line) => /^(mount|fspick)\(/.test(line));
    for (const level of ['libvirt', 'default'] as const)
      expect(lines(level)).toEqual(['mount(..., ..., ..., MS_REMOUNT|... without MS_BIND) = -1 EPERM', 'fspick() = -1 ENOSYS']);
    expect(lines('strict')).toEqual(['mount() = -1 EPERM', 'fspick() = -1 EPERM']);
  });

  it('refuses at level default what no distribution needs, and keys where they are those of the host', () => {
    expect(refusedCalls('default')).toEqual([...DEFAULT, ...KEYS]);
    expect(refusedCalls('default', { hasOwnUsers: true })).toEqual(DEFAULT);
  });

  it('refuses at level strict all that, keys too, and more', () => {
    const strict = refusedCalls('strict', { hasOwnUsers: true });
    expect(strict).toEqual(expect.arrayContaining([...DEFAULT, ...KEYS, 'mount', 'move_mount', 'ptrace', 'clock_settime', 'clone3']));
  });

  it.each([
    ['sys_boot', ['kexec_load', 'kexec_file_load']],
    ['sys_module', ['init_module', 'finit_module', 'delete_module', 'create_module', 'get_kernel_syms', 'query_module']],
    ['dac_read_search', ['open_by_handle_at']],
    ['sys_ptrace', ['userfaultfd']],
    ['sys_pacct', ['acct']],
    ['audit_write', ['socket']],
    ['sys_rawio', ['iopl', 'ioperm', 'pciconfig_iobase', 'pciconfig_read', 'pciconfig_write']],
    [
      'sys_admin',
      ['bpf', 'perf_event_open', 'lookup_dcookie', 'swapon', 'swapoff', 'quotactl', 'quotactl_fd', 'nfsservctl', 'ioctl', ...KEYS],
    ],
    ['net_admin', []],
  ])('gives back with %s what is for it', (name, calls) => {
    expect(refusedCalls('default', { on: [name] })).toEqual([...DEFAULT, ...KEYS].filter((call) => !calls.includes(call)));
    expect(refusedCalls('default', { off: [name] })).toEqual([...DEFAULT, ...KEYS]);
    expect(refusedCalls('default', { policy: 'allow', off: [name] })).toEqual([...DEFAULT, ...KEYS].filter((call) => calls.includes(call)));
  });

  it('gives everything back where all capabilities are granted, but what has none at strict', () => {
    expect(refusedCalls('default', { policy: 'allow' })).toEqual([]);
    expect(refusedCalls('strict', { policy: 'allow' })).toEqual([]);
    expect(refusedCalls('strict', { policy: 'deny' })).toEqual(refusedCalls('strict'));
  });

  it('asks for capabilities that XML can name', () => {
    const { rules } = syscallFilter('strict', { policy: 'default', states: [] }, { hasOwnUsers: true })!;
    const known: string[] = CAPABILITIES.map(([name]) => name);
    for (const { calls, unless } of rules) expect([calls, unless]).toEqual([calls, [expect.toSatisfy((name) => known.includes(name))]]);
  });
});

describe('describeFilter()', () => {
  it('says each rule as strace shows a call that is refused', () => {
    const lines = describeFilter(syscallFilter('strict', { policy: 'default', states: [] }, { hasOwnUsers: true })!);
    expect(lines).toEqual(
      expect.arrayContaining([
        'init_module() = -1 EPERM',
        'ioctl(..., TIOCSTI or TIOCLINUX or TIOCCONS or FIFREEZE) = -1 EPERM',
        'clone(CLONE_NEWUSER|...) = -1 EPERM',
        'clone3() = -1 ENOSYS',
        'personality(none of 0x0, 0x8, 0x20000, 0x20008, 0xffffffff) = -1 EPERM',
        'socket(AF_NETLINK, ..., NETLINK_AUDIT) = -1 EPROTONOSUPPORT',
      ]),
    );
    expect(lines.at(-1)).toBe('any call newer than these tables, or of x32 = -1 ENOSYS');
  });
});
