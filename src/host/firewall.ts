// Packet filter rules by nft -j (nft(8)). The kernel takes a ruleset whole or not at all.
import { spawnSync } from 'node:child_process';
import { libvirtError } from '../errors.ts';
import type { Ruleset } from '../network/firewall-rules.ts';
import { requireProgram } from './programs.ts';

/** Throws OPERATION_FAILED where nft is missing. */
export const requireFirewall = (): string => requireProgram('nft', 'nftables');

/** Carries out one transaction. Throws OPERATION_FAILED with nft's own words; then nothing has changed. */
export function applyRules(ruleset: Ruleset): void {
  const nft = requireFirewall();
  const { status, stderr, error } = spawnSync(nft, ['-j', '-f', '-'], { input: JSON.stringify(ruleset), encoding: 'utf8' });
  if (status === 0) return;
  const reason = stderr?.trim().split('\n')[0] || error?.message || `exit status ${status}`;
  throw libvirtError('OPERATION_FAILED', `Failed to apply firewall rules with ${nft}: ${reason}`);
}
