// Finding networks: what there is to know of a network without parsing its XML.

import { isFailure, libvirtError } from '../errors.ts';
import { hostLinkNames } from '../host/routes.ts';
import { type NetworkFacts, networkFacts, networkUuid } from '../network/facts.ts';
import { isUuid } from '../values/uuid.ts';
import {
  definedNetworks,
  isNetworkAutostarted,
  isNetworkDefined,
  networkStatusNames,
  readNetworkDefinition,
  readNetworkStatus,
} from './networks.ts';

export interface NetworkRef {
  readonly name: string;
  readonly uuid: string;
}

/** A row of `net-list`. */
export interface NetworkSummary extends NetworkRef {
  readonly active: boolean;
  readonly persistent: boolean;
  readonly autostart: boolean;
  readonly bridge: string | undefined;
  readonly title: string | undefined;
}

/**
 * The status document of a network that is active. One whose own bridge has vanished, whose start was killed, or whose status was cut off, is not: the
 * next change clears it up.
 */
export function activeStatus(name: string): string | undefined {
  const document = readNetworkStatus(name);
  if (document === undefined) return undefined;
  const { bridge, ownsBridge, starting, whole } = networkFacts(document);
  if (starting || !whole) return undefined;
  if (ownsBridge && (bridge === undefined || !hostLinkNames().has(bridge))) return undefined;
  return document;
}

export const noNetwork = (text: string, by: 'name' | 'uuid') => libvirtError('NO_NETWORK', `no network with matching ${by} '${text}'`);

export function findNetwork(name: string): NetworkSummary | undefined {
  if (!isName(name)) return undefined;
  const status = activeStatus(name);
  const persistent = isNetworkDefined(name);
  if (status === undefined && !persistent) return undefined;
  const facts: NetworkFacts = networkFacts(status ?? readableDefinition(name));
  return {
    name,
    uuid: facts.uuid,
    active: status !== undefined,
    persistent,
    autostart: persistent && isNetworkAutostarted(name),
    bridge: facts.bridge,
    title: facts.title,
  };
}

/** Nothing for a definition that is damaged: that keeps no other network from being found, nor itself from being undefined. */
function readableDefinition(name: string): string {
  try {
    return readNetworkDefinition(name) ?? '';
  } catch (error) {
    if (!isFailure(error)) throw error;
    return '';
  }
}

/**
 * Reads all definitions until it is found: of 1,000, in 9 ms. Domains have an index (uuid-index.ts) since there are hosts with
 * that many of them; each network is a bridge with a server.
 */
export function findNetworkByUuid(text: string): NetworkSummary | undefined {
  if (!isUuid(text)) return undefined;
  const uuid = text.toLowerCase();
  for (const name of networkStatusNames()) {
    const network = findNetwork(name);
    if (network?.uuid === uuid) return network;
  }
  for (const name of definedNetworks()) {
    if (networkUuid(readableDefinition(name)) !== uuid) continue;
    const network = findNetwork(name);
    if (network?.uuid === uuid) return network;
  }
  return undefined;
}

/** The bridges of all networks but `name`. */
export function bridgesBeside(name: string): Set<string> {
  const started = networkStatusNames();
  const active = new Map(started.map((other) => [other, activeStatus(other)] as const));
  const bridges = new Set<string>();
  for (const other of new Set([...started, ...definedNetworks()])) {
    if (other === name) continue;
    const { bridge } = networkFacts(active.get(other) ?? readableDefinition(other));
    if (bridge !== undefined) bridges.add(bridge);
  }
  return bridges;
}

/** What cannot be the name of a network is not looked for in the file system. */
const isName = (text: string): boolean => text !== '' && !text.includes('/') && !text.includes('\0') && Buffer.byteLength(text) < 250;
