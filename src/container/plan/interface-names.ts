// The names of a container's network devices, on the host and inside. Pure: what names are taken is handed in.
import type { DomainDefinition, InterfaceDevice } from '../../domain/definition.ts';

export interface VethNames {
  host: string;
  guest: string;
}

/**
 * Names for a new pair: the host's end as the definition wants it (a template may hold `%d`), else `vnetN`. The other
 * end is made in the container under its name there, so its `vnetN` only serves the messages that libvirt has for it.
 */
export function freeVethNames(wanted: string | undefined, taken: ReadonlySet<string>): VethNames {
  if (wanted === undefined) {
    const first = firstFree((n) => !taken.has(`vnet${n}`) && !taken.has(`vnet${n + 1}`));
    return { host: `vnet${first}`, guest: `vnet${first + 1}` };
  }
  const host = wanted.includes('%d') ? freeName(wanted, taken) : wanted;
  return { host, guest: freeName('vnet%d', new Set([...taken, host])) };
}

/** `template` with the lowest number that makes it free in place of `%d`. */
export function freeName(template: string, taken: ReadonlySet<string>): string {
  return template.replace('%d', String(firstFree((n) => !taken.has(template.replace('%d', String(n))))));
}

function firstFree(isFree: (n: number) => boolean): number {
  let n = 0;
  while (!isFree(n)) n++;
  return n;
}

/**
 * The interfaces with the names they get inside: their own, or `ethN`, counting only those without one.
 * Differs from libvirt: a number that an explicit name or a host device occupies is passed over.
 */
export function withGuestNames({ devices }: Pick<DomainDefinition, 'devices'>): InterfaceDevice[] {
  const taken = new Set<string>();
  for (const { guestDev } of devices.interfaces) if (guestDev !== undefined) taken.add(guestDev);
  for (const { mode, type, source } of devices.hostdevs) {
    if (mode === 'capabilities' && type === 'net' && source !== undefined) taken.add(source);
  }
  return devices.interfaces.map((device) => {
    if (device.guestDev !== undefined) return device;
    const guestDev = freeName('eth%d', taken);
    taken.add(guestDev);
    return { ...device, guestDev };
  });
}

/**
 * The host's end has the guest's address with another first byte: high, so that a bridge, which takes the lowest
 * address of its ports as its own, does not change its address with every container.
 */
export function hostEndMac(guestMac: string): string {
  return (guestMac.startsWith('fe') ? 'fa' : 'fe') + guestMac.slice(2);
}
