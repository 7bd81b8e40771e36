// Networks between the store and memory: what is stored as text here becomes a definition, and the other way round.

import { parseHost } from '../host/parse-host.ts';
import type { PortClass } from '../network/classes.ts';
import type { NetworkDefinition } from '../network/definition.ts';
import { portFacts } from '../network/facts.ts';
import type { NetworkUse } from '../network/format.ts';
import { parseNetwork } from '../network/parse.ts';
import { type NetworkPort, parseNetworkPort } from '../network/port.ts';
import { formatNetworkStatus, formatStoredNetwork, parseNetworkStatus } from '../network/stored.ts';
import { activeStatus, noNetwork } from './network-lookup.ts';
import { networkPorts, readNetworkDefinition, readPort, writeNetworkDefinition, writeNetworkStatus } from './networks.ts';

/** The persistent definition. Throws NO_NETWORK where there is none. */
export function loadNetwork(name: string): NetworkDefinition {
  const document = readNetworkDefinition(name);
  if (document === undefined) throw noNetwork(name, 'name');
  return parseNetwork(document, parseHost);
}

export function saveNetwork(definition: NetworkDefinition): void {
  writeNetworkDefinition(definition.name, formatStoredNetwork(definition));
}

/** The definition of an active network, or undefined. */
export function loadLiveNetwork(name: string): NetworkDefinition | undefined {
  const document = activeStatus(name);
  return document === undefined ? undefined : parseNetworkStatus(document, parseHost);
}

/** `starting`: what is written counts for nothing but a clear-up. */
export function saveLiveNetwork(definition: NetworkDefinition, options: { starting?: boolean } = {}): void {
  writeNetworkStatus(definition.name, formatNetworkStatus(definition, { ...options, classes: portClasses(definition.name) }));
}

/** The ports of a network; one that is released meanwhile is left out. */
export function loadPorts(network: string): NetworkPort[] {
  return networkPorts(network).flatMap((uuid) => {
    const document = readPort(network, uuid);
    return document === undefined ? [] : [parseNetworkPort(document)];
  });
}

/** How much of an active network is in use. */
export function networkUse(network: string): NetworkUse {
  const ports = loadPorts(network);
  const devices = new Map<string, number>();
  for (const { plug } of ports) if (plug?.type === 'direct') devices.set(plug.dev, (devices.get(plug.dev) ?? 0) + 1);
  return { connections: ports.length, devices };
}

/** The classes that the ports of a network have. */
export function portClasses(network: string): PortClass[] {
  return networkPorts(network).flatMap((uuid) => portFacts(readPort(network, uuid) ?? '').guaranteed ?? []);
}
