// The profile of a container, as long as the host's administrator has written none: what of the host it is kept from, whatever
// capabilities it has. An init system must come up under it, with the namespaces that systemd makes for its services. Pure.
import { allBut } from './glob.ts';

/** What stands for the name of the profile, `libvirt-UUID`: the same word as in libvirt's own templates, so that one can be taken for another. */
export const NAME_IN_TEMPLATE = 'LIBVIRT_TEMPLATE';

/** What may be changed of a mount that is there: no more than who may see it, and how. */
export const MOUNT_FLAGS = 'nosuid,nodev,noexec,noatime,nodiratime,relatime';

const PROPAGATION = ['private', 'rprivate', 'slave', 'rslave', 'shared', 'rshared', 'unbindable', 'runbindable'];
/**
 * Where systemd puts a service's root together: unit-root, or mount-rootfs. Whatever begins like it is one, and is no source of other mounts:
 * policies grow with each character that a name has, and the kernel compresses what is loaded.
 */
export const STAGE = '/run/systemd/{mo,un}*';
/** What it lays over itself there to make it read-only (systemd.exec(5), Protect…=). Of a list each may lie over each other. */
const OVER_ITSELF = [
  'proc/{{acpi,apm,asound,bus,fs,irq,scsi,sys}/,kallsyms,kcore,sysrq-trigger}',
  'proc/sys/kernel/{host,domain}name',
  'sys/',
  'sys/{fs/{bpf,selinux},kernel/{debug,tracing}}/',
];

const DIGITS = [...'0123456789'].map((digit) => `${digit}*`);
const OWN_SYSCTLS = ['net', 'fs/mqueue', 'kernel/shm*', 'kernel/msg*', 'kernel/sem*', 'kernel/hostname', 'kernel/domainname'];
const OWN_SYS = ['fs/cgroup', 'class/net', 'devices/virtual/net'];

/** File systems that may be mounted anywhere. */
const ANYWHERE = ['tmpfs', 'ramfs', 'mqueue', 'hugetlbfs', 'devpts', 'fuse', 'fuse.*'];
/** Of these the whole host has one: init systems mount them where they belong, and the files there are refused, whichever lies where. */
const OF_THE_HOST = ['debugfs', 'tracefs', 'securityfs', 'configfs', 'fusectl', 'bpf', 'pstore'];
const PLACES_OF_THE_HOST = '/sys/{fs/{bpf,fuse/connections,pstore},kernel/{config,debug,debug/tracing,security,tracing}}/';
/** What a container's own disk may be mounted as. */
export const DISK_FILESYSTEMS = ['ext2', 'ext3', 'ext4', 'xfs', 'btrfs', 'f2fs', 'vfat', 'exfat', 'iso9660', 'udf', 'squashfs', 'erofs'];
const list = (patterns: readonly string[]): string => patterns.join(' ');
const lines = (rules: readonly string[]): string => rules.map((rule) => `  ${rule},\n`).join('');

