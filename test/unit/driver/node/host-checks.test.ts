import { describe, expect, it } from 'vitest';
import { checkLine, type HostFacts, libvirtChecks, type OwnFacts, ownChecks } from '../../../../src/driver/node/host-checks.ts';

const OWN: OwnFacts = {
  hasFilters: true,
  labels: 'apparmor',
  missingForLabels: undefined,
  audit: 'recorded',
  subordinateIds: { subuid: 655_360, subgid: 655_360 },
  hasFuseDevice: true,
  limits: new Map([
    ['fs/inotify/max_user_instances', 160],
    ['fs/inotify/max_user_watches', 2560],
    ['kernel/pty/max', 1104],
    ['kernel/pty/reserve', 1024],
    ['user/max_user_namespaces', 12],
    ['user/max_net_namespaces', 10],
  ]),
};
const V1 = ['rw', 'cpu', 'cpuacct', 'cpuset', 'memory', 'devices', 'freezer', 'blkio', 'pids'];
const V2 = { controllers: ['cpuset', 'cpu', 'io', 'memory', 'hugetlb', 'pids'], devices: true };
const FACTS: HostFacts = {
  system: 'Linux',
  release: '6.1.0-40-amd64',
  namespaces: ['cgroup', 'ipc', 'mnt', 'net', 'pid', 'user', 'uts'],
  v1: V1,
  v2: undefined,
  hasFuseConnections: true,
  own: OWN,
};

/** What does not pass, as it is printed. */
const lacking = (facts: Partial<HostFacts>) =>
  libvirtChecks({ ...FACTS, ...facts })
    .checks.filter(({ verdict }) => verdict !== 'PASS')
    .map((check) => checkLine(check, (verdict) => verdict).replace(/^ {3}LXC: Checking (.*?) +: /, '$1: '));
const controllerHint = (name: string) => `Enable '${name}' in kernel Kconfig file or mount/enable cgroup controller in your system`;
const controllerFails = (name: string) => `for cgroup '${name}' controller support: FAIL (${controllerHint(name)})\n`;

