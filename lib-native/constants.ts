// Numbers of the kernel's interface, named as in its headers. One place, so that a reader can look each one up.
import process from 'node:process';

/** System call numbers by architecture (asm/unistd.h). Those from 424 on are the same everywhere. */
const NUMBERS = {
  x64: {
    read: 0,
    write: 1,
    close: 3,
    ioctl: 16,
    mkdir: 83,
    access: 21,
    dup3: 292,
    socket: 41,
    execve: 59,
    chdir: 80,
    fchdir: 81,
    chroot: 161,
    sethostname: 170,
    setgroups: 116,
    setresuid: 117,
    setresgid: 119,
    setsid: 112,
    personality: 135,
    pivot_root: 155,
    prctl: 157,
    mount: 165,
    umount2: 166,
    seccomp: 317,
    set_mempolicy: 238,
    mkdirat: 258,
    mknodat: 259,
    fchownat: 260,
    symlinkat: 266,
    fchmodat: 268,
    faccessat: 269,
    openat: 257,
    unshare: 272,
    setns: 308,
    capset: 126,
    umask: 95,
    rt_sigprocmask: 14,
    prlimit64: 302,
    sched_setaffinity: 203,
    fchown: 93,
    bpf: 321,
    getpid: 39,
    unlinkat: 263,
    exit_group: 231,
    fchmod: 91,
    clone: 56,
    keyctl: 250,
    getcwd: 79,
    pread64: 17,
    pwrite64: 18,
    lseek: 8,
    ftruncate: 77,
    getdents64: 217,
    readlinkat: 267,
    linkat: 265,
    renameat2: 316,
    utimensat: 280,
    statx: 332,
    fstatfs: 138,
    fsetxattr: 190,
    getxattr: 191,
    listxattr: 194,
  },
  arm64: {
    read: 63,
    write: 64,
    close: 57,
    ioctl: 29,
    mkdir: -1,
    access: -1,
    dup3: 24,
    socket: 198,
    execve: 221,
    chdir: 49,
    fchdir: 50,
    chroot: 51,
    sethostname: 161,
    setgroups: 159,
    setresuid: 147,
    setresgid: 149,
    setsid: 157,
    personality: 92,
    pivot_root: 41,
    prctl: 167,
    mount: 40,
    umount2: 39,
    seccomp: 277,
    set_mempolicy: 237,
    mkdirat: 34,
    mknodat: 33,
    fchownat: 54,
    symlinkat: 36,
    fchmodat: 53,
    faccessat: 48,
    openat: 56,
    unshare: 97,
    setns: 268,
    capset: 91,
    umask: 166,
    rt_sigprocmask: 135,
    prlimit64: 261,
    sched_setaffinity: 122,
    fchown: 55,
    bpf: 280,
    getpid: 172,
    unlinkat: 35,
    exit_group: 94,
    fchmod: 52,
    clone: 220,
    keyctl: 219,
    getcwd: 17,
    pread64: 67,
    pwrite64: 68,
    lseek: 62,
    ftruncate: 46,
    getdents64: 61,
    readlinkat: 78,
    linkat: 37,
    renameat2: 276,
    utimensat: 88,
    statx: 291,
    fstatfs: 44,
    fsetxattr: 7,
    getxattr: 8,
    listxattr: 11,
  },
} as const;
const COMMON = {
  pidfd_send_signal: 424,
  open_tree: 428,
  move_mount: 429,
  fsopen: 430,
  fsconfig: 431,
  fsmount: 432,
  pidfd_open: 434,
  clone3: 435,
  close_range: 436,
  openat2: 437,
  pidfd_getfd: 438,
  mount_setattr: 442,
  /** No call of the kernel's, but of controller/target.c. */
  make_target: -1,
} as const;

export type SyscallName = keyof (typeof NUMBERS)['x64'] | keyof typeof COMMON;

/** The numbers of this machine's architecture. */
export const SYS: Readonly<Record<SyscallName, number>> = { ...(process.arch === 'arm64' ? NUMBERS.arm64 : NUMBERS.x64), ...COMMON };

