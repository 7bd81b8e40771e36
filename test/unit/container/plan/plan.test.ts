import { describe, expect, it } from 'vitest';
import type { Structure } from '../../../../lib-native/plan-encoding.ts';
import { commandEnvironment, compileEnterPlan, enterEnvironment } from '../../../../src/container/plan/enter.ts';
import { initEnvironment } from '../../../../src/container/plan/environment.ts';
import { compilePlan, type PlanInputs, waitsBeforeMounts } from '../../../../src/container/plan/plan.ts';
import type { DomainDefinition, SecurityLevel } from '../../../../src/domain/definition.ts';
import { containment } from '../../../../src/security/containment.ts';
import { compileFilter } from '../../../../src/security/seccomp/compile.ts';
import { filesystem, minimalDefinition, UUID } from '../../../helpers/definition.ts';
import { describePlan } from '../../../helpers/describe-plan.ts';

const HOST = {
  lastCapability: 40,
  permittedCapabilities: (1n << 41n) - 1n,
  maxOpenFiles: 4096,
  hasSecurityfs: false,
  hasSelinuxfs: false,
  hasTimeNamespaces: false,
  is32Bit: false,
  machine: 'x64',
} as const;
const NEW_PID_MNT_IPC_UTS = 0x20000000 | 0x00020000 | 0x08000000 | 0x04000000;
const NEW_USER = 0x10000000;
const NEW_NET = 0x40000000;

const V1 = {
  version: 1,
  directories: ['/cg/cpu/machine/g', '/cg/memory/machine/g'],
  payload: undefined,
  ownNamespace: false,
  base: '/cg',
  tmpfs: 14,
  binds: [{ directory: '/cg/memory/machine/g', name: 'memory', isWritable: false }],
} as const;
const V2 = { version: 2, payload: '/sys/fs/cgroup/machine/g/payload' } as const;
const DIRECTORIES = { memory: '/cg/memory/machine/g', cpu: '/cg/cpu/machine/g' };

function inputs(fields: Partial<PlanInputs> = {}): PlanInputs {
  return {
    host: HOST,
    containment: containment(minimalDefinition(), 'libvirt'),
    identity: { uid: 0, gid: 0, groups: [] },
    root: 10,
    dev: 11,
    devpts: 12,
    view: { mount: 13, isWhole: false, directories: DIRECTORIES },
    sys: undefined,
    cgroup: { ...V1, directories: [...V1.directories], binds: [...V1.binds] },
    filesystems: new Map(),
    sharedNamespaces: {},
    isSystem: false,
    holdsTerminal: false,
    processorsOfCgroup: false,
    passFds: [],
    ...fields,
  };
}

const compile = (definition: DomainDefinition, fields: Partial<PlanInputs> = {}) => describePlan(compilePlan(definition, inputs(fields)));

const KERNELS_OWN = ['/sys/kernel/config', '/sys/kernel/debug', '/sys/kernel/tracing'];

