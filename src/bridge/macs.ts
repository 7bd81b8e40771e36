// BRIDGE.macs: whose MAC addresses are on the bridge of a network. libvirt's name service module reads it.
import { formatJsonList, macsAfter, parseMacs } from '../network/leases.ts';
import { readIfThere } from '../store/atomic-write.ts';
import { macsFile, writePublicFile } from '../store/networks.ts';

/** Notes in BRIDGE.macs that a domain's address comes to the bridge or leaves it. A file that cannot be read is begun anew. */
export function noteMac(bridge: string, domain: string, mac: string, present: boolean): void {
  const file = macsFile(bridge);
  writePublicFile(file, formatJsonList(macsAfter(parseMacs(readIfThere(file) ?? ''), domain, mac, present)));
}