describe('libvirtChecks()', () => {
  it("has libvirt's lines in its order and layout", () => {
    const { checks, error } = libvirtChecks(FACTS);
    expect(error).toBeUndefined();
    expect(checks.map((check) => checkLine(check, (verdict) => verdict)).join('')).toBe(`\
   LXC: Checking for Linux >= 2.6.26                                         : PASS
   LXC: Checking for namespace ipc                                           : PASS
   LXC: Checking for namespace mnt                                           : PASS
   LXC: Checking for namespace pid                                           : PASS
   LXC: Checking for namespace uts                                           : PASS
   LXC: Checking for namespace net                                           : PASS
   LXC: Checking for namespace user                                          : PASS
   LXC: Checking for cgroup 'cpu' controller support                         : PASS
   LXC: Checking for cgroup 'cpuacct' controller support                     : PASS
   LXC: Checking for cgroup 'cpuset' controller support                      : PASS
   LXC: Checking for cgroup 'memory' controller support                      : PASS
   LXC: Checking for cgroup 'devices' controller support                     : PASS
   LXC: Checking for cgroup 'freezer' controller support                     : PASS
   LXC: Checking for cgroup 'blkio' controller support                       : PASS
   LXC: Checking if device /sys/fs/fuse/connections exists                   : PASS
`);
  });

  it.each([
    ['2.6.25', true],
    ['2.6.26', false],
    ['2.6.32-5-amd64', false],
    ['3.2', false],
    ['10.0.0-rc1', false],
    ['next', true],
  ])('of Linux %s', (release, fails) => {
    expect(lacking({ release })).toEqual(fails ? ['for Linux >= 2.6.26: FAIL (Upgrade to a kernel supporting namespaces)\n'] : []);
  });

  it('of a kernel that is no Linux', () => {
    expect(lacking({ system: 'GNU/kFreeBSD' })).toEqual(['for Linux >= 2.6.26: FAIL (Upgrade to a kernel supporting namespaces)\n']);
  });

  it('warns of two namespaces and fails without the others', () => {
    expect(lacking({ namespaces: [] })).toEqual([
      'for namespace ipc: FAIL (IPC namespace support is required)\n',
      'for namespace mnt: FAIL (Mount namespace support is required)\n',
      'for namespace pid: FAIL (PID namespace support is required)\n',
      'for namespace uts: FAIL (UTS namespace support is required)\n',
      'for namespace net: WARN (Network namespace support is recommended)\n',
      'for namespace user: WARN (User namespace support is recommended)\n',
    ]);
  });

  it('of cgroup version 1 with one hierarchy less', () => {
    expect(lacking({ v1: V1.filter((name) => name !== 'blkio') })).toEqual([controllerFails('blkio')]);
  });

  it("of version 2, where libvirt's driver freezes nothing", () => {
    expect(lacking({ v1: undefined, v2: V2 })).toEqual([controllerFails('freezer')]);
    expect(lacking({ v1: undefined, v2: { ...V2, devices: false } })).toEqual(['devices', 'freezer'].map(controllerFails));
  });

  it('of both: what one of them has is there, and version 2 always has cpuacct', () => {
    const v1 = ['rw', 'memory', 'freezer'];
    expect(lacking({ v1, v2: { ...V2, controllers: ['hugetlb'] } })).toEqual(['cpu', 'cpuset', 'blkio'].map(controllerFails));
  });

  it('leaves a cgroup2 mount without controllers out, as systemd has it beside version 1', () => {
    const v1 = V1.filter((name) => name !== 'cpuacct');
    expect(lacking({ v1, v2: { ...V2, controllers: [] } })).toEqual([controllerFails('cpuacct')]);
  });

  it.each([
    ['nothing', undefined],
    ['an empty cgroup2 mount', { ...V2, controllers: [] }],
  ])('of a host with %s: an error in place of the lines about cgroups', (_, v2) => {
    const { checks, error } = libvirtChecks({ ...FACTS, v1: undefined, v2 });
    expect(error).toBe('Unable to initialize cgroups: internal error: no cgroup backend available');
    expect(checks.map(({ what }) => what)).not.toContain("for cgroup 'cpu' controller support");
    expect(checks).toHaveLength(8);
  });

  it('of a kernel without FUSE', () => {
    expect(lacking({ hasFuseConnections: false })).toEqual([
      "if device /sys/fs/fuse/connections exists: FAIL (Load the 'fuse' module to enable /proc/ overrides)\n",
    ]);
  });
});

const ownVerdicts = (facts: Partial<HostFacts>, own: Partial<OwnFacts>, request = { containers: 10, isAsked: false }) =>
  ownChecks({ ...FACTS, ...facts, own: { ...OWN, ...own } }, request)
    .filter(({ verdict }) => verdict !== 'PASS')
    .map(({ what, verdict, hint }) => `${what}: ${verdict} (${hint})`);

