// The system calls of syscalls.ts: libc by koffi. Functions are bound at their first use, so that a command pays for what it calls.

import {
  AT_FDCWD,
  AT_SYMLINK_FOLLOW,
  EMFILE,
  F_OFD_SETLK,
  F_RDLCK,
  F_WRLCK,
  FSCONFIG_CMD_CREATE,
  FSCONFIG_SET_FLAG,
  FSCONFIG_SET_STRING,
  FSMOUNT_CLOEXEC,
  FSOPEN_CLOEXEC,
  IN_CLOEXEC,
  IN_NONBLOCK,
  MFD_CLOEXEC,
  MOVE_MOUNT_F_EMPTY_PATH,
  MSG_CMSG_CLOEXEC,
  O_CLOEXEC,
  SCM_RIGHTS,
  SO_PEERCRED,
  SOL_SOCKET,
  SYS,
} from './constants.ts';
import { koffi } from './koffi.ts';
import type { SpawnRequest, Syscalls } from './syscalls.ts';

type Bound = (...args: unknown[]) => number;

const bound = new Map<string, Bound>();
let libc: ReturnType<ReturnType<typeof koffi>['load']> | undefined;

function bind(key: string, symbol: string, result: string, types: string[]): Bound {
  let call = bound.get(key);
  if (!call) {
    libc ??= koffi().load(null);
    call = libc.func(symbol, result, types) as Bound;
    bound.set(key, call);
  }
  return call;
}

/** A libc function whose result is -1 on failure; -errno comes back instead. */
function libcCall(symbol: string, types: string[], args: unknown[]): number {
  const result = bind(symbol, symbol, 'long', types)(...args);
  return result < 0 ? -koffi().errno() : result;
}

/** A raw system call; `types` says how koffi passes each argument. */
function raw(number: number, types: string[], args: unknown[]): number {
  const result = bind(`${number}/${types.join()}`, 'syscall', 'long', ['long', ...types])(number, ...args);
  return result < 0 ? -koffi().errno() : result;
}

/** libc calls whose int result would not be sign-extended into a long. */
function intCall(symbol: string, types: string[], args: unknown[]): number {
  const result = bind(symbol, symbol, 'int', types)(...args);
  return result < 0 ? -koffi().errno() : result;
}

function pair(call: (fds: Int32Array) => number): [number, number] | number {
  const fds = new Int32Array(2);
  const result = call(fds);
  return result < 0 ? result : [fds[0]!, fds[1]!];
}

const openHow = (flags: number, resolve: number): Buffer => {
  const how = Buffer.alloc(24);
  how.writeBigUInt64LE(BigInt(flags), 0);
  how.writeBigUInt64LE(BigInt(resolve), 16);
  return how;
};

