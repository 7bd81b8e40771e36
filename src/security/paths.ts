// What of the kernel's own files a container does not get to see, or to write. Pure.

/** What tells of the host, or of the kernel's memory, and what nobody needs. */
export const MASKED_FILES: readonly string[] = [
  '/proc/kcore',
  '/proc/keys',
  '/proc/key-users',
  '/proc/latency_stats',
  '/proc/timer_list',
  '/proc/timer_stats',
  '/proc/sched_debug',
  '/proc/kpagecount',
  '/proc/kpageflags',
  '/proc/kpagecgroup',
  '/proc/slabinfo',
  '/proc/vmallocinfo',
  '/proc/pagetypeinfo',
  '/proc/allocinfo',
];
export const MASKED_DIRECTORIES: readonly string[] = ['/proc/acpi', '/proc/scsi', '/sys/firmware', '/sys/devices/virtual/powercap'];

/**
 * Where an init system mounts what SELinux's policy lets no container mount: it finds that done, instead of units that failed.
 * All of it is the whole host's.
 */
export const KERNEL_FILE_SYSTEMS: readonly string[] = [
  '/sys/kernel/debug',
  '/sys/kernel/tracing',
  '/sys/kernel/config',
  '/sys/fs/fuse/connections',
];

/** What an init system mounts before anything else: where it cannot, it finds that done. */
export const PREPARED_MOUNTS: readonly PreparedMount[] = [
  { path: '/dev/shm', mode: '1777', runsPrograms: true },
  { path: '/run', mode: '755', runsPrograms: true },
  { path: '/run/lock', mode: '1777', runsPrograms: false },
  { path: '/tmp', mode: '1777', runsPrograms: true },
];

/** A tmpfs. */
export interface PreparedMount {
  path: string;
  mode: string;
  runsPrograms: boolean;
}

/** What would be done with them is done to the host. */
export const READ_ONLY_PATHS: readonly string[] = [
  '/proc/sysrq-trigger',
  '/proc/bus',
  '/proc/fs',
  '/proc/irq',
  '/proc/asound',
  '/proc/dynamic_debug',
  '/proc/driver',
];
