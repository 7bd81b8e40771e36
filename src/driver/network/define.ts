// net-define, net-undefine and the autostart mark.
import { existsSync } from 'node:fs';
import { libvirtError } from '../../errors.ts';
import { parseHost } from '../../host/parse-host.ts';
import { hostLinkNames } from '../../host/routes.ts';
import { hasOwnBridge, type NetworkDefinition } from '../../network/definition.ts';
import { parseNetwork } from '../../network/parse.ts';
import { validateNetwork } from '../../network/validate.ts';
import { recordNetworkEvent } from '../../store/events.ts';
import { lockNetwork, lockNetworkStore } from '../../store/lock.ts';
import { saveNetwork } from '../../store/network-documents.ts';
import {
  definedNetworks,
  dnsmasqFiles,
  isNetworkDefined,
  leasesFile,
  networkStatusNames,
  removeFiles,
  removeNetworkDefinition,
  setNetworkAutostart,
} from '../../store/networks.ts';
import { type Connection, requireWritable } from '../connection.ts';
import { findNetwork, findNetworkByUuid, type NetworkRef } from './lookup.ts';

/**
 * Stores a definition; that of an active network counts from its next start.
 * Throws XML_ERROR and its kin, OPERATION_FAILED where the name or uuid is another network's; nothing is stored then.
 */
export async function defineNetwork(connection: Connection, xml: string, { validate }: { validate?: boolean }): Promise<NetworkRef> {
  requireWritable(connection, 'virNetworkDefineXML');
  if (validate) (await import('../../network/schema.ts')).validateNetworkDocument(xml);
  const definition = parseNetwork(xml, parseHost);
  using _lock = lockNetwork(definition.name);
  using _store = lockNetworkStore();
  completeNetwork(definition);
  checkUniqueNetwork(definition);
  saveNetwork(definition);
  recordNetworkEvent({ network: definition.name, uuid: definition.uuid, event: 'lifecycle', kind: 'Defined' });
  return definition;
}

/** Checks a new definition and gives its bridge a name and an address. The caller holds the store's lock. */
export function completeNetwork(definition: NetworkDefinition): void {
  if (hasOwnBridge(definition)) {
    nameBridge(definition);
    definition.mac ??= parseHost.randomMac();
  }
  validateNetwork(definition, { isVirtualFunction: (folder) => existsSync(`${folder}/physfn`) });
}

/** Throws OPERATION_FAILED with libvirt's words. The caller holds the store's lock until it has written. */
export function checkUniqueNetwork({ name, uuid }: NetworkDefinition): void {
  const same = findNetworkByUuid(uuid);
  if (same && same.name !== name) throw libvirtError('OPERATION_FAILED', `network '${same.name}' is already defined with uuid ${uuid}`);
  const namesake = same ?? findNetwork(name);
  if (namesake && namesake.uuid !== uuid)
    throw libvirtError('OPERATION_FAILED', `network '${name}' already exists with uuid ${namesake.uuid}`);
}

const MAX_BRIDGE_NUMBER = 256;

function nameBridge({ name, bridge }: NetworkDefinition): void {
  const names = new Set([...networkStatusNames(), ...definedNetworks()]);
  names.delete(name);
  const used = new Set([...names].map((other) => findNetwork(other)?.bridge));
  if (bridge.name !== undefined && !bridge.name.includes('%d')) {
    if (used.has(bridge.name)) throw libvirtError('INTERNAL_ERROR', `bridge name '${bridge.name}' already in use.`);
    return;
  }
  const template = bridge.name ?? 'virbr%d';
  const links = hostLinkNames();
  for (let number = 0; number <= MAX_BRIDGE_NUMBER; number++) {
    const candidate = template.replace('%d', String(number));
    if (used.has(candidate) || links.has(candidate)) continue;
    bridge.name = candidate;
    return;
  }
  throw libvirtError('INTERNAL_ERROR', `Bridge generation exceeded max id ${MAX_BRIDGE_NUMBER}`);
}

/** Forgets a definition; an active network becomes transient. Throws OPERATION_INVALID for one that is transient. */
export function undefineNetwork(connection: Connection, ref: NetworkRef): void {
  requireWritable(connection, 'virNetworkUndefine');
  using _lock = lockNetwork(ref.name);
  if (!isNetworkDefined(ref.name)) throw libvirtError('OPERATION_INVALID', "can't undefine transient network");
  const network = findNetwork(ref.name);
  removeNetworkDefinition(ref.name);
  recordNetworkEvent({ network: ref.name, uuid: ref.uuid, event: 'lifecycle', kind: 'Undefined' });
  if (!network?.active) forgetNetworkFiles(ref.name, network?.bridge);
}

/** Removes what outlives an active network: its leases and dnsmasq's files. */
export function forgetNetworkFiles(name: string, bridge: string | undefined): void {
  const { config, hostsFile, addnHosts } = dnsmasqFiles(name);
  removeFiles(config, hostsFile, addnHosts, ...(bridge === undefined ? [] : [leasesFile(bridge)]));
}

/** Throws OPERATION_INVALID for a transient network. */
export function markNetworkAutostart(connection: Connection, ref: NetworkRef, on: boolean): void {
  requireWritable(connection, 'virNetworkSetAutostart');
  using _lock = lockNetwork(ref.name);
  if (!isNetworkDefined(ref.name)) throw libvirtError('OPERATION_INVALID', 'cannot set autostart for transient network');
  setNetworkAutostart(ref.name, on);
}