/** The name of a system call number, for plans that are printed. */
export function syscallName(number: number): string {
  for (const [name, value] of Object.entries(SYS)) if (value === number) return name;
  return `syscall_${number}`;
}

export const AT_FDCWD = -100;
export const AT_EMPTY_PATH = 0x1000;
export const AT_RECURSIVE = 0x8000;
export const AT_SYMLINK_NOFOLLOW = 0x100;
export const AT_SYMLINK_FOLLOW = 0x400;

export const O_RDONLY = 0;
export const O_WRONLY = 1;
export const O_RDWR = 2;
export const O_CREAT = 0o100;
export const O_EXCL = 0o200;
export const O_TRUNC = 0o1000;
export const O_NOCTTY = 0o400;
export const O_APPEND = 0o2000;
export const O_NONBLOCK = 0o4000;
/** O_DIRECTORY and O_NOFOLLOW differ between architectures. */
export const O_DIRECTORY = process.arch === 'arm64' ? 0o40000 : 0o200000;
export const O_NOFOLLOW = process.arch === 'arm64' ? 0o100000 : 0o400000;
export const O_CLOEXEC = 0o2000000;
export const O_TMPFILE = 0o20000000 | O_DIRECTORY;
export const O_PATH = 0o10000000;

export const RESOLVE_NO_MAGICLINKS = 0x02;
export const RESOLVE_BENEATH = 0x08;
export const RESOLVE_IN_ROOT = 0x10;
export const CLOSE_RANGE_CLOEXEC = 4;

export const CLONE_PARENT = 0x00008000;
export const CLONE_NEWTIME = 0x00000080;
export const CLONE_NEWNS = 0x00020000;
export const CLONE_NEWCGROUP = 0x02000000;
export const CLONE_NEWUTS = 0x04000000;
export const CLONE_NEWIPC = 0x08000000;
export const CLONE_NEWUSER = 0x10000000;
export const CLONE_NEWPID = 0x20000000;
export const CLONE_NEWNET = 0x40000000;
export const CLONE_INTO_CGROUP = 0x200000000;

export const OPEN_TREE_CLONE = 1;
export const OPEN_TREE_CLOEXEC = O_CLOEXEC;
export const FSOPEN_CLOEXEC = 1;
export const MFD_CLOEXEC = 1;
export const FSMOUNT_CLOEXEC = 1;
export const FSCONFIG_SET_FLAG = 0;
export const FSCONFIG_SET_STRING = 1;
export const FSCONFIG_CMD_CREATE = 6;
export const MOVE_MOUNT_F_EMPTY_PATH = 0x04;
export const MOVE_MOUNT_T_SYMLINKS = 0x10;
export const MOVE_MOUNT_T_EMPTY_PATH = 0x40;

export const MOUNT_ATTR_RDONLY = 0x01;
export const MOUNT_ATTR_NOSUID = 0x02;
export const MOUNT_ATTR_NODEV = 0x04;
export const MOUNT_ATTR_NOEXEC = 0x08;
export const MOUNT_ATTR_IDMAP = 0x100000;

export const MS_REC = 16384;
export const MS_PRIVATE = 1 << 18;
export const MNT_DETACH = 2;

export const S_IFCHR = 0o020000;
export const S_IFBLK = 0o060000;
export const S_IFREG = 0o100000;
export const S_IFMT = 0o170000;
export const S_IFIFO = 0o010000;
export const S_IFDIR = 0o040000;
export const S_IFLNK = 0o120000;
export const S_IFSOCK = 0o140000;

export const STATX_BASIC_STATS = 0x7ff;
export const SEEK_DATA = 3;
export const SEEK_HOLE = 4;

export const LOCK_EX = 2;
export const LOCK_NB = 4;

export const F_OFD_SETLK = 37;
export const F_RDLCK = 0;
export const F_WRLCK = 1;