// The plan by subject: a variant's test replaces the subjects that differ and compares the whole.
const BASE = {
  leave: [0, 1, 2].map((fd) => `dup3(<go>, ${fd}, 0) -- Failed to leave the standard files`),
  wait: [] as string[],
  umask: ['umask(18) -- umask failed'],
  groups: [
    `openat(-100, "/cg/cpu/machine/g/tasks", 524289) -- cannot enter cgroup '/cg/cpu/machine/g'`,
    `write(<openat /cg/cpu/machine/g/tasks>, "0", 1) -- cannot enter cgroup '/cg/cpu/machine/g'`,
    `close(<openat /cg/cpu/machine/g/tasks>) -- cannot enter cgroup '/cg/cpu/machine/g'`,
    `openat(-100, "/cg/memory/machine/g/tasks", 524289) -- cannot enter cgroup '/cg/memory/machine/g'`,
    `write(<openat /cg/memory/machine/g/tasks>, "0", 1) -- cannot enter cgroup '/cg/memory/machine/g'`,
    `close(<openat /cg/memory/machine/g/tasks>) -- cannot enter cgroup '/cg/memory/machine/g'`,
  ],
  keyring: ['keyctl(1, null) ~38 -- Failed to make a session keyring'],
  clock: [] as string[],
  namespaces: [] as string[],
  users: [] as string[],
  private: ['mount(null, "/", null, 278528, null) -- Failed to make root private'], // MS_REC | MS_PRIVATE
  newProc: newMount('proc', 14, 'Failed to mount proc on /proc'), // nosuid, nodev, noexec
  openLabel: [] as string[],
  newSys: newMount('sysfs', 15, 'Failed to mount sysfs on /sys'), // and read-only
  newSpecial: [] as string[],
  newCgroup: [
    `open_tree(-100, "/cg/memory/machine/g", 524289) -- Failed to bind cgroup '/cg/memory/machine/g'`,
    `mount_setattr(<open_tree /cg/memory/machine/g>, "", 36864, 32:0f, 32) -- Failed to make cgroup '/cg/memory/machine/g' readonly`,
  ],
  openView: openView('meminfo'),
  root: [
    'move_mount(10, "", -100, "/proc", 20) -- Failed to attach the root file system',
    'chdir("/proc") -- Failed to enter the root file system',
    'pivot_root(".", ".") -- Failed to pivot root',
    'umount2(".", 2) -- Failed to drop the old root',
    'chdir("/") -- Failed to chdir into the root',
  ],
  takeAway: ['/sys', '/dev', '/proc'].map((path) => `umount2("${path}", 2) ~22,2 -- Failed to unmount '${path}'`),
  proc: [makeSpecialFolder('/proc'), 'move_mount(<fsmount proc>, "", -100, "/proc", 20) -- Failed to mount on /proc'],
  openNetworkSettings: [] as string[],
  procSys: [
    'open_tree(-100, "/proc/sys", 524289) -- Failed to bind /proc/sys',
    'mount_setattr(<open_tree /proc/sys>, "", 36864, 32:0f, 32) -- Failed to make /proc/sys readonly',
    'move_mount(<open_tree /proc/sys>, "", -100, "/proc/sys", 20) -- Failed to mount on /proc/sys',
  ],
  networkSettings: [] as string[],
  sys: [makeSpecialFolder('/sys'), 'move_mount(<fsmount sysfs>, "", -100, "/sys", 20) -- Failed to mount on /sys'],
  special: [] as string[],
  cgroup: [
    'move_mount(14, "", -100, "/cg", 20) -- Failed to mount tmpfs on /cg',
    'move_mount(<open_tree /cg/memory/machine/g>, "", -100, "/cg/memory", 20) -- Failed to mount cgroup on /cg/memory',
  ],
  view: ['move_mount(<open_tree /proc/meminfo>, "", -100, "/proc/meminfo", 20) -- Failed to mount on /proc/meminfo'],
  dev: [
    makeSpecialFolder('/dev'),
    'move_mount(11, "", -100, "/dev", 20) -- Failed to mount on /dev',
    'move_mount(12, "", -100, "/dev/pts", 20) -- Failed to mount devpts on /dev/pts',
  ],
  filesystems: [] as string[],
  init: [`faccessat(-100, "/sbin/init", 0) -- cannot find init path '/sbin/init' relative to container root`],
  hostName: ['sethostname("vm1", 3) -- Failed to set hostname'],
  openConsole: ['setsid() ~1 -- setsid failed', 'openat(-100, "/dev/pts/0", 524546) -- Failed to open /dev/pts/0'],
  ownConsole: [] as string[],
  standardFiles: [0, 1, 2].map((fd) => `dup3(<openat /dev/pts/0>, ${fd}, 0) -- Failed to set up standard files`),
  terminal: [] as string[],
  passFds: [] as string[],
  limits: ['prlimit64(0, 7, 16:00040000000000000010, null) -- Failed to set the limit of open files'], // 1024, 4096
  cpus: [`sched_setaffinity(0, 128, 128:${'ff'.repeat(128)}) -- Failed to set CPU affinity`],
  numa: [] as string[],
  personality: [] as string[],
  go: ['read(<go>, 8:, 1) nonzero -- controller went away'],
  capabilities: [
    // sys_module, sys_time, mknod, audit_control, mac_admin
    ...[16, 25, 27, 30, 33].map((number) => `prctl(24, ${number}, 0, 0, 0) -- failed to drop capability ${number}`),
    setCapabilities('ffffffffffffffff00000000ff010000ff01'),
    'prctl(47, 4, 0, 0, 0) ~22 -- failed to clear ambient capabilities',
  ],
  ids: ['setgroups(0, null) -- setgroups failed'],
  tie: ['prctl(1, 9, 0, 0, 0) -- failed to tie init to its controller'], // PR_SET_PDEATHSIG, SIGKILL
  label: [] as string[],
  close: ['close_range(3, 4294967295, 4) -- Failed to close inherited descriptors'],
  signals: ['rt_sigprocmask(2, 8:, null, 8) -- Failed to unblock signals'],
  chdir: [] as string[],
  exec: [
    `execve("/sbin/init", ["/sbin/init"], ["PATH=/bin:/usr/bin","TERM=linux","container=libvirt-lxc","HOME=/","container_uuid=${UUID}",` +
      `"LIBVIRT_LXC_UUID=${UUID}","LIBVIRT_LXC_NAME=vm1"]) -- cannot execute init '/sbin/init'`,
  ],
};

/** capset(2) of version 3: effective, permitted and inheritable, low words first. */
function setCapabilities(sets: string): string {
  return `capset(8:22050820, 24:${sets}) -- failed to set capabilities`;
}

const steps = (changed: Partial<typeof BASE> = {}): string[] => Object.values({ ...BASE, ...changed }).flat();

function newMount(type: string, attributes: number, purpose: string): string[] {
  return [
    `fsopen("${type}", 1) -- ${purpose}`,
    `fsconfig(<fsopen ${type}>, 1, "source", "${type}", 0) -- ${purpose}`,
    `fsconfig(<fsopen ${type}>, 6, null, null, 0) -- ${purpose}`,
    `fsmount(<fsopen ${type}>, 1, ${attributes}) -- ${purpose}`,
  ];
}

function openView(...names: string[]): string[] {
  const file = (name: string) => (name === 'online' ? '/sys/devices/system/cpu/online' : `/proc/${name}`);
  return [
    'move_mount(13, "", -100, "/proc", 20) -- Failed to attach the files of the container',
    ...names.map((name) => `open_tree(-100, "/proc/${name}", 524289) -- Failed to mount on ${file(name)}`),
    'umount2("/proc", 2) -- Failed to attach the files of the container',
  ];
}

/** There already, or not to be made on a read-only root: then the mount tells. */
function makeSpecialFolder(path: string): string {
  return `mkdirat(-100, "${path}", 493) ~17,30,13 -- Failed to create '${path}'`;
}
const makeTarget = (source: string, target: string, directory = 1): string =>
  `make_target("${target}", ${directory}) -- Failed to mount '${source}' on '${target}'`;

