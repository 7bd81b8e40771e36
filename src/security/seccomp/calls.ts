// The numbers of the system calls that filters know, by machine (asm/unistd.h). Pure.

/** A machine, and the way in for programs of its 32-bit sibling. */
export type Abi = 'x86_64' | 'i386' | 'aarch64' | 'arm';

/** Of x86_64, i386, aarch64, arm; null: there is no such call. */
const NUMBERS = {
  _sysctl: [156, 149, null, 149],
  acct: [163, 51, 89, 51],
  add_key: [248, 286, 217, 309],
  bdflush: [null, 134, null, 134],
  bpf: [321, 357, 280, 386],
  clock_settime: [227, 264, 112, 262],
  clock_settime64: [null, 404, null, 404],
  clone: [56, 120, 220, 120],
  clone3: [435, 435, 435, 435],
  create_module: [174, 127, null, null],
  delete_module: [176, 129, 106, 129],
  fanotify_init: [300, 338, 262, 367],
  finit_module: [313, 350, 273, 379],
  fsconfig: [431, 431, 431, 431],
  fsmount: [432, 432, 432, 432],
  fsopen: [430, 430, 430, 430],
  fspick: [433, 433, 433, 433],
  get_kernel_syms: [177, 130, null, null],
  get_mempolicy: [239, 275, 236, 320],
  init_module: [175, 128, 105, 128],
  io_uring_enter: [426, 426, 426, 426],
  io_uring_register: [427, 427, 427, 427],
  io_uring_setup: [425, 425, 425, 425],
  ioctl: [16, 54, 29, 54],
  ioperm: [173, 101, null, null],
  iopl: [172, 110, null, null],
  kcmp: [312, 349, 272, 378],
  kexec_file_load: [320, null, 294, 401],
  kexec_load: [246, 283, 104, 347],
  keyctl: [250, 288, 219, 311],
  lookup_dcookie: [212, 253, 18, 249],
  mbind: [237, 274, 235, 319],
  memfd_secret: [447, 447, 447, null],
  migrate_pages: [256, 294, 238, 400],
  mount: [165, 21, 40, 21],
  mount_setattr: [442, 442, 442, 442],
  move_mount: [429, 429, 429, 429],
  move_pages: [279, 317, 239, 344],
  nfsservctl: [180, 169, 42, 169],
  open_by_handle_at: [304, 342, 265, 371],
  open_tree: [428, 428, 428, 428],
  open_tree_attr: [467, 467, 467, 467],
  pciconfig_iobase: [null, null, null, 271],
  pciconfig_read: [null, null, null, 272],
  pciconfig_write: [null, null, null, 273],
  perf_event_open: [298, 336, 241, 364],
  personality: [135, 136, 92, 136],
  pidfd_getfd: [438, 438, 438, 438],
  pivot_root: [155, 217, 41, 218],
  process_madvise: [440, 440, 440, 440],
  process_vm_readv: [310, 347, 270, 376],
  process_vm_writev: [311, 348, 271, 377],
  ptrace: [101, 26, 117, 26],
  query_module: [178, 167, null, null],
  quotactl: [179, 131, 60, 131],
  quotactl_fd: [443, 443, 443, 443],
  request_key: [249, 287, 218, 310],
  set_mempolicy: [238, 276, 237, 321],
  set_mempolicy_home_node: [450, 450, 450, 450],
  setdomainname: [171, 121, 162, 121],
  sethostname: [170, 74, 161, 74],
  setns: [308, 346, 268, 375],
  settimeofday: [164, 79, 170, 79],
  socket: [41, 359, 198, 281],
  stime: [null, 25, null, null],
  swapoff: [168, 115, 225, 115],
  swapon: [167, 87, 224, 87],
  sysfs: [139, 135, null, 135],
  syslog: [103, 103, 116, 103],
  umount: [null, 22, null, null],
  umount2: [166, 52, 39, 52],
  unshare: [272, 310, 97, 337],
  uselib: [134, 86, null, 86],
  userfaultfd: [323, 374, 282, 388],
  ustat: [136, 62, null, 62],
  vhangup: [153, 111, 58, 111],
  vm86: [null, 166, null, null],
  vm86old: [null, 113, null, null],
  vmsplice: [278, 316, 75, 343],
} as const satisfies Record<string, readonly [number | null, number | null, number | null, number | null]>;

export type CallName = keyof typeof NUMBERS;
export const CALL_NAMES = Object.keys(NUMBERS) as CallName[];

const COLUMNS: Record<Abi, 0 | 1 | 2 | 3> = { x86_64: 0, i386: 1, aarch64: 2, arm: 3 };

/** What x32 counts otherwise than x86_64, without the bit that tells its calls (X32_BIT). Older kernels take them without it, too. */
const X32: Partial<Record<CallName, number>> = {
  ioctl: 514,
  ptrace: 521,
  kexec_load: 528,
  vmsplice: 532,
  move_pages: 533,
  process_vm_readv: 539,
  process_vm_writev: 540,
};
export const X32_BIT = 0x40000000;

/** Every number by which this call is made through this way in. */
export function callNumbers(name: CallName, abi: Abi): number[] {
  const number = NUMBERS[name][COLUMNS[abi]];
  const x32 = abi === 'x86_64' ? X32[name] : undefined;
  return [...(number === null ? [] : [number]), ...(x32 === undefined ? [] : [x32])];
}

/** The last call that this table was made with (file_setattr(2)): what comes after it nobody has looked at. */
export const LAST_CALL = 469;
/** arm's own calls, which are counted from here (ARM_NR_BASE). */
export const ARM_PRIVATE = 0x0f0000;