export const linux: Syscalls = {
  open: (path, flags, mode = 0) => raw(SYS.openat, ['int', 'str', 'int', 'int'], [AT_FDCWD, path, flags, mode]),
  openat: (dirfd, path, flags, mode = 0) => raw(SYS.openat, ['int', 'str', 'int', 'int'], [dirfd, path, flags, mode]),
  openat2: (dirfd, path, flags, resolve) =>
    raw(SYS.openat2, ['int', 'str', 'void *', 'size_t'], [dirfd, path, openHow(flags, resolve), 24]),
  close: (fd) => intCall('close', ['int'], [fd]),
  mkdirat: (dirfd, path, mode) => raw(SYS.mkdirat, ['int', 'str', 'int'], [dirfd, path, mode]),
  mknodat: (dirfd, path, mode, device) => raw(SYS.mknodat, ['int', 'str', 'int', 'uint64'], [dirfd, path, mode, device]),
  linkFile: (fd, path) =>
    raw(SYS.linkat, ['int', 'str', 'int', 'str', 'int'], [AT_FDCWD, `/proc/self/fd/${fd}`, AT_FDCWD, path, AT_SYMLINK_FOLLOW]),
  symlinkat: (target, dirfd, path) => raw(SYS.symlinkat, ['str', 'int', 'str'], [target, dirfd, path]),
  fchmodat: (dirfd, path, mode) => raw(SYS.fchmodat, ['int', 'str', 'int'], [dirfd, path, mode]),
  fchownat: (dirfd, path, uid, gid, flags) => raw(SYS.fchownat, ['int', 'str', 'uint', 'uint', 'int'], [dirfd, path, uid, gid, flags]),
  ioctlValue: (fd, request, value) => raw(SYS.ioctl, ['int', 'ulong', 'ulong'], [fd, request, value]),
  ioctl: (fd, request, buffer) => raw(SYS.ioctl, ['int', 'ulong', 'void *'], [fd, request, buffer]),
  flock: (fd, operation) => intCall('flock', ['int', 'int'], [fd, operation]),
  ofdLock: (fd, { write, start, length }) => {
    const lock = Buffer.alloc(32); // struct flock: l_whence SEEK_SET and l_pid are 0
    lock.writeInt16LE(write ? F_WRLCK : F_RDLCK, 0);
    lock.writeBigInt64LE(BigInt(start), 8);
    lock.writeBigInt64LE(BigInt(length), 16);
    const result = bind('fcntl/lock', 'fcntl', 'int', ['int', 'int', 'void *'])(fd, F_OFD_SETLK, lock);
    return result < 0 ? -koffi().errno() : result;
  },
  fallocate: (fd, offset, length) => intCall('fallocate64', ['int', 'int', 'int64', 'int64'], [fd, 0, offset, length]),
  memfdCreate: (name) => intCall('memfd_create', ['str', 'uint'], [name, MFD_CLOEXEC]),
  openTree: (dirfd, path, flags) => raw(SYS.open_tree, ['int', 'str', 'uint'], [dirfd, path, flags]),
  fsopen: (type) => raw(SYS.fsopen, ['str', 'uint'], [type, FSOPEN_CLOEXEC]),
  fsconfigString: (fd, key, value) => raw(SYS.fsconfig, ['int', 'uint', 'str', 'str', 'int'], [fd, FSCONFIG_SET_STRING, key, value, 0]),
  fsconfigFlag: (fd, key) => raw(SYS.fsconfig, ['int', 'uint', 'str', 'str', 'int'], [fd, FSCONFIG_SET_FLAG, key, null, 0]),
  fsconfigCreate: (fd) => raw(SYS.fsconfig, ['int', 'uint', 'str', 'str', 'int'], [fd, FSCONFIG_CMD_CREATE, null, null, 0]),
  fsmount: (fd, attributes) => raw(SYS.fsmount, ['int', 'uint', 'uint'], [fd, FSMOUNT_CLOEXEC, attributes]),
  mountSetattr: (dirfd, path, flags, { set = 0, propagation = 0, userns = 0 }) => {
    const attributes = Buffer.alloc(32); // struct mount_attr
    attributes.writeBigUInt64LE(BigInt(set), 0);
    attributes.writeBigUInt64LE(BigInt(propagation), 16);
    attributes.writeBigUInt64LE(BigInt(userns), 24);
    return raw(SYS.mount_setattr, ['int', 'str', 'uint', 'void *', 'size_t'], [dirfd, path, flags, attributes, 32]);
  },
  moveMount: (fd, path) => raw(SYS.move_mount, ['int', 'str', 'int', 'str', 'uint'], [fd, '', AT_FDCWD, path, MOVE_MOUNT_F_EMPTY_PATH]),
  umount2: (path, flags) => intCall('umount2', ['str', 'int'], [path, flags]),
  pidfdOpen: (pid) => raw(SYS.pidfd_open, ['int', 'uint'], [pid, 0]),
  pidfdSendSignal: (pidfd, signal) => raw(SYS.pidfd_send_signal, ['int', 'int', 'void *', 'uint'], [pidfd, signal, null, 0]),
  // union sigval is passed as the one register that it fills.
  sigqueue: (pid, signal, value) => intCall('sigqueue', ['int', 'int', 'int64'], [pid, signal, value]),
  kill: (pid, signal) => intCall('kill', ['int', 'int'], [pid, signal]),
  setns: (fd, type) => intCall('setns', ['int', 'int'], [fd, type]),
  schedSetaffinity: (pid, mask) => intCall('sched_setaffinity', ['int', 'size_t', 'void *'], [pid, mask.length, mask]),
  poll: (fds, timeoutMs) => {
    const set = Buffer.alloc(fds.length * 8);
    fds.forEach(({ fd, events }, i) => {
      set.writeInt32LE(fd, i * 8);
      set.writeInt16LE(events, i * 8 + 4);
    });
    const result = intCall('poll', ['void *', 'ulong', 'int'], [set, fds.length, timeoutMs]);
    return result < 0 ? result : fds.map((_, i) => set.readInt16LE(i * 8 + 6));
  },
  socketpair: () => pair((fds) => intCall('socketpair', ['int', 'int', 'int', 'void *'], [1, 1 | O_CLOEXEC, 0, fds])),
  pipe: () => pair((fds) => intCall('pipe2', ['void *', 'int'], [fds, O_CLOEXEC])),
  bind: (fd, address) => intCall('bind', ['int', 'void *', 'uint'], [fd, address, address.length]),
  connect: (fd, address) => intCall('connect', ['int', 'void *', 'uint'], [fd, address, address.length]),
  socket: (family, type, protocol) => intCall('socket', ['int', 'int', 'int'], [family, type | O_CLOEXEC, protocol]),
  send: (fd, data, flags) => libcCall('send', ['int', 'void *', 'size_t', 'int'], [fd, data, data.length, flags]),
  recv: (fd, data, flags) => libcCall('recv', ['int', 'void *', 'size_t', 'int'], [fd, data, data.length, flags]),
  sendWithFds: (fd, data, fds, flags) => {
    const message = messageOf(data, rightsMessage(fds));
    const sent = libcCall('sendmsg', ['int', 'void *', 'int'], [fd, message.header, flags]);
    return Math.min(sent, data.length);
  },
  recvWithFds: (fd, data, flags) => {
    const { header, control } = messageOf(data, CONTROL_BYTES);
    const bytes = libcCall('recvmsg', ['int', 'void *', 'int'], [fd, header, flags | MSG_CMSG_CLOEXEC]);
    if (bytes < 0) return bytes;
    return { bytes: Math.min(bytes, data.length), fds: rightsIn(control.subarray(0, Number(header.readBigUInt64LE(CONTROL_LENGTH)))) };
  },
  inotifyInit: () => intCall('inotify_init1', ['int'], [IN_NONBLOCK | IN_CLOEXEC]),
  inotifyAddWatch: (fd, path, mask) => intCall('inotify_add_watch', ['int', 'str', 'uint32'], [fd, path, mask]),
  peerUid: (fd) => {
    const credentials = Buffer.alloc(12); // struct ucred: pid, uid, gid
    const length = Buffer.from([credentials.length, 0, 0, 0]);
    const result = intCall('getsockopt', ['int', 'int', 'int', 'void *', 'void *'], [fd, SOL_SOCKET, SO_PEERCRED, credentials, length]);
    return result < 0 ? result : credentials.readUInt32LE(4);
  },
  setsockopt: (fd, level, option, value) => {
    const number = Buffer.alloc(4);
    number.writeInt32LE(value);
    return intCall('setsockopt', ['int', 'int', 'int', 'void *', 'uint'], [fd, level, option, number, 4]);
  },
  bpf: (command, attribute) => raw(SYS.bpf, ['int', 'void *', 'uint'], [command, attribute, attribute.length]),
  address: (buffer) => koffi().address(buffer),
  spawn,
  waitpid: (pid, flags) => {
    const status = new Int32Array(1);
    const result = intCall('waitpid', ['int', 'void *', 'int'], [pid, status, flags]);
    return result < 0 ? result : [result, status[0]!];
  },
  ignoreSignal: (signal) => {
    bind('signal', 'signal', 'void *', ['int', 'long'])(signal, 1);
  },
  restoreSignal: (signal) => {
    bind('signal', 'signal', 'void *', ['int', 'long'])(signal, 0);
  },
  canonicalHostName,
};

