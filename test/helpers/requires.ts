// What a test needs of the machine that it runs on. What is missing becomes part of a skipped test's name.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { describe } from 'vitest';
import { minimalDebian } from './debian-machine.ts';

export const ROOT = path.resolve(import.meta.dirname, '../..');
/** What test/machines.mjs has compiled for a machine that has no compiler. */
export const BROUGHT = path.join(ROOT, 'test/programs');

const mounts = (): string => fs.readFileSync('/proc/mounts', 'utf8');
const hasCommand = (name: string): boolean => spawnSync('sh', ['-c', `command -v ${name}`]).status === 0;
const hasV1Memory = (): boolean => /^\S+ \S+ cgroup \S*\bmemory\b/m.test(mounts());
/** Does the kernel take these commands of tc(8), in a network of their own? */
const canLimitTraffic = (...commands: string[]): boolean =>
  spawnSync('unshare', ['-n', 'sh', '-ec', commands.map((command) => `tc ${command}`).join('\n')]).status === 0;

/** By the kernel's release, as no program that is everywhere tries it. */
function canMapOwners(): boolean {
  const [major = 0, minor = 0] = os.release().split('.').map(Number);
  const type = spawnSync('stat', ['-f', '-c', '%T', os.tmpdir()], { encoding: 'utf8' }).stdout.trim();
  const since: Readonly<Record<string, number>> = { 'ext2/ext3': 512, xfs: 512, btrfs: 515, tmpfs: 603 };
  return major * 100 + minor >= (since[type] ?? Number.POSITIVE_INFINITY);
}