export const PR_SET_PDEATHSIG = 1;
export const KEYCTL_JOIN_SESSION_KEYRING = 1;
export const PR_SET_NO_NEW_PRIVS = 38;
export const PR_CAPBSET_DROP = 24;
export const PR_CAP_AMBIENT = 47;
export const PR_CAP_AMBIENT_CLEAR_ALL = 4;
export const PER_LINUX32 = 8;
export const SECCOMP_SET_MODE_FILTER = 1;
export const SECCOMP_FILTER_FLAG_SPEC_ALLOW = 4;

export const SIGHUP = 1;
export const SIGINT = 2;
export const SIGQUIT = 3;
export const SIGKILL = 9;
export const SIGUSR1 = 10;
export const SIGUSR2 = 12;
export const SIGTERM = 15;
export const SIGCHLD = 17;
export const SIGCONT = 18;
export const SIGPWR = 30;
export const SIG_SETMASK = 2;

export const TIOCSCTTY = 0x540e;
export const TIOCSPTLCK = 0x40045431;
export const TIOCGPTPEER = 0x5441;
export const TIOCGPTN = 0x80045430;
export const FIOCLEX = 0x5451;
export const FIONBIO = 0x5421;
export const NS_GET_USERNS = 0xb701;
export const NS_GET_PARENT = 0xb702;
export const LOOP_CTL_GET_FREE = 0x4c82;
export const LOOP_CONFIGURE = 0x4c0a;
export const LO_FLAGS_READ_ONLY = 1;
export const LO_FLAGS_AUTOCLEAR = 4;
export const NBD_CLEAR_SOCK = 0xab04;
export const NBD_CLEAR_QUE = 0xab05;
export const NBD_DISCONNECT = 0xab08;

export const POLLIN = 1;
export const POLLOUT = 4;
export const POLLERR = 8;
export const POLLHUP = 16;

export const WNOHANG = 1;

export const IN_MODIFY = 2;
export const IN_ATTRIB = 4;
export const IN_MOVE_SELF = 0x800;
export const IN_NONBLOCK = O_NONBLOCK;
export const IN_CLOEXEC = O_CLOEXEC;

export const EPERM = 1;
export const ENOENT = 2;
export const ESRCH = 3;
export const EINTR = 4;
export const EBADF = 9;
export const EMFILE = 24;
export const ENOSPC = 28;
export const EROFS = 30;
export const ELOOP = 40;
export const EAGAIN = 11;
export const EBUSY = 16;
export const EEXIST = 17;
export const EINVAL = 22;
export const EFBIG = 27;
export const ENXIO = 6;
export const EOPNOTSUPP = 95;
export const EPROTONOSUPPORT = 93;
export const EAFNOSUPPORT = 97;
export const ECONNREFUSED = 111;
export const ENOBUFS = 105;
export const ENODEV = 19;
export const EACCES = 13;
export const ENOTDIR = 20;
export const ENOTTY = 25;
export const ENOSYS = 38;

export const ERANGE = 34;
export const ENODATA = 61;
export const ETIMEDOUT = 110;

export const AF_UNSPEC = 0;
export const AF_INET = 2;
export const AF_BRIDGE = 7;
export const AF_INET6 = 10;
export const AF_NETLINK = 16;
export const SOCK_RAW = 3;
export const SOL_SOCKET = 1;
export const SO_SNDBUF = 7;
export const SO_PEERCRED = 17;
export const SO_SNDBUFFORCE = 32;
export const NETLINK_ROUTE = 0;
export const NETLINK_AUDIT = 9;
export const NETLINK_NETFILTER = 12;
export const NETLINK_KOBJECT_UEVENT = 15;
export const SOL_NETLINK = 270;
export const NETLINK_CAP_ACK = 10;
export const NETLINK_EXT_ACK = 11;
export const NETLINK_GET_STRICT_CHK = 12;
export const MSG_TRUNC = 0x20;
export const MSG_DONTWAIT = 0x40;
export const MSG_NOSIGNAL = 0x4000;
export const MSG_CMSG_CLOEXEC = 0x40000000;
export const SCM_RIGHTS = 1;