describe('compilePlan()', () => {
  it('takes a container with a root of its own through every step, in order', () => {
    expect(compile(minimalDefinition())).toEqual({
      cloneFlags: NEW_PID_MNT_IPC_UTS,
      cgroup: undefined,
      view: { directories: DIRECTORIES, version: 1, uid: 0, gid: 0, since: 0 },
      parent: [],
      child: steps(),
    });
  });

  it('under mapped ids waits for the maps, then becomes root before its first mount', () => {
    const definition = minimalDefinition(({ idmap }) => {
      idmap.uid = [{ start: 0, target: 100000, count: 65536 }];
      idmap.gid = [{ start: 0, target: 100000, count: 65536 }];
    });
    const host = { ...HOST, hasSecurityfs: true, hasSelinuxfs: true };
    expect(compile(definition, { host, sys: 15 })).toEqual({
      cloneFlags: NEW_PID_MNT_IPC_UTS | NEW_USER,
      cgroup: undefined,
      view: { directories: DIRECTORIES, version: 1, uid: 100000, gid: 100000, since: 0 },
      parent: [],
      child: steps({
        wait: BASE.go,
        users: ['setgroups(0, null) -- setgroups failed', 'setresgid(0, 0, 0) -- setgid failed', 'setresuid(0, 0, 0) -- setuid failed'],
        newSys: [], // not its network namespace: the host's, copied
        newSpecial: KERNELS_OWN.flatMap((target) => newMount('tmpfs', 15, `Failed to mount tmpfs on ${target}`)),
        special: KERNELS_OWN.map(
          (target) => `move_mount(<fsmount tmpfs>, "", -100, "${target}", 20) ~2 -- Failed to mount tmpfs on ${target}`,
        ),
        sys: [makeSpecialFolder('/sys'), 'move_mount(15, "", -100, "/sys", 20) -- Failed to mount on /sys'],
      }),
    });
  });

  it('on cgroup v2 is born in its group, makes a cgroup namespace there and mounts what that shows', () => {
    expect(compile(minimalDefinition(), { cgroup: V2 })).toEqual({
      cloneFlags: NEW_PID_MNT_IPC_UTS,
      cgroup: 0,
      view: { directories: DIRECTORIES, version: 2, uid: 0, gid: 0, since: 0 },
      parent: [`openat(-100, "${V2.payload}", 524288) -- cannot open cgroup '${V2.payload}'`],
      child: steps({
        groups: ['unshare(33554432) -- Failed to make a cgroup namespace'],
        newCgroup: newMount('cgroup2', 14, 'Failed to mount cgroup2 on /sys/fs/cgroup'),
        cgroup: ['move_mount(<fsmount cgroup2>, "", -100, "/sys/fs/cgroup", 20) -- Failed to mount cgroup2 on /sys/fs/cgroup'],
      }),
    });
  });

  it('on a hybrid host is born in its unified group, makes a namespace of all and has those writable that limit nothing', () => {
    const [systemd, payload] = ['/cg/systemd/machine/g', '/cg/unified/machine/g/payload'];
    const binds = [
      ...V1.binds,
      { directory: systemd, name: 'systemd', isWritable: true },
      { directory: payload, name: 'unified', isWritable: true },
    ];
    const cgroup = { ...V1, directories: [...V1.directories, systemd], payload, ownNamespace: true, binds };
    const bind = (folder: string) => [
      `open_tree(-100, "${folder}", 524289) -- Failed to bind cgroup '${folder}'`,
      `mount_setattr(<open_tree ${folder}>, "", 36864, 32:0e, 32) -- Failed to restrict cgroup '${folder}'`, // nosuid, nodev, noexec
    ];
    const move = (folder: string, name: string) =>
      `move_mount(<open_tree ${folder}>, "", -100, "/cg/${name}", 20) -- Failed to mount cgroup on /cg/${name}`;
    expect(compile(minimalDefinition(), { cgroup })).toEqual({
      cloneFlags: NEW_PID_MNT_IPC_UTS,
      cgroup: 0,
      view: { directories: DIRECTORIES, version: 1, uid: 0, gid: 0, since: 0 },
      parent: [`openat(-100, "${payload}", 524288) -- cannot open cgroup '${payload}'`],
      child: steps({
        groups: [
          ...BASE.groups,
          `openat(-100, "${systemd}/tasks", 524289) -- cannot enter cgroup '${systemd}'`,
          `write(<openat ${systemd}/tasks>, "0", 1) -- cannot enter cgroup '${systemd}'`,
          `close(<openat ${systemd}/tasks>) -- cannot enter cgroup '${systemd}'`,
          'unshare(33554432) -- Failed to make a cgroup namespace',
        ],
        newCgroup: [...BASE.newCgroup, ...bind(systemd), ...bind(payload)],
        cgroup: [...BASE.cgroup, move(systemd, 'systemd'), move(payload, 'unified')],
      }),
    });
  });

  it('with a network of its own does not wait for its devices and leaves its network settings writable', () => {
    const definition = minimalDefinition(({ features }) => {
      features.privnet = true;
    });
    const plan = compile(definition);
    expect(plan.cloneFlags).toBe(NEW_PID_MNT_IPC_UTS | NEW_NET);
    expect(plan.child).toEqual(
      steps({
        openNetworkSettings: [
          'open_tree(-100, "/proc/sys/net/ipv4", 524289) ~2 -- Failed to bind /proc/sys/net/ipv4',
          'open_tree(-100, "/proc/sys/net/ipv6", 524289) ~2 -- Failed to bind /proc/sys/net/ipv6',
        ],
        networkSettings: [
          'move_mount(<open_tree /proc/sys/net/ipv4>, "", -100, "/proc/sys/net/ipv4", 20) ~2,9 -- Failed to mount on /proc/sys/net/ipv4',
          'move_mount(<open_tree /proc/sys/net/ipv6>, "", -100, "/proc/sys/net/ipv6", 20) ~2,9 -- Failed to mount on /proc/sys/net/ipv6',
        ],
      }),
    );
  });

  it('joins namespaces of others instead of making its own, and does not name a shared host', () => {
    const definition = minimalDefinition((changed) => {
      changed.sharedNamespaces = {
        net: { type: 'netns', value: 'red' },
        ipc: { type: 'pid', value: '17' },
        uts: { type: 'name', value: 'vm2' },
      };
    });
    const plan = compile(definition, { sharedNamespaces: { uts: 22, net: 20, ipc: 21 } });
    expect(plan.cloneFlags).toBe(0x20000000 | 0x00020000);
    expect(plan.child).toEqual(
      steps({
        namespaces: [
          `setns(20, 1073741824) -- Failed to set namespace 'net'`,
          `setns(21, 134217728) -- Failed to set namespace 'ipc'`,
          `setns(22, 67108864) -- Failed to set namespace 'uts'`,
        ],
        hostName: [],
      }),
    );
  });

  it("sets init's security label by a proc file system of its own that hangs nowhere yet, as the last that may fail", () => {
    const label = 'system_u:system_r:container_t:s0:c1,c2';
    const purpose = `Failed to set security label '${label}'`;
    expect(compile(minimalDefinition(), { label: { file: 'thread-self/attr/exec', text: label } }).child).toEqual(
      steps({
        openLabel: [`openat(<fsmount proc>, "thread-self/attr/exec", 524289) -- ${purpose}`],
        label: [
          `write(<openat thread-self/attr/exec>, "${label}", ${label.length}) -- ${purpose}`,
          `close(<openat thread-self/attr/exec>) -- ${purpose}`,
        ],
      }),
    );
  });

  it('mounts securityfs and selinuxfs where the host has them', () => {
    expect(compile(minimalDefinition(), { host: { ...HOST, hasSecurityfs: true, hasSelinuxfs: true } }).child).toEqual(
      steps({
        newSpecial: [
          ...newMount('securityfs', 15, 'Failed to mount securityfs on /sys/kernel/security'),
          ...newMount('selinuxfs', 15, 'Failed to mount selinuxfs on /sys/fs/selinux'),
        ],
        special: [
          'move_mount(<fsmount securityfs>, "", -100, "/sys/kernel/security", 20) -- Failed to mount securityfs on /sys/kernel/security',
          'move_mount(<fsmount selinuxfs>, "", -100, "/sys/fs/selinux", 20) -- Failed to mount selinuxfs on /sys/fs/selinux',
        ],
      }),
    );
  });

  it('attaches file systems of every type in the order of the definition, each on what it needs', () => {
    const definition = minimalDefinition(({ devices }) => {
      devices.filesystems.push(
        filesystem({ source: '/srv/data', target: '/data/deep' }),
        filesystem({ source: '/etc/one-file', target: '/etc/one-file' }),
        filesystem({ type: 'ram', source: '1024', usageKiB: 1024, target: '/tmp' }),
        filesystem({ type: 'block', source: '/dev/sdb1', target: '/disk', readonly: true }),
        filesystem({ type: 'file', source: '/srv/image', target: '/image' }),
        filesystem({ type: 'bind', source: '/data', target: '/again' }),
        filesystem({ type: 'bind', source: '/data', target: '/only/look', readonly: true }),
      );
    });
    const opened = new Map([
      [1, { mount: 31, isFile: false }],
      [2, { mount: 32, isFile: true }],
      [3, { mount: 33, isFile: false }],
      [4, { mount: 34, isFile: false }],
      [5, { mount: 35, isFile: false }],
    ]);
    const bind = `open_tree(-100, "/data", 557057) -- Failed to access '/data'`; // with AT_RECURSIVE
    expect(compile(definition, { filesystems: opened }).child).toEqual(
      steps({
        filesystems: [
          makeTarget('/srv/data', '/data/deep'),
          `move_mount(31, "", <make_target /data/deep>, "", 68) -- Failed to mount '/srv/data' on '/data/deep'`,
          makeTarget('/etc/one-file', '/etc/one-file', 0),
          `move_mount(32, "", <make_target /etc/one-file>, "", 68) -- Failed to mount '/etc/one-file' on '/etc/one-file'`,
          makeTarget('1024', '/tmp'),
          `move_mount(33, "", <make_target /tmp>, "", 68) -- Failed to mount '1024' on '/tmp'`,
          makeTarget('/dev/sdb1', '/disk'),
          `move_mount(34, "", <make_target /disk>, "", 68) -- Failed to mount '/dev/sdb1' on '/disk'`,
          makeTarget('/srv/image', '/image'),
          `move_mount(35, "", <make_target /image>, "", 68) -- Failed to mount '/srv/image' on '/image'`,
          makeTarget('/data', '/again'),
          bind,
          `move_mount(<open_tree /data>, "", <make_target /again>, "", 68) -- Failed to mount '/data' on '/again'`,
          makeTarget('/data', '/only/look'),
          bind,
          'mount_setattr(<open_tree /data>, "", 36864, 32:01, 32) -- Failed to make mount /only/look readonly',
          `move_mount(<open_tree /data>, "", <make_target /only/look>, "", 68) -- Failed to mount '/data' on '/only/look'`,
        ],
      }),
    );
  });

  it('refuses a file system whose source nobody opened', () => {
    const definition = minimalDefinition(({ devices }) => {
      devices.filesystems.push(filesystem({ target: '/data' }));
    });
    expect(() => compilePlan(definition, inputs())).toThrow(new RangeError("no source for '/data'"));
  });

  it("gives init's user the console, and changes ids after the capabilities and before the tie to the controller", () => {
    expect(compile(minimalDefinition(), { identity: { uid: 1000, gid: 100, groups: [100, 27] } }).child).toEqual(
      steps({
        ownConsole: ['fchown(<openat /dev/pts/0>, 1000, -1) -- Failed to change owner of the console'],
        ids: [
          'setgroups(2, 8:640000001b) -- setgroups failed',
          'setresgid(100, 100, 100) -- setgid failed',
          'setresuid(1000, 1000, 1000) -- setuid failed',
        ],
      }),
    );
  });

  it('keeps uid 0 of an init that only changes its group', () => {
    expect(compile(minimalDefinition(), { identity: { uid: 0, gid: 5, groups: [] } }).child).toEqual(
      steps({ ids: ['setgroups(0, 4:) -- setgroups failed', 'setresgid(5, 5, 5) -- setgid failed'] }),
    );
  });

  it('counts a folder that init cannot be started in as a failure of the started container', () => {
    const definition = minimalDefinition(({ os }) => {
      os.initdir = '/work';
    });
    const chdir = [
      'chdir("/work") late -- Failed to chdir into /work',
      'getcwd(4096:, 4096) late inside -- /work leads out of the container',
    ];
    expect(compile(definition).child).toEqual(steps({ chdir }));
  });

  it('makes the console the controlling terminal of its session', () => {
    const terminal = ['ioctl(0, 21518, 0) ~25,1 -- Failed to set the controlling terminal'];
    expect(compile(minimalDefinition(), { holdsTerminal: true }).child).toEqual(steps({ terminal }));
  });

  it('passes descriptors on from 3, and closes what follows', () => {
    expect(compile(minimalDefinition(), { passFds: [40, 41] }).child).toEqual(
      steps({
        passFds: ['dup3(40, 3, 0) -- Cannot pass descriptor 3', 'dup3(41, 4, 0) -- Cannot pass descriptor 4'],
        close: ['close_range(5, 4294967295, 4) -- Failed to close inherited descriptors'],
      }),
    );
  });

  it('drops every capability under policy deny but those that are on', () => {
    const definition = minimalDefinition(({ features }) => {
      features.capabilities = { policy: 'deny', states: [{ name: 'chown', state: 'on' }] };
    });
    const dropped = Array.from({ length: 40 }, (_, i) => i + 1);
    expect(compile(definition).child).toEqual(
      steps({
        capabilities: [
          ...dropped.map((number) => `prctl(24, ${number}, 0, 0, 0) -- failed to drop capability ${number}`),
          ...BASE.capabilities.slice(-2),
        ],
      }),
    );
  });

  it('drops nothing under policy allow', () => {
    const definition = minimalDefinition(({ features }) => {
      features.capabilities.policy = 'allow';
    });
    expect(compile(definition).child).toEqual(steps({ capabilities: BASE.capabilities.slice(-2) }));
  });

  it('holds init to its processors, memory nodes and word size', () => {
    const definition = minimalDefinition((changed) => {
      changed.vcpu.cpuset = '0,2-3';
      changed.numatune = { mode: 'interleave', placement: 'static', nodeset: '1' };
    });
    expect(compile(definition, { host: { ...HOST, is32Bit: true } }).child).toEqual(
      steps({
        cpus: ['sched_setaffinity(0, 128, 128:0d) -- Failed to set CPU affinity'],
        numa: ['set_mempolicy(3, 128:02, 1025) -- Failed to set NUMA memory policy'],
        personality: ['personality(8) -- Failed to set personality'],
      }),
    );
    const { child } = compile(definition, { processorsOfCgroup: true });
    expect(child).toEqual(steps({ numa: ['set_mempolicy(3, 128:02, 1025) -- Failed to set NUMA memory policy'] }));
  });

  it.each([
    ['strict', 2],
    ['preferred', 1],
    ['interleave', 3],
  ] as const)('turns numatune mode %s into memory policy %i', (mode, policy) => {
    const definition = minimalDefinition((changed) => {
      changed.numatune = { mode, placement: 'static', nodeset: '0' };
    });
    expect(compile(definition).child).toEqual(
      steps({ numa: [`set_mempolicy(${policy}, 128:01, 1025) -- Failed to set NUMA memory policy`] }),
    );
  });

  it('leaves numatune mode restrictive to the cpuset group', () => {
    const definition = minimalDefinition((changed) => {
      changed.numatune = { mode: 'restrictive', placement: 'static', nodeset: '0' };
    });
    expect(compile(definition).child).toEqual(steps());
  });

  it('never raises the limit of open files above the hard one', () => {
    expect(compile(minimalDefinition(), { host: { ...HOST, maxOpenFiles: 512 } }).child).toEqual(
      steps({
        limits: ['prlimit64(0, 7, 16:00020000000000000002, null) -- Failed to set the limit of open files'],
      }),
    );
  });

  it('without a view leaves the files of proc', () => {
    const plan = compile(minimalDefinition(), { view: undefined });
    expect([plan.view, plan.child]).toEqual([undefined, steps({ openView: [], view: [] })]);
  });

  it('with a whole view mounts all files of it and gives the container a clock of its own', () => {
    const clock = { sinceS: 4000, offsetS: -4321 };
    const plan = compile(minimalDefinition(), { view: { mount: 13, isWhole: true, directories: DIRECTORIES, clock } });
    const names = ['swaps', 'cpuinfo', 'online', 'stat', 'loadavg', 'diskstats', 'uptime'];
    const purpose = 'Failed to make a time namespace';
    expect(plan.view).toEqual({ directories: DIRECTORIES, version: 1, uid: 0, gid: 0, since: 4000 });
    expect(plan.child).toEqual(
      steps({
        clock: [
          `unshare(128) -- ${purpose}`, // CLONE_NEWTIME
          `openat(-100, "/proc/self/timens_offsets", 524289) -- ${purpose}`,
          `write(<openat /proc/self/timens_offsets>, "boottime -4321 0\\n", 17) -- ${purpose}`,
          `close(<openat /proc/self/timens_offsets>) -- ${purpose}`,
          `openat(-100, "/proc/self/ns/time_for_children", 524288) -- ${purpose}`,
          `setns(<openat /proc/self/ns/time_for_children>, 128) -- ${purpose}`,
          `close(<openat /proc/self/ns/time_for_children>) -- ${purpose}`,
        ],
        openView: openView('meminfo', ...names),
        view: [
          ...BASE.view,
          ...names.map((name) => {
            const file = name === 'online' ? '/sys/devices/system/cpu/online' : `/proc/${name}`;
            return `move_mount(<open_tree /proc/${name}>, "", -100, "${file}", 20) ~2 -- Failed to mount on ${file}`;
          }),
        ],
      }),
    );
  });

  it('with a whole view and no clock leaves the time since the start to the host', () => {
    const { child, view } = compile(minimalDefinition(), { view: { mount: 13, isWhole: true, directories: DIRECTORIES } });
    expect([view?.since, child.filter((line) => /uptime|time namespace/.test(line))]).toEqual([0, []]);
  });
});