// `attach_disconnected`: without it nobody may look at a file of the host's that is the standard output of what is executed in the
// container, nor systemd at a namespace. So a file that is opened through a directory of the host's that was left open has the name that
// it has there. AppArmor 4 can give all such files a name of their own (attach_disconnected.path), which does not tell a standard output
// from what should be refused.
// Without words for networks in its ABI a profile leaves them alone. With them, kernels refuse a lock on a socket whatever is allowed,
// and services with a network of their own do not start.
// What parsers before 4.0 make of a rule for mounts that names several options allows other mounts, too (CVE-2016-1585): those for
// `remount` let anything be mounted, or laid over something, where they let it be changed. So there are few such places, and what must
// not be there is refused.
export const defaultTemplate =
  (): string => `# What containers are kept from whose definition has a <seclabel> of AppArmor's (virsh-lxc(1), SECURITY LABELS).
# "${NAME_IN_TEMPLATE}" stands for the name of a container's profile. Rules for its own devices are added before the last brace.
# Paths are the container's. What nothing here allows is refused and told in the audit log, and so is what is told to be.

abi <abi/kernel-5.4-vanilla>,

# Where systemd puts a service's root together (unit-root, mount-rootfs); what may be a root, everywhere, and proc.
@{STAGE}=${STAGE}
@{BASE}=/{,${STAGE.slice(1)}/}
@{ROOT}=/{,run/systemd/**/}
@{PROC}=/{,run/systemd/**/}proc /run/systemd/{,**/}namespace-*

# Everything but what the name says, in patterns: there is no other way to say so.
@{NOT_PROC}=${list(allBut(['proc']))}
@{NOT_PROC_SYS_RUN}=${list(allBut(['proc', 'sys', 'run']))}
@{NOT_SYSTEMD}=${list(allBut(['systemd']))}
@{NOT_CGROUP}=${list(allBut(['fs/cgroup']))}
# In /proc: processes and sys. In /proc/sys: what belongs to the container's network, IPC and names. In /sys: cgroups, its network.
@{NOT_PROCESS}=${list(allBut([...DIGITS, 'sys']))}
@{NOT_OWN_SYSCTL}=${list(allBut(OWN_SYSCTLS))}
@{NOT_OWN_SYS}=${list(allBut(OWN_SYS))}

# What may be mounted somewhere else: not /proc and /sys, whose files would have names there that no rule has, nor what they are mounted in.
@{SOURCE}=@{NOT_PROC_SYS_RUN} run/@{NOT_SYSTEMD} run/systemd/[^mnu]{,**} run/systemd/{m[^o],n[^a],u[^n]}{,**}

profile ${NAME_IN_TEMPLATE} flags=(attach_disconnected,mediate_deleted) {
  file,
  capability,

  # Itself only. Who may signal it, that one's profile says.
  signal (receive),
  signal (send) peer=${NAME_IN_TEMPLATE},
  ptrace peer=${NAME_IN_TEMPLATE},

  # No block devices. Where the whole host has one file system it may be mounted, but its files are refused below.
  umount,
  mount fstype=(${ANYWHERE.join(',')}),
  mount fstype=proc -> @{BASE}proc/,
  mount fstype=proc -> /run/systemd/namespace-*/,
  mount fstype=sysfs -> /sys/,
  mount fstype=cgroup2 -> /sys/fs/cgroup/,
  mount fstype=(${OF_THE_HOST.join(',')}) -> ${PLACES_OF_THE_HOST},

  mount options=(bind) @{BASE}@{SOURCE},
  mount options=(rbind) @{BASE}@{SOURCE},
  mount options=(move) @{BASE}@{SOURCE},
${lines(PROPAGATION.map((option) => `mount options=(${option})`))}
  # A root for a service.
  mount options=(rbind) / -> @{STAGE}/,
  mount options=(move) @{STAGE}/ -> /,
  mount options=(move) /run/systemd/namespace-*/ -> @{STAGE}/proc/,
  pivot_root oldroot=@{STAGE}/ @{STAGE}/,
  mount options=(remount,bind) options in (ro,${MOUNT_FLAGS}) -> @{STAGE}/{,**},
  mount options=(remount,bind,ro) options in (${MOUNT_FLAGS}) -> /{,dev/shm/},
${lines(OVER_ITSELF.map((place) => `mount options=(rbind) @{STAGE}/${place} -> @{STAGE}/${place}`))}\
  mount options=(bind) @{STAGE}/sys/fs/cgroup/{,**} -> @{STAGE}/sys/fs/cgroup/{,**},
  mount options=(rbind) @{STAGE}/sys/fs/cgroup/{,**} -> @{STAGE}/sys/fs/cgroup/{,**},
  # Nor are other places for these file systems allowed by that.
  audit deny mount fstype={${allBut([...ANYWHERE, 'proc']).join(',')}} -> /{,dev/shm/,${STAGE.slice(1)}/{,**}},
  audit deny mount fstype=proc -> /{,dev/shm/,${STAGE.slice(1)}/{,proc/?**}},
  audit deny mount fstype=proc -> @{STAGE}/@{NOT_PROC},
  audit deny mount options=(bind) @{BASE}{proc/{,**},sys/{,fs/}},
  audit deny mount options=(bind) @{BASE}sys/@{NOT_CGROUP},
  audit deny mount options=(bind) {/run/systemd/na*,@{STAGE}/run/systemd/{na,mo,un}*}/{,**},

  audit deny @{PROC}/@{NOT_PROCESS} wkl,
  audit deny @{PROC}/sys/@{NOT_OWN_SYSCTL} wkl,
  audit deny @{PROC}/{kallsyms,kcore,sysrq-trigger} rm,
  audit deny @{ROOT}sys/@{NOT_OWN_SYS} wkl,
  audit deny @{ROOT}sys/{firmware,kernel/{debug,tracing,security,config},fs/{bpf,fuse/connections,pstore,selinux}}/** rm,
  audit deny /{,**/}{sysrq-trigger,core_pattern,uevent_helper,release_agent,kernel/{modprobe,hotplug,poweroff_cmd}} wkl,
  # The host's log and modules. Init systems ask for them: nothing to tell anybody.
  deny @{PROC}/kmsg r,
  deny @{ROOT}sys/kernel/security/lsm r,
}
`;
