// Which capabilities a container keeps (capabilities(7), libvirt: <capabilities policy=>). Pure.
import { capabilityNumber } from '../domain/capabilities.ts';
import type { DomainFeatures, SecurityLevel } from '../domain/definition.ts';

/** What would reach beyond the container. sys_boot stays: it is reboot(2) of the container. */
const DROPPED_BY_DEFAULT: readonly string[] = ['sys_module', 'sys_time', 'mknod', 'audit_control', 'mac_admin'];

/** podman's. */
const KEPT_IF_STRICT: readonly string[] = [
  ...['chown', 'dac_override', 'fowner', 'fsetid', 'kill', 'net_bind_service', 'setfcap', 'setgid', 'setpcap', 'setuid', 'sys_chroot'],
];

/**
 * An init system ends its container by reboot(2), which of a PID namespace is no more than that; what else the capability is for,
 * a filter refuses. Most of them stay for ever without it.
 */
const ENDS_ITSELF = 'sys_boot';

/**
 * Numbers of the capabilities in init's bounding set. Those that XML cannot name are kept, but for policy deny and level strict.
 */
export function keptCapabilities(
  { policy, states }: DomainFeatures['capabilities'],
  level: SecurityLevel,
  lastCapability: number,
  isSystem = false,
): Set<number> {
  const kept = new Set<number>();
  if (policy === 'default' && level === 'strict') {
    for (const name of isSystem ? [...KEPT_IF_STRICT, ENDS_ITSELF] : KEPT_IF_STRICT) kept.add(capabilityNumber(name)!);
  } else if (policy !== 'deny') for (let number = 0; number <= lastCapability; number++) kept.add(number);
  if (policy === 'default') for (const name of DROPPED_BY_DEFAULT) kept.delete(capabilityNumber(name) ?? -1);
  for (const { name, state } of states) {
    const number = capabilityNumber(name);
    if (number === undefined || number > lastCapability) continue;
    // Differs from libvirt: sys_boot state='off' is obeyed under every policy.
    if (state === 'on') kept.add(number);
    else kept.delete(number);
  }
  return kept;
}
