// What a new network's definition lacks, and whether there is one like it already.
import { existsSync } from 'node:fs';
import { libvirtError } from '../errors.ts';
import { parseHost } from '../host/parse-host.ts';
import { hostLinkNames } from '../host/routes.ts';
import { hasOwnBridge, type NetworkDefinition } from '../network/definition.ts';
import { validateNetwork } from '../network/validate.ts';
import { goesBeyondLibvirt } from '../store/lxc-conf.ts';
import { bridgesBeside, findNetwork, findNetworkByUuid } from '../store/network-lookup.ts';

/** Checks a new definition and gives its bridge a name and an address. The caller holds the store's lock. */
export function completeNetwork(definition: NetworkDefinition): void {
  if (!goesBeyondLibvirt()) {
    // libvirt 9.0 passes over both.
    delete definition.title;
    delete definition.description;
  }
  if (hasOwnBridge(definition)) {
    nameBridge(definition);
    definition.mac ??= parseHost.randomMac();
  }
  validateNetwork(definition, { isVirtualFunction: (directory) => existsSync(`${directory}/physfn`) });
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
  const used = bridgesBeside(name);
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
