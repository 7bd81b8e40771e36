// Giving ports of networks back. The end of every domain in a network comes by here, so no XML is parsed.
import type { InterfaceDevice } from '../domain/definition.ts';
import { LibvirtError } from '../errors.ts';
import { portClass } from '../network/classes.ts';
import { lockNetwork } from '../store/lock.ts';
import { networkPorts, readNetworkStatus, readPort, removePort } from '../store/networks.ts';
import { unplugFloor } from './network-floor.ts';
import { runNetworkHooks } from './network-hooks.ts';
import { noteMac } from './network-macs.ts';

/** Gives back the ports that these interfaces have. */
export function releasePorts(interfaces: readonly InterfaceDevice[]): void {
  for (const { type, source, portid } of interfaces) {
    if (type === 'network' && source !== undefined && portid !== undefined) releasePort(source, portid);
  }
}

/** Gives one port back; it may be gone, with its whole network. `locked`: the caller has the network's lock. */
export function releasePort(network: string, uuid: string, { locked = false } = {}): void {
  if (readPort(network, uuid) === undefined) return;
  using _lock = locked ? undefined : lockNetwork(network);
  const document = readPort(network, uuid);
  if (document === undefined) return;
  removePort(network, uuid);
  const bridge = /<plug type='network' bridge='([^']*)'/.exec(document)?.[1];
  const mac = /<mac address='([^']*)'/.exec(document)?.[1];
  const owner = /<name>([^<]*)<\/name>/.exec(document)?.[1];
  const guaranteed = portClass(document);
  try {
    if (guaranteed && bridge !== undefined) unplugFloor(network, bridge, guaranteed.id);
    if (bridge !== undefined && mac !== undefined && owner !== undefined) noteMac(bridge, owner, mac, false);
    runNetworkHooks(network, ['port-deleted', 'begin'], () => [liveXml(network), document]);
  } catch (error) {
    if (!(error instanceof LibvirtError)) throw error; // neither a hook nor a full disk keeps a port
  }
}

function liveXml(network: string): string {
  const status = readNetworkStatus(network) ?? '';
  const document = /^ {2}<network[\s\S]*<\/network>$/m.exec(status)?.[0] ?? '';
  const left = networkPorts(network).length;
  const connections = left > 0 ? ` connections='${left}'` : '';
  return document.replace(/^ {2}/gm, '').replace(/^<network(?: xmlns:dnsmasq='[^']*')?/, `$&${connections}`);
}
