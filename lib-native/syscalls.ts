// What this program asks of the kernel where the runtime's own fs does not reach: linux.ts does it. Every call returns a result
// >= 0 or -errno, like the kernel. What decides is kept pure instead of being given a kernel to try on: plans, definitions, the
// table of a domain's states.

/** A child that posix_spawn made; its standard files and further descriptors are given by the caller. */
export interface SpawnRequest {
  path: string;
  argv: string[];
  env: string[];
  /** fds[i] becomes descriptor i of the child; null: descriptor i stays closed. Everything else must be close-on-exec. */
  fds: (number | null)[];
  /** Make the child a session leader. */
  newSession: boolean;
}

export interface Syscalls {
  open(path: string, flags: number, mode?: number): number;
  openat(dirfd: number, path: string, flags: number, mode?: number): number;
  /** openat2(2): resolution as `resolve` says (RESOLVE_IN_ROOT …). */
  openat2(dirfd: number, path: string, flags: number, resolve: number): number;
  close(fd: number): number;
  mkdirat(dirfd: number, path: string, mode: number): number;
  mknodat(dirfd: number, path: string, mode: number, device: bigint): number;
  /** Gives an open file a name: also one that had none so far (O_TMPFILE). */
  linkFile(fd: number, path: string): number;
  symlinkat(target: string, dirfd: number, path: string): number;
  fchmodat(dirfd: number, path: string, mode: number): number;
  fchownat(dirfd: number, path: string, uid: number, gid: number, flags: number): number;
  /** Non-zero argument by value. */
  ioctlValue(fd: number, request: number, value: number): number;
  /** Argument by address; the kernel may write into `buffer`. */
  ioctl(fd: number, request: number, buffer: Buffer): number;
  flock(fd: number, operation: number): number;
  /** A lock of the open file's (F_OFD_SETLK of fcntl(2)) on bytes of it; length 0: to its end, wherever that is. Waits for nothing. */
  ofdLock(fd: number, lock: { write: boolean; start: number; length: number }): number;
  /** Space for a part of a file, which grows to hold it (fallocate(2)). */
  fallocate(fd: number, offset: bigint, length: bigint): number;
  /** A file without a name, close-on-exec; `name` is for whoever looks at /proc. */
  memfdCreate(name: string): number;
  openTree(dirfd: number, path: string, flags: number): number;
  fsopen(type: string): number;
  fsconfigString(fd: number, key: string, value: string): number;
  fsconfigFlag(fd: number, key: string): number;
  fsconfigCreate(fd: number): number;
  fsmount(fd: number, attributes: number): number;
  /** `set`: MOUNT_ATTR_*; `propagation`: MS_PRIVATE and its kin; `userns`: of which MOUNT_ATTR_IDMAP takes the ids. */
  mountSetattr(dirfd: number, path: string, flags: number, change: { set?: number; propagation?: number; userns?: number }): number;
  /** Attaches a detached mount at `path`. */
  moveMount(fd: number, path: string): number;
  umount2(path: string, flags: number): number;
  pidfdOpen(pid: number): number;
  pidfdSendSignal(pidfd: number, signal: number): number;
  kill(pid: number, signal: number): number;
  /** A queued signal with a value, which the receiver gets together with who sent it. */
  sigqueue(pid: number, signal: number, value: number): number;
  setns(fd: number, type: number): number;
  /** `mask`: a bit for each processor. */
  schedSetaffinity(pid: number, mask: Buffer): number;
  /** Waits until one of the descriptors is ready. Returns their revents (0: not ready), or -errno. timeoutMs -1: for ever. */
  poll(fds: { fd: number; events: number }[], timeoutMs: number): number | number[];
  /** A connected pair of stream sockets, close-on-exec. */
  socketpair(): [number, number] | number;
  /** The read end and the write end of a pipe, close-on-exec. */
  pipe(): [number, number] | number;
  /** `address`: a struct sockaddr. */
  bind(fd: number, address: Buffer): number;
  connect(fd: number, address: Buffer): number;
  socket(family: number, type: number, protocol: number): number;
  send(fd: number, data: Buffer, flags: number): number;
  recv(fd: number, data: Buffer, flags: number): number;
  /** sendmsg(2): `data` with descriptors (SCM_RIGHTS), which go with its first byte. */
  sendWithFds(fd: number, data: Buffer, fds: readonly number[], flags: number): number;
  /** recvmsg(2): what can be had, and the descriptors that came with it, close-on-exec. The caller closes them. */
  recvWithFds(fd: number, data: Buffer, flags: number): { bytes: number; fds: number[] } | number;
  /** A queue of file system events (inotify(7)), non-blocking and close-on-exec. */
  inotifyInit(): number;
  inotifyAddWatch(fd: number, path: string, mask: number): number;
  /** Whose process connected the other end of a UNIX socket (SO_PEERCRED of unix(7)), or -errno. */
  peerUid(fd: number): number;
  setsockopt(fd: number, level: number, option: number, value: number): number;
  bpf(command: number, attribute: Buffer): number;
  /** The address of a buffer's first byte; valid while the buffer lives. */
  address(buffer: Buffer): bigint;
  /** Returns the pid. */
  spawn(request: SpawnRequest): number;
  /** Returns [pid, status] or -errno; pid 0 with WNOHANG: none yet. */
  waitpid(pid: number, flags: number): [number, number] | number;
  ignoreSignal(signal: number): void;
  restoreSignal(signal: number): void;
  /** The name that the resolver calls `name` by (getaddrinfo(3) with AI_CANONNAME), or undefined. */
  canonicalHostName(name: string): string | undefined;
}