const NEEDS = {
  root: () => process.getuid?.() === 0,
  built: () => fs.existsSync(path.join(ROOT, 'dist/virsh-lxc.bin')),
  cgroup1: hasV1Memory,
  /** v1 without the hierarchy of systemd, which is nowhere then. */
  cgroup1_bare: () => hasV1Memory() && !fs.readFileSync('/proc/self/cgroup', 'utf8').includes(':name=systemd:'),
  cgroup2: () => !hasV1Memory() && /^\S+ \S+ cgroup2 /m.test(mounts()),
  /** v1 with the hierarchies of a host's systemd: that of its own, and the unified one. */
  hybrid: () => hasV1Memory() && /^\S+ \S+ cgroup \S*name=systemd\b/m.test(mounts()) && /^\S+ \S+ cgroup2 /m.test(mounts()),
  /** Memory and swap limited together. */
  swapaccount: () => !hasV1Memory() || fs.existsSync('/sys/fs/cgroup/memory/memory.memsw.limit_in_bytes'),
  /** A controller that counts processes. */
  pids: () => /^pids\b.*1$/m.test(fs.readFileSync('/proc/cgroups', 'utf8')),
  fuse: () => fs.existsSync('/dev/fuse'),
  two_processors: () => os.availableParallelism() >= 2,
  taskset: () => hasCommand('taskset'),
  loop: () => fs.existsSync('/dev/loop-control'),
  /** The kernel's module, and qemu-utils. */
  nbd: () =>
    (fs.existsSync('/sys/block/nbd0') || spawnSync('modprobe', ['nbd']).status === 0) && hasCommand('qemu-nbd') && hasCommand('qemu-img'),
  /** Of Debian's package qemu-utils. */
  qemu_img: () => hasCommand('qemu-img'),
  ext4: () => /^\text4$/m.test(fs.readFileSync('/proc/filesystems', 'utf8')),
  userns: () => fs.existsSync('/proc/self/ns/user'),
  /** Owners of temporary files can be mapped (mount_setattr(2)). */
  idmapped_mounts: canMapOwners,
  busybox: () => hasCommand('busybox'),
  /** One that runs where no library is. */
  static_busybox: () =>
    fs.existsSync('/bin/busybox') && !/ => /.test(spawnSync('ldd', ['/bin/busybox'], { encoding: 'utf8' }).stdout ?? ''),
  mke2fs: () => hasCommand('mke2fs'),
  python3: () => hasCommand('python3'),
  /** Ours to use: some machines forbid ptrace(2). */
  strace: () => spawnSync('strace', ['-qq', '-o', '/dev/null', 'true']).status === 0,
  cc: () => hasCommand('cc'),
  /** Those of test/helpers in C. */
  programs: () => hasCommand('cc') || fs.existsSync(BROUGHT),
  /** With a policy that has types for containers: that of src/selinux, or a distribution's. */
  selinux: () =>
    fs.existsSync('/sys/fs/selinux/context') &&
    spawnSync('sh', ['-c', "printf 'system_u:system_r:container_t:s0:c1,c2\\0' >/sys/fs/selinux/context"]).status === 0,
  /** A checkout that is nobody's secret: whoever is not root runs what is in it, too. */
  open_checkout: () => spawnSync(path.join(ROOT, 'bin/virsh-lxc'), ['--version'], { uid: 65534, gid: 65534 }).status === 0,
  setpriv: () => hasCommand('setpriv'),
  ip: () => hasCommand('ip'),
  dnsmasq: () => hasCommand('dnsmasq'),
  nft: () => hasCommand('nft'),
  htb: () => canLimitTraffic('qdisc add dev lo root htb'),
  /** What drops received traffic that is too much: a module that small kernels lack. */
  act_police: () =>
    canLimitTraffic(
      'qdisc add dev lo ingress',
      'filter add dev lo parent ffff: protocol all u32 match u32 0 0 police rate 1mbit burst 10k drop flowid :1',
    ),
  /** libvirt's schemas, and what reads them. */
  libvirt_schemas: () => fs.existsSync('/usr/share/libvirt/schemas/domaincaps.rng') && hasCommand('xmllint'),
  /** Of Debian's package prometheus. */
  promtool: () => hasCommand('promtool'),
  /** A processor whose time means something: that of a virtual machine without hardware help does not. */
  real_processor: () => !process.env['VMRIG'],
  tmux: () => hasCommand('tmux'),
  bash: () => hasCommand('bash'),
  zsh: () => hasCommand('zsh'),
  fish: () => hasCommand('fish'),
  npm: () => hasCommand('npm'),
  dpkg_deb: () => hasCommand('dpkg-deb'),
  readelf: () => hasCommand('readelf'),
  lintian: () => hasCommand('lintian'),
  mmdebstrap: () => hasCommand('mmdebstrap'),
  /** Made at the first time, which needs an archive of Debian's packages. */
  minimal_debian: () => minimalDebian() !== undefined,
  /** A registry of packages, or a cache of it. */
  registry: () => spawnSync('npm', ['view', 'koffi', 'version', '--prefer-offline'], { timeout: 20_000 }).status === 0,
  systemd: () => fs.existsSync('/run/systemd/system'),
  /** In force, and profiles can be compiled. */
  apparmor: () => fs.existsSync('/sys/kernel/security/apparmor/.replace') && hasCommand('apparmor_parser') && hasCommand('aa-exec'),
  apparmor_parser: () => hasCommand('apparmor_parser') && fs.existsSync('/etc/apparmor.d/abi/kernel-5.4-vanilla'),
  /** Root directories of real distributions, and a machine that may be lost: test/distros.mjs. */
  distros: () => process.env['VMRIG'] !== undefined && fs.existsSync(process.env['DISTRO_ROOTS'] ?? '-'),
  /** Of Debian's package libvirt-daemon, and what it uses. */
  libvirt_guests: () =>
    fs.existsSync('/usr/lib/libvirt/libvirt-guests.sh') &&
    fs.existsSync('/usr/bin/gettext.sh') &&
    fs.existsSync('/etc/default/libvirt-guests'),
  /** libvirt's own, of Debian's package libvirt-clients. */
  virt_host_validate: () =>
    spawnSync('/usr/bin/virt-host-validate', ['--version'], { encoding: 'utf8' }).stdout === 'version: /usr/bin/virt-host-validate 9.0.0\n',
  /** libvirt's own virsh, of Debian's package libvirt-clients: it is a client of ours. */
  libvirt_clients: () => /^9\./.test(spawnSync('/usr/bin/virsh', ['--version'], { encoding: 'utf8' }).stdout ?? ''),
  /** Of Debian's package: what pyenv and its like have has none. */
  python3_libvirt: () => spawnSync('/usr/bin/python3', ['-c', 'import libvirt']).status === 0,
  /** Clients of libvirt's, of Debian's packages libsys-virt-perl, ruby-libvirt, virtinst, collectd-core and their kin. */
  sys_virt: () => spawnSync('perl', ['-MSys::Virt', '-e', '1']).status === 0,
  ruby_libvirt: () => spawnSync('ruby', ['-rlibvirt', '-e', '']).status === 0,
  /** Of Debian's packages golang-github-digitalocean-go-libvirt-dev and gccgo. */
  go_libvirt: () => hasCommand('gccgo') && fs.existsSync('/usr/share/gocode/src/github.com/digitalocean/go-libvirt'),
  virt_install: () => hasCommand('virt-install') && hasCommand('virt-clone'),
  virt_login_shell: () => fs.existsSync('/usr/bin/virt-login-shell') && hasCommand('setpriv'),
  /** With a screen that nobody sees, and a hand on its keyboard. */
  virt_manager: () => ['virt-manager', 'xvfb-run', 'xauth', 'xdotool', 'dbus-launch'].every(hasCommand),
  /** Of Debian's package openssh-server, with its user. */
  sshd: () => fs.existsSync('/usr/sbin/sshd') && hasCommand('ssh-keygen') && spawnSync('id', ['sshd']).status === 0,
  /** libvirt's clients of another version, in a root directory that somebody made. */
  other_clients: () => fs.existsSync(path.join(process.env['LIBVIRT_CLIENTS_ROOT'] ?? '/nosuch', 'usr/bin/virsh')),
  collectd: () => hasCommand('collectd') && fs.existsSync('/usr/lib/collectd/virt.so'),
  libvirt_exporter: () => hasCommand('prometheus-libvirt-exporter'),
  munin_libvirt: () => fs.existsSync('/usr/share/munin/plugins/libvirt-mem'),
  /** On, with a daemon that keeps the records, and its programs. */
  audit: () => /^enabled [12]$/m.test(spawnSync('auditctl', ['-s'], { encoding: 'utf8' }).stdout ?? '') && hasCommand('auvirt'),
  overlay: () => /^nodev\toverlay$/m.test(fs.readFileSync('/proc/filesystems', 'utf8')),
  /** Of Debian's packages pacemaker, corosync, resource-agents and crmsh. */
  pacemaker: () =>
    ['pacemakerd', 'corosync', 'crm', 'crm_resource'].every(hasCommand) && fs.existsSync('/usr/lib/ocf/resource.d/heartbeat/VirtualDomain'),
  /** Of Debian's package ansible, with its collection for libvirt; its module wants python3-lxml, too. */
  ansible: () =>
    hasCommand('ansible-playbook') && spawnSync('ansible-doc', ['-t', 'connection', 'community.libvirt.libvirt_lxc']).status === 0,
  /** Gives a command a terminal. */
  script: () => hasCommand('script'),
} as const;

export type Need = keyof typeof NEEDS;

/** Why tests that need all this cannot run here; undefined if they can. */
export function requires(...needs: readonly Need[]): string | undefined {
  const missing = needs.filter((need) => !NEEDS[need]());
  return missing.length === 0 ? undefined : `no ${missing.join(', no ')}`;
}

/** A describe() of tests that need something; skipped by a name that says what is missing. */
export function suite(name: string, needs: readonly Need[], body: () => void): void {
  const missing = requires(...needs);
  describe.skipIf(missing)(missing ? `${name} (skipped: ${missing})` : name, body);
}
