// Which system calls a container is refused, by level. Pure.
//
// `default` refuses what no distribution needs and what reaches past the container. `strict` refuses what podman's default
// profile does, and mounts. Each comes back with the capability that is for it, where the definition grants that in so many words:
// a capability that a container merely has, since libvirt takes it from none, says nothing of what it needs.
import type { CapabilityName } from '../../domain/capabilities.ts';
import type { DomainFeatures, SecurityLevel } from '../../domain/definition.ts';
import type { CallName } from './calls.ts';

/** A test of the lower word of an argument: all that the kernel looks at in these. */
export type Condition =
  | { argument: number; is: Readonly<Record<string, number>> }
  | { argument: number; isNot: readonly number[] }
  | { argument: number; has: string; bit: number }
  | { argument: number; lacks: string; bit: number };

export interface Rule {
  calls: readonly CallName[];
  error: 'EPERM' | 'ENOSYS' | 'EPROTONOSUPPORT';
  /** All must hold. */
  when?: readonly Condition[];
  /** Any of these brings the calls back. */
  unless?: readonly CapabilityName[];
}

export interface SyscallFilter {
  rules: readonly Rule[];
  /** Calls that are not of our tables' time are refused with ENOSYS: newer ones, and all of x32. */
  isClosed: boolean;
}

/** The keys of who owns the user namespace: those of the host's root, where the container has none of its own (keyrings(7)). */
const KEYS: Rule = { calls: ['add_key', 'keyctl', 'request_key'], error: 'EPERM', unless: ['sys_admin'] };

const DEFAULT: readonly Rule[] = [
  { calls: ['kexec_load', 'kexec_file_load'], error: 'EPERM', unless: ['sys_boot'] },
  {
    calls: ['init_module', 'finit_module', 'delete_module', 'create_module', 'get_kernel_syms', 'query_module'],
    error: 'EPERM',
    unless: ['sys_module'],
  },
  { calls: ['open_by_handle_at'], error: 'EPERM', unless: ['dac_read_search'] },
  { calls: ['bpf', 'perf_event_open', 'lookup_dcookie'], error: 'EPERM', unless: ['sys_admin'] },
  { calls: ['userfaultfd'], error: 'EPERM', unless: ['sys_ptrace'] },
  { calls: ['swapon', 'swapoff', 'quotactl', 'quotactl_fd', 'nfsservctl'], error: 'EPERM', unless: ['sys_admin'] },
  { calls: ['acct'], error: 'EPERM', unless: ['sys_pacct'] },
  { calls: ['iopl', 'ioperm', 'pciconfig_iobase', 'pciconfig_read', 'pciconfig_write'], error: 'EPERM', unless: ['sys_rawio'] },
  {
    // What is put into a terminal's input is typed by whoever sits there; TIOCCONS takes the host's console, FIFREEZE stops a
    // file system of the host's that the container has a folder of.
    calls: ['ioctl'],
    error: 'EPERM',
    when: [{ argument: 1, is: { TIOCSTI: 0x5412, TIOCLINUX: 0x541c, TIOCCONS: 0x541d, FIFREEZE: 0xc0045877 } }],
    unless: ['sys_admin'],
  },
  {
    // A record of the container's own would stand in the host's log. The error is that of a kernel without audit, and the only one
    // that both systemd and programs that log in take for it. socketcall(2) of 32 bits has its arguments in memory, where no filter looks.
    calls: ['socket'],
    error: 'EPROTONOSUPPORT',
    when: [
      { argument: 0, is: { AF_NETLINK: 16 } },
      { argument: 2, is: { NETLINK_AUDIT: 9 } },
    ],
    unless: ['audit_write'],
  },
];

/** Linux, 32 bits, both with UNAME26, and to be told which it is (personality(2)). */
const PERSONALITIES = [0, 8, 0x20000, 0x20008, 0xffffffff];
const NEW_USERS: Condition = { argument: 0, has: 'CLONE_NEWUSER', bit: 0x10000000 };