describe('ownChecks()', () => {
  it('are these, and pass where nothing is lacking', () => {
    expect(ownChecks(FACTS, { containers: 10, isAsked: true })).toEqual(
      [
        'for seccomp filters',
        "for cgroup 'pids' controller support",
        'for namespace cgroup',
        'for idmapped mounts',
        'for a security driver (SELinux, AppArmor)',
        'for audit records',
        'for 10 ranges of ids in /etc/subuid',
        'for 10 ranges of ids in /etc/subgid',
        'if device /dev/fuse exists',
        'fs.inotify.max_user_instances for 10 containers',
        'fs.inotify.max_user_watches for 10 containers',
        'kernel.pty.max for 10 containers',
        'user.max_net_namespaces for 10 containers',
      ].map((what) => ({ what, verdict: 'PASS' })),
    );
  });

  it('tell where a container would not start, or would have less than it should', () => {
    expect(
      ownVerdicts(
        { release: '5.11.22', v1: ['memory'], namespaces: [] },
        {
          hasFilters: false,
          labels: undefined,
          audit: 'none',
          subordinateIds: { subuid: undefined, subgid: 655_359 },
          hasFuseDevice: false,
        },
      ),
    ).toEqual([
      'for seccomp filters: FAIL (Use a kernel with CONFIG_SECCOMP_FILTER: only at security level libvirt a container starts without)',
      `for cgroup 'pids' controller support: WARN (${controllerHint('pids')})`,
      'for namespace cgroup: WARN (Use a kernel with CONFIG_CGROUPS and cgroup namespaces)',
      'for idmapped mounts: FAIL (Use Linux 5.12 or newer: no container starts without)',
      'for a security driver (SELinux, AppArmor): WARN (Boot with SELinux or AppArmor turned on (lsm=): containers are not labelled without)',
      'for audit records: WARN (Use a kernel with CONFIG_AUDIT, and turn it on (audit=1, or auditctl -e 1))',
      'for 10 ranges of ids in /etc/subuid: WARN (Give virsh-lxc 655360 ids there, as in virsh-lxc:1879048192:655360: a range for each container that has none of its own)',
      'for 10 ranges of ids in /etc/subgid: WARN (Give virsh-lxc 655360 ids there, as in virsh-lxc:1879048192:655360: a range for each container that has none of its own)',
      "if device /dev/fuse exists: FAIL (Load the 'fuse' module: no container starts without)",
    ]);
  });

  it('name what a security driver and audit lack', () => {
    expect(ownVerdicts({}, { labels: 'selinux', missingForLabels: '/etc/selinux/x/contexts/lxc_contexts', audit: 'kernel only' })).toEqual([
      'for a security driver (SELinux, AppArmor): WARN (Install what has /etc/selinux/x/contexts/lxc_contexts: containers are not labelled without)',
      "for audit records: WARN (Start auditd: records end in the kernel's log without)",
    ]);
  });

  it('ask for suspending where libvirt finds no freezer', () => {
    const what = 'for suspending by cgroup version 2';
    expect(ownChecks({ ...FACTS, v1: undefined, v2: V2 }, { containers: 1, isAsked: false })).toContainEqual({ what, verdict: 'PASS' });
    expect(ownVerdicts({ release: '5.1.0', v1: undefined, v2: V2 }, {})).toEqual([
      `${what}: WARN (Use Linux 5.2 or newer: suspend does not work without)`,
      'for idmapped mounts: FAIL (Use Linux 5.12 or newer: no container starts without)',
    ]);
  });

  it('have limits that must be as high as the number of containers wants, which fail only if somebody asked', () => {
    const limits = [
      'fs.inotify.max_user_instances for 11 containers: V (Set fs.inotify.max_user_instances to 176 or more, with sysctl and in /etc/sysctl.d)',
      'fs.inotify.max_user_watches for 11 containers: V (Set fs.inotify.max_user_watches to 2816 or more, with sysctl and in /etc/sysctl.d)',
      'kernel.pty.max for 11 containers: V (Set kernel.pty.max to 1112 or more, with sysctl and in /etc/sysctl.d)',
      'user.max_net_namespaces for 11 containers: V (Set user.max_net_namespaces to 11 or more, with sysctl and in /etc/sysctl.d)',
    ];
    const ids = { subordinateIds: { subuid: 720_896, subgid: 720_896 } };
    for (const [isAsked, verdict] of [
      [false, 'WARN'],
      [true, 'FAIL'],
    ] as const)
      expect(ownVerdicts({}, ids, { containers: 11, isAsked })).toEqual(limits.map((line) => line.replace('V', verdict)));
  });

  it('take a limit that the kernel does not have for none', () => {
    expect(ownVerdicts({}, { limits: new Map() }, { containers: 10, isAsked: true })).toEqual([]);
  });
});
