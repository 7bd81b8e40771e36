// The capabilities that <features><capabilities> can name, in the order in which libvirt prints them, with the kernel's numbers
// (capabilities(7)).

export const CAPABILITIES = [
  ['audit_control', 30],
  ['audit_write', 29],
  ['block_suspend', 36],
  ['chown', 0],
  ['dac_override', 1],
  ['dac_read_search', 2],
  ['fowner', 3],
  ['fsetid', 4],
  ['ipc_lock', 14],
  ['ipc_owner', 15],
  ['kill', 5],
  ['lease', 28],
  ['linux_immutable', 9],
  ['mac_admin', 33],
  ['mac_override', 32],
  ['mknod', 27],
  ['net_admin', 12],
  ['net_bind_service', 10],
  ['net_broadcast', 11],
  ['net_raw', 13],
  ['setgid', 6],
  ['setfcap', 31],
  ['setpcap', 8],
  ['setuid', 7],
  ['sys_admin', 21],
  ['sys_boot', 22],
  ['sys_chroot', 18],
  ['sys_module', 16],
  ['sys_nice', 23],
  ['sys_pacct', 20],
  ['sys_ptrace', 19],
  ['sys_rawio', 17],
  ['sys_resource', 24],
  ['sys_time', 25],
  ['sys_tty_config', 26],
  ['syslog', 34],
  ['wake_alarm', 35],
] as const;

export type CapabilityName = (typeof CAPABILITIES)[number][0];

const NUMBERS: ReadonlyMap<string, number> = new Map(CAPABILITIES);

/** The kernel's number, or undefined for a name that libvirt does not know. */
export function capabilityNumber(name: string): number | undefined {
  return NUMBERS.get(name);
}

/** The name in XML of a capability, or undefined for one that XML cannot name. */
export function capabilityName(number: number): CapabilityName | undefined {
  return CAPABILITIES.find(([, known]) => known === number)?.[0];
}