const AI_CANONNAME = 2;
/** Where ai_canonname is in struct addrinfo on 64-bit machines: after four ints, ai_addrlen with padding, and ai_addr. */
const CANONNAME_OFFSET = 32;

function canonicalHostName(name: string): string | undefined {
  const hints = Buffer.alloc(48);
  hints.writeInt32LE(AI_CANONNAME, 0);
  const result = Buffer.alloc(8);
  const failed = bind('getaddrinfo', 'getaddrinfo', 'int', ['str', 'str', 'void *', 'void *'])(name, null, hints, result);
  if (failed !== 0) return undefined;
  const list = result.readBigUInt64LE();
  try {
    return (koffi().decode(list, CANONNAME_OFFSET, 'str') as string | null) ?? undefined;
  } finally {
    bind('freeaddrinfo', 'freeaddrinfo', 'void', ['void *'])(list);
  }
}

/** struct msghdr and struct cmsghdr of 64-bit machines. */
const MSGHDR_BYTES = 56;
const CONTROL_LENGTH = 40;
const CMSGHDR_BYTES = 16;
/** For as many descriptors as one message of the kernel's has at most (SCM_MAX_FD). */
const CONTROL_BYTES = CMSGHDR_BYTES + 4 * 254;

/** One message at a time: what a struct msghdr points to must be there until the kernel has read it, which an engine knows nothing of. */
let message: { header: Buffer; vector: Buffer; control: Buffer } | undefined;

/** A struct msghdr of one piece of data, which the caller still has after the call; so many bytes of its control are used. */
function messageOf(data: Buffer, controlBytes: number): { header: Buffer; control: Buffer } {
  const { header, vector, control } = theMessage();
  vector.writeBigUInt64LE(koffi().address(data), 0);
  vector.writeBigUInt64LE(BigInt(data.length), 8);
  header.fill(0);
  header.writeBigUInt64LE(koffi().address(vector), 16);
  header.writeBigUInt64LE(1n, 24);
  header.writeBigUInt64LE(controlBytes === 0 ? 0n : koffi().address(control), 32);
  header.writeBigUInt64LE(BigInt(controlBytes), CONTROL_LENGTH);
  return { header, control };
}

