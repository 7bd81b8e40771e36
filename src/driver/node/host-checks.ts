// Whether this host can run containers: libvirt's checks for its LXC driver (virt-host-validate(1)), and ours. Pure: facts in, lines out.

import { IDS_EACH } from '../../security/subordinate-ids.ts';

/** What host-facts.ts reads of the host. */
export interface HostFacts {
  /** uname(2): "Linux", "6.1.0-40-amd64". */
  readonly system: string;
  readonly release: string;
  /** Names in /proc/self/ns. */
  readonly namespaces: readonly string[];
  /** Options of the version 1 hierarchies that are mounted; undefined where none is. */
  readonly v1: readonly string[] | undefined;
  /** What the root of a cgroup2 mount has; undefined where none is mounted. `devices`: rules for devices can be attached. */
  readonly v2: { readonly controllers: readonly string[]; readonly devices: boolean } | undefined;
  readonly hasFuseConnections: boolean;
  readonly own: OwnFacts;
}

export interface OwnFacts {
  readonly hasFilters: boolean;
  readonly labels: 'selinux' | 'apparmor' | undefined;
  /** What the labels need besides the kernel, and lack: a file or a program. */
  readonly missingForLabels: string | undefined;
  readonly audit: 'none' | 'kernel only' | 'recorded';
  /** How many ids each file has for our user; undefined: no file. */
  readonly subordinateIds: { readonly subuid: number | undefined; readonly subgid: number | undefined };
  readonly hasFuseDevice: boolean;
  /** Limits by their names in /proc/sys; those that the kernel lacks are not there. */
  readonly limits: ReadonlyMap<string, number>;
}

export interface HostCheck {
  /** After "Checking". */
  readonly what: string;
  readonly verdict: 'PASS' | 'WARN' | 'FAIL';
  /** What to do; none where it passes. */
  readonly hint?: string;
}

const check = (what: string, passes: boolean, otherwise: 'WARN' | 'FAIL', hint: string): HostCheck =>
  passes ? { what, verdict: 'PASS' } : { what, verdict: otherwise, hint };

const NAMESPACES: readonly [name: string, words: string, otherwise: 'WARN' | 'FAIL'][] = [
  ['ipc', 'IPC namespace support is required', 'FAIL'],
  ['mnt', 'Mount namespace support is required', 'FAIL'],
  ['pid', 'PID namespace support is required', 'FAIL'],
  ['uts', 'UTS namespace support is required', 'FAIL'],
  ['net', 'Network namespace support is recommended', 'WARN'],
  ['user', 'User namespace support is recommended', 'WARN'],
];
/** In libvirt's order. */
const CONTROLLERS = ['cpu', 'cpuacct', 'cpuset', 'memory', 'devices', 'freezer', 'blkio'] as const;
const OLDEST = [2, 6, 26] as const;
const MAPPED_MOUNTS = [5, 12, 0] as const;
const UNIFIED_FREEZER = [5, 2, 0] as const;

/** libvirt's checks in its words and order. `error`: said on standard error in place of those of cgroups. */
export function libvirtChecks(facts: HostFacts): { checks: HostCheck[]; error?: string } {
  const cgroups = controllersFor(facts);
  const { system, release } = facts;
  return {
    checks: [
      check(
        `for Linux >= ${OLDEST.join('.')}`,
        system === 'Linux' && isSince(release, OLDEST),
        'FAIL',
        'Upgrade to a kernel supporting namespaces',
      ),
      ...NAMESPACES.map(([name, hint, otherwise]) => check(`for namespace ${name}`, facts.namespaces.includes(name), otherwise, hint)),
      ...(cgroups ? CONTROLLERS.map((name) => controllerCheck(name, cgroups.has(name), 'FAIL')) : []),
      check(
        'if device /sys/fs/fuse/connections exists',
        facts.hasFuseConnections,
        'FAIL',
        "Load the 'fuse' module to enable /proc/ overrides",
      ),
    ],
    ...(!cgroups && { error: 'Unable to initialize cgroups: internal error: no cgroup backend available' }),
  };
}

function controllerCheck(name: string, isThere: boolean, otherwise: 'WARN' | 'FAIL'): HostCheck {
  const hint = `Enable '${name}' in kernel Kconfig file or mount/enable cgroup controller in your system`;
  return check(`for cgroup '${name}' controller support`, isThere, otherwise, hint);
}

type Version = readonly [major: number, minor: number, micro: number];

function isSince(release: string, version: Version): boolean {
  const [, major = 0, minor = 0, micro = 0] = (/^(\d+)\.(\d+)(?:\.(\d+))?/.exec(release) ?? []).map((digits = '0') => Number(digits));
  const number = ([a, b, c]: Version) => a * 1_000_000 + b * 1000 + c;
  return number([major, minor, micro]) >= number(version);
}

/**
 * The controllers that libvirt finds; undefined: none of its two ways of looking for them is there. A cgroup2 mount counts only with
 * controllers (systemd has an empty one beside version 1), always has "cpuacct", and libvirt 9.0 freezes nothing by it.
 */
function controllersFor({ v1, v2 }: HostFacts): Set<string> | undefined {
  const unified = v2 && v2.controllers.length > 0 ? v2 : undefined;
  if (!v1 && !unified) return undefined;
  const found = new Set(v1);
  for (const name of unified?.controllers ?? []) found.add(name === 'io' ? 'blkio' : name);
  if (unified) found.add('cpuacct');
  if (unified?.devices) found.add('devices');
  return found;
}

