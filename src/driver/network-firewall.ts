// The packet filter rules of networks that are active: made, put right, removed.
import { linux } from '../../lib-native/linux.ts';
import { applyRules, requireFirewall } from '../host/firewall.ts';
import { hasChains, hasTables } from '../host/netlink/nftables.ts';
import type { NetworkDefinition } from '../network/definition.ts';
import { filledChains, needsRules, networkRules, networkTables, type Ruleset, removeNetworkRules } from '../network/firewall-rules.ts';

/** What is not installed is said before anything is changed. */
export function checkFirewall(network: NetworkDefinition): void {
  if (rulesOf(network)) requireFirewall();
}

export function applyFirewall(network: NetworkDefinition): void {
  const rules = rulesOf(network);
  if (rules) applyRules(rules);
}

/** Brings back rules that others took away (`nft flush ruleset`). */
export function repairFirewall(network: NetworkDefinition): void {
  const rules = rulesOf(network);
  if (rules && !hasChains(linux, filledChains(rules))) applyRules(rules);
}

/** Removes what is there. */
export function removeFirewall({ bridge }: NetworkDefinition): void {
  if (hasTables(linux, networkTables(bridge.name!))) applyRules(removeNetworkRules(bridge.name!));
}

function rulesOf(network: NetworkDefinition): Ruleset | undefined {
  return needsRules(network) ? networkRules(network) : undefined;
}
