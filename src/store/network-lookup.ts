// Finding networks: what there is to know of a network without parsing its XML.
import { libvirtError } from '../errors.ts';
import { hostLinkNames } from '../host/routes.ts';
import { type NetworkFacts, networkFacts } from '../network/facts.ts';
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
  const facts: NetworkFacts = networkFacts(status ?? readNetworkDefinition(name) ?? '');
  return {
    name,
    uuid: facts.uuid,
    active: status !== undefined,
    persistent,
    autostart: persistent && isNetworkAutostarted(name),
    bridge: facts.bridge,
  };
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

export function findNetworkByUuid(text: string): NetworkSummary | undefined {
  if (!UUID.test(text)) return undefined;
  const uuid = text.toLowerCase();
  for (const name of new Set([...networkStatusNames(), ...definedNetworks()])) {
    const network = findNetwork(name);
    if (network?.uuid === uuid) return network;
  }
  return undefined;
}

/** What cannot be the name of a network is not looked for in the file system. */
const isName = (text: string): boolean => text !== '' && !text.includes('/') && !text.includes('\0') && Buffer.byteLength(text) < 250;