/** What a container needs of limits that all share: a Debian with nothing but systemd has 7 instances and 30 watches; doubled, and more. */
const NEEDS: readonly [limit: string, each: number][] = [
  ['fs/inotify/max_user_instances', 16],
  ['fs/inotify/max_user_watches', 256],
];
/** Console, logins, and what they start. */
const PTYS_EACH = 8;
const NAMESPACE_LIMITS = ['user', 'pid', 'net', 'mnt', 'ipc', 'uts', 'cgroup'].map((name) => `user/max_${name}_namespaces`);

/**
 * Checks of what libvirt does not ask for: a failure where no container could be started. `containers`: how many are to run at the
 * same time; where that was asked for (`isAsked`) limits that do not allow it are a failure, too.
 */
export function ownChecks(facts: HostFacts, { containers, isAsked }: { containers: number; isAsked: boolean }): HostCheck[] {
  const { own } = facts;
  return [
    check(
      'for seccomp filters',
      own.hasFilters,
      'FAIL',
      'Use a kernel with CONFIG_SECCOMP_FILTER: only at security level libvirt a container starts without',
    ),
    ...cgroupChecks(facts),
    check('for idmapped mounts', isSince(facts.release, MAPPED_MOUNTS), 'FAIL', 'Use Linux 5.12 or newer: no container starts without'),
    labelCheck(own),
    auditCheck(own),
    ...idChecks(own.subordinateIds, containers),
    check('if device /dev/fuse exists', own.hasFuseDevice, 'FAIL', "Load the 'fuse' module: no container starts without"),
    ...limitChecks(own.limits, containers, isAsked ? 'FAIL' : 'WARN'),
  ];
}

function cgroupChecks({ release, v1, v2, namespaces }: HostFacts): HostCheck[] {
  const found = new Set([...(v1 ?? []), ...(v2?.controllers ?? [])]);
  return [
    controllerCheck('pids', found.has('pids'), 'WARN'),
    // libvirt's own check fails here, and its driver cannot suspend; ours can.
    ...(v2 && !v1
      ? [
          check(
            'for suspending by cgroup version 2',
            isSince(release, UNIFIED_FREEZER),
            'WARN',
            'Use Linux 5.2 or newer: suspend does not work without',
          ),
        ]
      : []),
    check('for namespace cgroup', namespaces.includes('cgroup'), 'WARN', 'Use a kernel with CONFIG_CGROUPS and cgroup namespaces'),
  ];
}

function labelCheck({ labels, missingForLabels }: OwnFacts): HostCheck {
  const what = 'for a security driver (SELinux, AppArmor)';
  if (!labels)
    return { what, verdict: 'WARN', hint: 'Boot with SELinux or AppArmor turned on (lsm=): containers are not labelled without' };
  return check(what, missingForLabels === undefined, 'WARN', `Install what has ${missingForLabels}: containers are not labelled without`);
}

function auditCheck({ audit }: OwnFacts): HostCheck {
  const what = 'for audit records';
  if (audit === 'none')
    return { what, verdict: 'WARN', hint: 'Use a kernel with CONFIG_AUDIT, and turn it on (audit=1, or auditctl -e 1)' };
  return check(what, audit === 'recorded', 'WARN', "Start auditd: records end in the kernel's log without");
}

function idChecks({ subuid, subgid }: OwnFacts['subordinateIds'], containers: number): HostCheck[] {
  const wanted = containers * IDS_EACH;
  return Object.entries({ subuid, subgid }).map(([file, ids = 0]) =>
    check(
      `for ${containers} ranges of ids in /etc/${file}`,
      ids >= wanted,
      'WARN',
      `Give virsh-lxc ${wanted} ids there, as in virsh-lxc:1879048192:${wanted}: a range for each container that has none of its own`,
    ),
  );
}

function limitChecks(limits: ReadonlyMap<string, number>, containers: number, otherwise: 'WARN' | 'FAIL'): HostCheck[] {
  const atLeast = (name: string, value: number): HostCheck => {
    const key = name.replaceAll('/', '.');
    const hint = `Set ${key} to ${value} or more, with sysctl and in /etc/sysctl.d`;
    return check(`${key} for ${containers} containers`, (limits.get(name) ?? Number.POSITIVE_INFINITY) >= value, otherwise, hint);
  };
  // Each container has a devpts of its own, but the number of ptys is limited for all together, and some are kept for the host.
  const reserved = limits.get('kernel/pty/reserve') ?? 0;
  const fewest = [...NAMESPACE_LIMITS].sort(
    (a, b) => (limits.get(a) ?? Number.POSITIVE_INFINITY) - (limits.get(b) ?? Number.POSITIVE_INFINITY),
  )[0]!;
  return [
    ...NEEDS.map(([name, each]) => atLeast(name, containers * each)),
    atLeast('kernel/pty/max', reserved + containers * PTYS_EACH),
    atLeast(fewest, containers),
  ];
}

/** One line of the report, as libvirt lays it out. */
export function checkLine({ what, verdict, hint }: HostCheck, paint: (verdict: HostCheck['verdict']) => string): string {
  return `${'LXC'.padStart(6)}: Checking ${what.padEnd(60)}: ${paint(verdict)}${hint === undefined ? '' : ` (${hint})`}\n`;
}
