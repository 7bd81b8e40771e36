// Finding networks: by uuid or name, and all of them. Reads names and small facts; parses no XML.
import { libvirtError } from '../errors.ts';
import { hostLinkNames } from '../host/routes.ts';
import {
  definedNetworks,
  isNetworkAutostarted,
  isNetworkDefined,
  type NetworkFacts,
  networkFacts,
  networkStatusNames,
  networksAreSetUp,
  readNetworkDefinition,
  readNetworkStatus,
} from '../store/networks.ts';
import type { Connection } from './connection.ts';

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
 * The status document of a network that is active. One whose own bridge has vanished, or whose start was killed, is not: the
 * next change clears it up.
 */
export function activeStatus(name: string): string | undefined {
  const document = readNetworkStatus(name);
  if (document === undefined) return undefined;
  const { bridge, ownsBridge, starting } = networkFacts(document);
  if (starting) return undefined;
  if (ownsBridge && (bridge === undefined || !hostLinkNames().has(bridge))) return undefined;
  return document;
}

/** Every network, in no order. The first time, `default` comes to be (unless the connection is read-only). */
export async function listNetworks(connection: Connection): Promise<NetworkSummary[]> {
  await setUpNetworks(connection);
  const names = new Set([...networkStatusNames(), ...definedNetworks()]);
  return [...names].flatMap((name) => findNetwork(name) ?? []);
}

/** The network that `text` means, tried as each of `by` in that order. Throws NO_NETWORK. */
export async function lookupNetwork(connection: Connection, text: string, by: readonly ('uuid' | 'name')[]): Promise<NetworkRef> {
  await setUpNetworks(connection);
  for (const kind of by) {
    const found = kind === 'uuid' ? findNetworkByUuid(text) : findNetwork(text);
    if (found) return found;
  }
  throw noNetwork(text, by.includes('name') ? 'name' : 'uuid');
}

export const noNetwork = (text: string, by: 'name' | 'uuid') => libvirtError('NO_NETWORK', `no network with matching ${by} '${text}'`);

async function setUpNetworks(connection: Connection): Promise<void> {
  if (networksAreSetUp() || connection.readonly) return;
  const { defineDefaultNetwork } = await import('./default-network.ts');
  defineDefaultNetwork();
}

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

/** The network as it is now. Throws NO_NETWORK where it has gone meanwhile. */
export function networkInfo(_connection: Connection, ref: NetworkRef): NetworkSummary {
  const network = findNetwork(ref.name);
  if (!network) throw noNetwork(ref.name, 'name');
  return network;
}
