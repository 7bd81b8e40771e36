// A network's dnsmasq: its files, and the script that keeps its leases.
import { leaseProgramFile } from '../../lib-native/runtime.ts';
import { type LeaseScript, reloadDnsmasq } from '../host/dnsmasq.ts';
import type { NetworkDefinition } from '../network/definition.ts';
import { dnsmasqTexts } from '../network/dnsmasq-config.ts';
import { formatJsonList } from '../network/leases.ts';
import { readIfThere, writeAtomically } from '../store/atomic-write.ts';
import { dnsmasqFiles, leasesFile, macsFile, writePublicFile } from '../store/networks.ts';
import { LEASES_VARIABLE } from './lease-script.ts';

export function writeDnsmasqFiles(network: NetworkDefinition): void {
  const files = dnsmasqFiles(network.name);
  const texts = dnsmasqTexts(network, files);
  writeAtomically(files.config, texts.config, { durable: false });
  writePublicFile(files.hostsFile, texts.hostsFile);
  writePublicFile(files.addnHosts, texts.addnHosts);
  const macs = macsFile(network.bridge.name!);
  if (readIfThere(macs) === undefined) writePublicFile(macs, formatJsonList([]));
}

/** Writes hosts and names anew and has them read. False: dnsmasq does not run. */
export function refreshDnsmasq(network: NetworkDefinition): boolean {
  writeDnsmasqFiles(network);
  return reloadDnsmasq(dnsmasqFiles(network.name));
}

/** Our own program by another name, told by its environment where the leases are: dnsmasq gives the script arguments of its own. */
export function leaseScript(bridge: string): LeaseScript {
  return {
    path: leaseProgramFile,
    env: { [LEASES_VARIABLE]: leasesFile(bridge), VIR_BRIDGE_NAME: bridge },
  };
}
