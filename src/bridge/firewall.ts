// The packet filter rules of networks that are active: made, put right, removed.
import { applyRules, requireFirewall } from '../host/firewall.ts';
import { hasChains, hasTables } from '../host/netlink/nftables.ts';
import { type FirewallBackend, parseFirewallBackend } from '../network/conf.ts';
import type { NetworkDefinition } from '../network/definition.ts';
import { filledChains, needsRules, networkRules, networkTables, type Ruleset, removeNetworkRules } from '../network/firewall-rules.ts';
import { readIfThere } from '../store/atomic-write.ts';
import { paths } from '../store/paths.ts';

/** What is not installed or badly configured is said before anything is changed. */
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
  if (rules && !hasChains(filledChains(rules))) applyRules(rules);
}

/** Removes what is there, whatever the configuration says by now. */
export function removeFirewall({ bridge }: NetworkDefinition): void {
  const { name } = bridge;
  if (name !== undefined && hasTables(networkTables(name))) applyRules(removeNetworkRules(name));
}

function rulesOf(network: NetworkDefinition): Ruleset | undefined {
  return needsRules(network) && backend() === 'nftables' ? networkRules(network) : undefined;
}

const backend = (): FirewallBackend =>
  parseFirewallBackend(readIfThere(paths.networkConf, { directoryIsNone: false }) ?? '', paths.networkConf);
