// Giving ports of networks back. The end of every domain in a network comes by here, so no XML is parsed but for
// hook scripts.
import type { InterfaceDevice } from '../domain/definition.ts';
import { failureInSync } from '../errors.ts';
import { portFacts } from '../network/facts.ts';
import { writeNetwork } from '../network/format.ts';
import { parseNetworkPort, writeNetworkPort } from '../network/port.ts';
import { lockNetwork } from '../store/lock.ts';
import { loadLiveNetwork, networkUse } from '../store/network-documents.ts';
import { readPort, removePort } from '../store/networks.ts';
import type { XmlWriter } from '../xml/writer.ts';
import { unplugFloor } from './floor.ts';
import { runNetworkHooks } from './hooks.ts';
import { noteMac } from './macs.ts';

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
  const { bridge, mac, owner, guaranteed } = portFacts(document);
  // Neither a hook nor a full disk keeps a port.
  failureInSync(() => {
    if (guaranteed && bridge !== undefined) unplugFloor(network, bridge, guaranteed.id);
    if (bridge !== undefined && mac !== undefined && owner !== undefined) noteMac(bridge, owner, mac, false);
    runNetworkHooks(network, ['port-deleted', 'begin'], (writer) => {
      writeRemaining(writer, network);
      writeNetworkPort(writer, parseNetworkPort(document));
    });
  });
}

function writeRemaining(writer: XmlWriter, network: string): void {
  const live = loadLiveNetwork(network);
  if (live) writeNetwork(writer, live, networkUse(network));
}