const STRICT: readonly Rule[] = [
  ...DEFAULT,
  KEYS,
  {
    calls: [
      ...(['mount', 'umount', 'umount2', 'pivot_root', 'open_tree', 'open_tree_attr', 'move_mount'] as const),
      ...(['fsopen', 'fsconfig', 'fsmount', 'fspick', 'mount_setattr'] as const),
    ],
    error: 'EPERM',
    unless: ['sys_admin'],
  },
  { calls: ['clone', 'unshare'], error: 'EPERM', when: [NEW_USERS], unless: ['sys_admin'] },
  // Its flags are in memory, where no filter looks: whoever hears of no such call uses clone(2).
  { calls: ['clone3'], error: 'ENOSYS', unless: ['sys_admin'] },
  { calls: ['setns', 'sethostname', 'setdomainname', 'fanotify_init'], error: 'EPERM', unless: ['sys_admin'] },
  {
    calls: ['ptrace', 'process_vm_readv', 'process_vm_writev', 'process_madvise', 'kcmp', 'pidfd_getfd'],
    error: 'EPERM',
    unless: ['sys_ptrace'],
  },
  { calls: ['clock_settime', 'clock_settime64', 'settimeofday', 'stime'], error: 'EPERM', unless: ['sys_time'] },
  { calls: ['syslog'], error: 'EPERM', unless: ['syslog'] },
  { calls: ['vhangup'], error: 'EPERM', unless: ['sys_tty_config'] },
  {
    calls: ['mbind', 'get_mempolicy', 'set_mempolicy', 'set_mempolicy_home_node', 'move_pages', 'migrate_pages'],
    error: 'EPERM',
    unless: ['sys_nice'],
  },
  {
    calls: ['io_uring_setup', 'io_uring_enter', 'io_uring_register', 'memfd_secret', 'vmsplice'],
    error: 'EPERM',
    unless: ['sys_admin'],
  },
  { calls: ['uselib', 'sysfs', 'ustat', '_sysctl', 'bdflush', 'vm86', 'vm86old'], error: 'EPERM', unless: ['sys_admin'] },
  { calls: ['personality'], error: 'EPERM', when: [{ argument: 0, isNot: PERSONALITIES }], unless: ['sys_admin'] },
];

/**
 * Ways to mount that AppArmor's rules for mounts are not asked about, nor SELinux's for remounting: who hears of no such call uses
 * mount(2). What strict refuses of them, that stays refused.
 */
const NEW_MOUNTS: Rule = {
  calls: ['open_tree', 'open_tree_attr', 'move_mount', 'fsopen', 'fsconfig', 'fsmount', 'fspick', 'mount_setattr'],
  error: 'ENOSYS',
};

/**
 * What changes a file system for all who have it mounted, as to read-only, and not a mount alone. To SELinux both are one permission,
 * without which no service of systemd's can have places that are read-only.
 */
const REMOUNT: Rule = {
  calls: ['mount'],
  error: 'EPERM',
  when: [
    { argument: 3, has: 'MS_REMOUNT', bit: 0x20 },
    { argument: 3, lacks: 'MS_BIND', bit: 0x1000 },
  ],
};

/** What confines a container besides, at whatever level. */
export type LabelModel = 'apparmor' | 'selinux';

/** The capabilities that a definition grants in so many words: by name, or all but some. */
function isGranted({ policy, states }: DomainFeatures['capabilities'], name: CapabilityName): boolean {
  const stated = states.findLast((state) => state.name === name)?.state;
  return stated === undefined ? policy === 'allow' : stated === 'on';
}

/** The filter of a container; undefined: it has none. */
export function syscallFilter(
  level: SecurityLevel,
  capabilities: DomainFeatures['capabilities'],
  { hasOwnUsers, label }: { hasOwnUsers: boolean; label?: LabelModel | undefined },
): SyscallFilter | undefined {
  const rules = level === 'libvirt' ? [] : level === 'strict' ? STRICT : hasOwnUsers ? DEFAULT : [...DEFAULT, KEYS];
  const kept = rules.filter(({ unless = [] }) => !unless.some((name) => isGranted(capabilities, name)));
  const isRuled = (name: CallName): boolean => kept.some(({ calls }) => calls.includes(name));
  if (label === 'selinux' && !isRuled('mount')) kept.push(REMOUNT);
  if (label && !isRuled('move_mount')) kept.push(NEW_MOUNTS);
  return level === 'libvirt' && kept.length === 0 ? undefined : { rules: kept, isClosed: level === 'strict' };
}

/** The rules as strace(1) shows calls that are refused, a line for each call. */
export function describeFilter({ rules, isClosed }: SyscallFilter): string[] {
  const lines = rules.flatMap(({ calls, when, error }) => calls.map((name) => `${name}(${describeArguments(when)}) = -1 ${error}`));
  return isClosed ? [...lines, 'any call newer than these tables, or of x32 = -1 ENOSYS'] : lines;
}

function describeArguments(when: readonly Condition[] | undefined): string {
  if (when === undefined) return '';
  const last = Math.max(...when.map(({ argument }) => argument));
  return Array.from({ length: last + 1 }, (_, at) => {
    const [condition, ...more] = when.filter(({ argument }) => argument === at);
    if (condition === undefined) return '...';
    const without = more.flatMap((one) => ('lacks' in one ? ` without ${one.lacks}` : [])).join('');
    if ('is' in condition) return Object.keys(condition.is).join(' or ');
    if ('has' in condition) return `${condition.has}|...${without}`;
    if ('lacks' in condition) return `... without ${condition.lacks}`;
    return `none of ${condition.isNot.map((value) => `0x${value.toString(16)}`).join(', ')}`;
  }).join(', ');
}
