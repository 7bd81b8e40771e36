// net-update.

import { refreshDnsmasq } from '../../bridge/dnsmasq.ts';
import { applyFirewall } from '../../bridge/firewall.ts';
import { runNetworkHooks } from '../../bridge/hooks.ts';
import { repairNetwork, restartNetworkDnsmasq } from '../../bridge/start.ts';
import { parseHost } from '../../host/parse-host.ts';
import { hasOwnBridge, type NetworkDefinition, servesDhcp } from '../../network/definition.ts';
import { needsDnsmasq } from '../../network/dnsmasq-config.ts';
import { formatNetwork, writeNetwork } from '../../network/format.ts';
import { parseNetwork } from '../../network/parse.ts';
import { type NetworkUpdate, updateNetwork } from '../../network/update.ts';
import { lockNetwork } from '../../store/lock.ts';
import { loadLiveNetwork, loadNetwork, networkUse, saveLiveNetwork, saveNetwork } from '../../store/network-documents.ts';
import { isNetworkDefined } from '../../store/networks.ts';
import { type Connection, requireWritable } from '../connection.ts';
import type { NetworkRef } from './lookup.ts';
import { networkTargets, type UpdateTarget } from './target.ts';

export type { NetworkUpdate } from '../../network/update.ts';
export { UPDATE_SECTIONS } from '../../network/update.ts';
export type { UpdateTarget } from './target.ts';

/** Throws OPERATION_INVALID for a target that is not there, and what updateNetwork() throws; nothing is changed then. */
export function changeNetwork(connection: Connection, ref: NetworkRef, update: NetworkUpdate, target: UpdateTarget): void {
  requireWritable(connection, 'virNetworkUpdate');
  using _lock = lockNetwork(ref.name);
  repairNetwork(ref.name);
  const live = loadLiveNetwork(ref.name);
  const wants = networkTargets({ active: live !== undefined, persistent: isNetworkDefined(ref.name) }, target, {
    noConfig: 'cannot change persistent config of a transient network',
  });
  const stored = wants.config ? changed(loadNetwork(ref.name), update) : undefined;
  const next = wants.live ? changed(live!, update) : undefined;
  if (stored) saveNetwork(stored);
  if (next) apply(live!, next, update);
  runNetworkHooks(ref.name, ['updated', 'begin'], (writer) => {
    if (next) writeNetwork(writer, next, networkUse(ref.name));
    else writeNetwork(writer, stored!);
  });
}

/** What was changed has to be a network to the reader, as in libvirt; what `net-define` checks besides is not asked again. */
function changed(definition: NetworkDefinition, update: NetworkUpdate): NetworkDefinition {
  const next = updateNetwork(definition, update);
  parseNetwork(formatNetwork(next), parseHost);
  return next;
}

function apply(before: NetworkDefinition, after: NetworkDefinition, { section }: NetworkUpdate): void {
  saveLiveNetwork(after);
  if (!hasOwnBridge(after)) return;
  if (section === 'forward-interface') applyFirewall(after);
  if (!needsDnsmasq(after) && !needsDnsmasq(before)) return;
  const dhcpCameOrWent = before.ips.some(servesDhcp) !== after.ips.some(servesDhcp);
  // Hosts and names are in files that it reads again; the rest is in its configuration, which it cannot.
  if (section === 'dns-host' || (section === 'ip-dhcp-host' && !dhcpCameOrWent)) {
    if (refreshDnsmasq(after)) return;
  }
  if (['dns-host', 'ip-dhcp-host', 'ip-dhcp-range', 'dns-txt', 'dns-srv'].includes(section)) restartNetworkDnsmasq(after);
}