describe('waitsBeforeMounts()', () => {
  it('is true for mapped ids, not for a network of its own', () => {
    const mapped = minimalDefinition(({ idmap }) => {
      idmap.uid = idmap.gid = [{ start: 0, target: 1000, count: 10 }];
    });
    const networked = minimalDefinition(({ features }) => {
      features.privnet = true;
    });
    expect([minimalDefinition(), mapped, networked].map(waitsBeforeMounts)).toEqual([false, true, false]);
  });
});

describe('a plan by level', () => {
  const hidden = containment(minimalDefinition(), 'default');
  const hide = [
    ...hidden.maskedFiles.flatMap((file) => [
      `open_tree(-100, "/dev/null", 524289) -- Failed to hide '${file}'`,
      `move_mount(<open_tree /dev/null>, "", -100, "${file}", 20) ~2,9 -- Failed to hide '${file}'`,
    ]),
    ...hidden.maskedDirectories.flatMap((path) => [
      ...newMount('tmpfs', 15, `Failed to hide '${path}'`),
      `move_mount(<fsmount tmpfs>, "", -100, "${path}", 20) ~2,9 -- Failed to hide '${path}'`,
    ]),
    ...hidden.readOnlyPaths.flatMap((path) => [
      `open_tree(-100, "${path}", 524289) ~2,9 -- Failed to make '${path}' readonly`,
      `mount_setattr(<open_tree ${path}>, "", 36864, 32:0f, 32) ~2,9 -- Failed to make '${path}' readonly`,
      `move_mount(<open_tree ${path}>, "", -100, "${path}", 20) ~2,9 -- Failed to make '${path}' readonly`,
    ]),
  ];
  const filter = 'seccomp(1, 4, structure) -- Failed to filter system calls';
  const at = (level: SecurityLevel, definition = minimalDefinition()) =>
    describePlan(compilePlan(definition, inputs({ containment: containment(definition, level) }))).child;

  it('hides and filters at level default', () => {
    expect(at('default')).toEqual(
      steps({
        dev: [...BASE.dev, ...hide],
        capabilities: [filter, ...BASE.capabilities],
      }),
    );
  });

  it('forbids new privileges too, and leaves few capabilities, at level strict', () => {
    const kept = [0, 1, 3, 4, 5, 6, 7, 8, 10, 18, 31];
    const dropped = Array.from({ length: 41 }, (_, number) => number).filter((number) => !kept.includes(number));
    expect(at('strict')).toEqual(
      steps({
        dev: [...BASE.dev, ...hide],
        capabilities: [
          'prctl(38, 1, 0, 0, 0) -- Failed to forbid new privileges',
          filter,
          ...dropped.map((number) => `prctl(24, ${number}, 0, 0, 0) -- failed to drop capability ${number}`),
          ...BASE.capabilities.slice(5),
        ],
      }),
    );
  });

  it('at level strict, and at no other, mounts what an init system would before anything else', () => {
    const child = (level: SecurityLevel) =>
      describePlan(compilePlan(minimalDefinition(), inputs({ isSystem: true, containment: containment(minimalDefinition(), level) })))
        .child;
    const mount = (path: string, mode: string, attributes: number) => {
      const purpose = `Failed to mount tmpfs on ${path}`;
      const made = newMount('tmpfs', attributes, purpose);
      return made.toSpliced(2, 0, `fsconfig(<fsopen tmpfs>, 1, "mode", "${mode}", 0) -- ${purpose}`);
    };
    expect(child('default')).toEqual(at('default'));
    const strict = at('strict');
    const after = strict.indexOf(hide.at(-1)!) + 1;
    const attach = (path: string) => `move_mount(<fsmount tmpfs>, "", -100, "${path}", 20) -- Failed to mount on ${path}`;
    expect(child('strict')).toEqual(
      strict
        .toSpliced(
          after,
          0,
          ...[...mount('/dev/shm', '1777', 6), makeSpecialFolder('/dev'), makeSpecialFolder('/dev/shm'), attach('/dev/shm')],
          ...[...mount('/run', '755', 6), makeSpecialFolder('/run'), attach('/run')],
          ...[...mount('/run/lock', '1777', 14), makeSpecialFolder('/run'), makeSpecialFolder('/run/lock'), attach('/run/lock')],
          ...[...mount('/tmp', '1777', 6), makeSpecialFolder('/tmp'), attach('/tmp')],
        )
        .filter((line) => !line.startsWith('prctl(24, 22,')), // sys_boot is kept: it ends by that
    );
  });

  it('hands the kernel the filter of that level', () => {
    for (const level of ['default', 'strict'] as const) {
      const contained = containment(minimalDefinition(), level);
      const { child } = compilePlan(minimalDefinition(), inputs({ containment: contained }));
      const [argument] = child.flatMap(({ args }) => args.filter((one) => typeof one === 'object' && one !== null && 'bytes' in one));
      const { bytes, pointers } = argument as Structure;
      const program = compileFilter(contained.filter!, 'x64');
      expect(pointers).toEqual([{ at: 8, to: program }]);
      expect(bytes.readUInt16LE(0)).toBe(program.length / 8);
    }
  });

  it('holds a command that is executed later as well, from before it has only the rights of init', () => {
    const definition = minimalDefinition();
    const enter = { host: HOST, initPidfd: 9, argv: ['/bin/id'], env: [], cgroup: { directories: [], payload: undefined } };
    const child = (level: SecurityLevel) =>
      describePlan(compileEnterPlan(definition, { ...enter, containment: containment(definition, level) })).child;
    const names = (lines: string[]) => lines.map((line) => line.replace(/\(.*/, ''));
    const [without, filtered, strict] = (['libvirt', 'default', 'strict'] as const).map(child) as [string[], string[], string[]];
    expect(filtered).toEqual(without.toSpliced(names(without).indexOf('prctl'), 0, filter));
    expect(names(strict).slice(0, 6)).toEqual(['keyctl', 'prlimit64', 'setns', 'close', 'prctl', 'seccomp']);
  });
});

describe('compileEnterPlan()', () => {
  const enter = {
    host: HOST,
    containment: containment(minimalDefinition(), 'libvirt'),
    initPidfd: 9,
    argv: ['/bin/id', '-u'],
    env: ['A=1'],
  };
  const allButUsers = 0x02000000 | 0x00020000 | 0x04000000 | 0x08000000 | 0x40000000 | 0x20000000;
  const begin = [...BASE.keyring, ...BASE.limits];
  const close = 'close(9) -- Failed to close the pidfd of init';
  const end = [
    ...BASE.capabilities,
    setCapabilities('fffffeb5fffffeb500000000fd010000fd01'), // without the five
    'clone(32785, 0, 0, 0, 0) forks -- Failed to make a process', // CLONE_PARENT | SIGCHLD
    'setsid() -- setsid failed',
    ...BASE.close,
    ...BASE.signals,
    `execve("/bin/id", ["/bin/id","-u"], ["A=1"]) -- cannot execute '/bin/id'`,
  ];

  it('joins the groups, the namespaces and the capabilities of init', () => {
    const plan = compileEnterPlan(minimalDefinition(), {
      ...enter,
      cgroup: { directories: [...V1.directories], payload: undefined },
    });
    expect(describePlan(plan)).toEqual({
      cloneFlags: 0,
      cgroup: undefined,
      view: undefined,
      parent: [],
      child: [...BASE.groups, ...begin, `setns(9, ${allButUsers}) -- Failed to enter the namespaces`, close, ...end],
    });
  });

  it('on cgroup v2 under mapped ids is born in the group and becomes root of the user namespace', () => {
    const definition = minimalDefinition(({ idmap }) => {
      idmap.uid = idmap.gid = [{ start: 0, target: 1000, count: 10 }];
    });
    const plan = compileEnterPlan(definition, { ...enter, cgroup: { directories: [], payload: V2.payload } });
    expect(describePlan(plan)).toEqual({
      cloneFlags: 0,
      cgroup: 0,
      view: undefined,
      parent: [`openat(-100, "${V2.payload}", 524288) -- cannot open cgroup '${V2.payload}'`],
      child: [
        ...begin,
        `setns(9, ${allButUsers | NEW_USER}) -- Failed to enter the namespaces`,
        close,
        'setgroups(0, null) -- setgroups failed',
        'setresgid(0, 0, 0) -- setgid failed',
        'setresuid(0, 0, 0) -- setuid failed',
        ...end,
      ],
    });
  });

  it("joins init's clock where the kernel has clocks of containers", () => {
    const cgroup = { directories: [], payload: undefined };
    const plan = compileEnterPlan(minimalDefinition(), { ...enter, host: { ...HOST, hasTimeNamespaces: true }, cgroup });
    expect(describePlan(plan).child).toContain(`setns(9, ${allButUsers | 0x80}) -- Failed to enter the namespaces`);
  });

  it('takes on a security label outside, by a proc file system that nothing leads to, and takes nothing of that along', () => {
    const purpose = "Failed to set security label 'a:b:c:s0'";
    const closeMount = (call: string) => `close(<${call} proc>) -- Failed to mount proc`;
    const plan = compileEnterPlan(minimalDefinition(), {
      ...enter,
      cgroup: { directories: [], payload: undefined },
      label: { file: 'thread-self/attr/exec', text: 'a:b:c:s0' },
    });
    expect(describePlan(plan).child).toEqual([
      ...begin,
      ...newMount('proc', 14, 'Failed to mount proc'),
      closeMount('fsopen'),
      `openat(<fsmount proc>, "thread-self/attr/exec", 524289) -- ${purpose}`,
      closeMount('fsmount'),
      `write(<openat thread-self/attr/exec>, "a:b:c:s0", 8) -- ${purpose}`,
      `close(<openat thread-self/attr/exec>) -- ${purpose}`,
      `setns(9, ${allButUsers}) -- Failed to enter the namespaces`,
      close,
      ...end,
    ]);
  });

  it('makes a terminal that of the new session, and looks for a name in PATH where that is asked for', () => {
    const plan = compileEnterPlan(minimalDefinition(), {
      ...enter,
      argv: ['id'],
      env: ['PATH=/bin:/usr/bin'],
      cgroup: { directories: [], payload: undefined },
      terminal: 1,
      searchesPath: true,
    });
    const words = ', ["id"], ["PATH=/bin:/usr/bin"])';
    expect(describePlan(plan).child.slice(-7)).toEqual([
      'setsid() -- setsid failed',
      'ioctl(1, 21518, 0) -- Failed to set the controlling terminal',
      ...BASE.close,
      ...BASE.signals,
      `execve("/bin/id"${words} ~2,20,13 -- cannot execute 'id'`,
      `execve("/usr/bin/id"${words} ~2,20,13 -- cannot execute 'id'`,
      `execve("id"${words} -- cannot execute 'id'`,
    ]);
  });
});

describe('compileEnterPlan() for exec', () => {
  const plan = (inputs: object) =>
    describePlan(
      compileEnterPlan(minimalDefinition(), {
        host: HOST,
        containment: containment(minimalDefinition(), 'libvirt'),
        initPidfd: 9,
        argv: ['/bin/id'],
        env: [],
        cgroup: { directories: [], payload: undefined },
        ...inputs,
      }),
    ).child;
  const indexOf = (steps: readonly string[], begin: string) => steps.findIndex((step) => step.startsWith(begin));

  it('becomes a user while it may, before it is a process of the container', () => {
    const steps = plan({ identity: { uid: 1000, gid: 100, groups: [100, 50] } });
    const at = indexOf(steps, 'setgroups(');
    expect(steps.slice(at, at + 4)).toEqual([
      'setgroups(2, 8:6400000032) -- setgroups failed',
      'setresgid(100, 100, 100) -- setgid failed',
      'setresuid(1000, 1000, 1000) -- setuid failed',
      'clone(32785, 0, 0, 0, 0) forks -- Failed to make a process',
    ]);
    expect(indexOf(steps, 'prctl(23')).toBeLessThan(at); // PR_CAPBSET_DROP
  });

  it("keeps root's capabilities to those of init", () => {
    const steps = plan({ identity: { uid: 0, gid: 0, groups: [0] } });
    const at = indexOf(steps, 'clone(');
    expect(steps[at - 1]).toMatch(/^capset\(/);
    expect(steps[at - 2]).toBe('setresgid(0, 0, 0) -- setgid failed');
  });

  it('starts in a directory that is in the container', () => {
    const steps = plan({ cwd: '/srv' });
    expect(steps.at(-3)).toBe('chdir("/srv") -- Failed to chdir into /srv');
    expect(steps.at(-2)).toMatch(/^getcwd\(.*inside.*-- \/srv leads out of the container$/);
  });
});

describe('commandEnvironment()', () => {
  it("is the container's, the user's, and above all what is given", () => {
    const path = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
    const entered = ['PATH=/bin', 'HOME=/', 'A=1'];
    expect(commandEnvironment(minimalDefinition(), entered, {}, ['A=2', 'B='])).toEqual([path, 'HOME=/', 'A=2', 'B=']);
    expect(commandEnvironment(minimalDefinition(), entered, { name: 'u', home: '/u' }, ['HOME=/x'])).toEqual([
      path,
      'HOME=/x',
      'A=1',
      'USER=u',
      'LOGNAME=u',
    ]);
    const own = minimalDefinition(({ os }) => {
      os.initenv = [{ name: 'PATH', value: '/bin' }];
    });
    expect(commandEnvironment(own, entered, {}, [])).toEqual(entered);
  });
});

describe('enterEnvironment()', () => {
  it("is init's, with the caller's terminal and language and nothing else of the caller's", () => {
    const own = initEnvironment(minimalDefinition());
    const environment = enterEnvironment(minimalDefinition(), HOST, {
      TERM: 'xterm',
      LC_ALL: 'C',
      LANG: 'de_DE',
      SSH_AUTH_SOCK: '/tmp/s',
      LD_PRELOAD: 'x',
    });
    expect(environment.sort()).toEqual([...own.filter((text) => !text.startsWith('TERM=')), 'TERM=xterm', 'LC_ALL=C', 'LANG=de_DE'].sort());
  });
});