function theMessage(): NonNullable<typeof message> {
  message ??= { header: Buffer.alloc(MSGHDR_BYTES), vector: Buffer.alloc(16), control: Buffer.alloc(CONTROL_BYTES) };
  return message;
}

/** Writes descriptors into the message's control; how many bytes that takes. */
function rightsMessage(fds: readonly number[]): number {
  if (fds.length === 0) return 0;
  const { control } = theMessage();
  const length = CMSGHDR_BYTES + 4 * fds.length;
  control.writeBigUInt64LE(BigInt(length), 0);
  control.writeInt32LE(SOL_SOCKET, 8);
  control.writeInt32LE(SCM_RIGHTS, 12);
  for (const [i, fd] of fds.entries()) control.writeInt32LE(fd, CMSGHDR_BYTES + 4 * i);
  return Math.ceil(length / 8) * 8;
}

function rightsIn(control: Buffer): number[] {
  const fds: number[] = [];
  for (let at = 0; at + CMSGHDR_BYTES <= control.length; ) {
    const length = Number(control.readBigUInt64LE(at));
    if (length < CMSGHDR_BYTES) break;
    if (control.readInt32LE(at + 8) === SOL_SOCKET && control.readInt32LE(at + 12) === SCM_RIGHTS)
      for (let i = at + CMSGHDR_BYTES; i + 4 <= Math.min(at + length, control.length); i += 4) fds.push(control.readInt32LE(i));
    at += Math.ceil(length / 8) * 8;
  }
  return fds;
}

const POSIX_SPAWN_SETSIGDEF = 4;
const POSIX_SPAWN_SETSIGMASK = 8;
const POSIX_SPAWN_SETSID = 0x80;
/** Larger than glibc's posix_spawnattr_t (336 bytes) and posix_spawn_file_actions_t (80). */
const SPAWN_OBJECT_BYTES = 512;

/**
 * posix_spawn(3): shares the parent's memory until exec, so it does not copy Node's page tables as fork would.
 * All signals are set to default and unblocked: Node ignores SIGPIPE, and that would be inherited.
 */
function spawn({ path, argv, env, fds, newSession }: SpawnRequest): number {
  const actions = Buffer.alloc(SPAWN_OBJECT_BYTES);
  const attributes = Buffer.alloc(SPAWN_OBJECT_BYTES);
  const all = Buffer.alloc(128, 0xff);
  const none = Buffer.alloc(128);
  const pid = new Int32Array(1);
  intCall('posix_spawn_file_actions_init', ['void *'], [actions]);
  intCall('posix_spawnattr_init', ['void *'], [attributes]);
  intCall('posix_spawnattr_setsigdefault', ['void *', 'void *'], [attributes, all]);
  intCall('posix_spawnattr_setsigmask', ['void *', 'void *'], [attributes, none]);
  const flags = POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK | (newSession ? POSIX_SPAWN_SETSID : 0);
  intCall('posix_spawnattr_setflags', ['void *', 'int16'], [attributes, flags]);
  // Two passes: first out of the way of sources and targets, but no further, as the limit of open files may be low; then into place.
  const add = (from: number, to: number) => {
    const error = intCall('posix_spawn_file_actions_adddup2', ['void *', 'int', 'int'], [actions, from, to]);
    if (error) refused = EMFILE; // EBADF in glibc's words: no descriptor can have that number
  };
  let refused = 0;
  const away = Math.max(fds.length, ...fds.map((fd) => (fd ?? 0) + 1));
  fds.forEach((fd, i) => {
    if (fd !== null) add(fd, away + i);
  });
  fds.forEach((fd, i) => {
    if (fd !== null) add(away + i, i);
  });
  // A standard descriptor that the child is not to have may be one that we pass on.
  fds.forEach((fd, i) => {
    intCall('posix_spawn_file_actions_addclose', ['void *', 'int'], [actions, fd === null ? i : away + i]);
  });
  try {
    if (refused) return -refused;
    // posix_spawn returns the error instead of setting errno.
    const call = bind('posix_spawn', 'posix_spawn', 'int', ['void *', 'str', 'void *', 'void *', 'str *', 'str *']);
    const error = call(pid, path, actions, attributes, [...argv, null], [...env, null]);
    return error > 0 ? -error : pid[0]!;
  } finally {
    intCall('posix_spawn_file_actions_destroy', ['void *'], [actions]);
    intCall('posix_spawnattr_destroy', ['void *'], [attributes]);
  }
}
