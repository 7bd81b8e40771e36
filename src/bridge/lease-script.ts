// What dnsmasq runs for every lease (dnsmasq(8), --dhcp-script), in place of a file of its own: keeps BRIDGE.status.
import process from 'node:process';
import { libvirtError } from '../errors.ts';
import { formatJsonList, isExpired, leaseDatabase, leasesAfter, parseLeases } from '../network/leases.ts';
import { readIfThere } from '../store/atomic-write.ts';
import { writePublicFile } from '../store/networks.ts';

/** The environment says where the leases are. */
export const LEASES_VARIABLE = 'VIRSH_LXC_LEASES';

/** `args`: what is done, to which address. The result is the exit status. */
export function runLeaseScript(args: readonly string[]): number {
  const file = process.env[LEASES_VARIABLE];
  if (file === undefined) throw libvirtError('INTERNAL_ERROR', `only dnsmasq runs this: there is no ${LEASES_VARIABLE}`);
  const nowS = Math.floor(Date.now() / 1000);
  const leases = readLeases(file);
  if (args[0] === 'init') {
    process.stdout.write(leaseDatabase(leases.filter((lease) => !isExpired(lease, nowS))));
    return 0;
  }
  const after = leasesAfter(leases, { args, env: process.env, nowS });
  if (after) writePublicFile(file, after.length === 0 ? '' : formatJsonList(after));
  return 0;
}

/** Leases that cannot be read are forgotten: guests will ask again. */
function readLeases(file: string) {
  try {
    return parseLeases(readIfThere(file) ?? '', file);
  } catch {
    return [];
  }
}
