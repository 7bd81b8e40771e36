// Packet filter rules by nft -j (nft(8)). The kernel takes a ruleset whole or not at all.
import fs from 'node:fs';
import { linux } from '../../lib-native/linux.ts';
import { libvirtError, systemError } from '../errors.ts';
import type { Ruleset } from '../network/firewall-rules.ts';
import { failureOf, requireProgram } from './programs.ts';

/** Throws OPERATION_FAILED where nft is missing. */
export const requireFirewall = (): string => requireProgram('nft', 'nftables');

/** Carries out one transaction. Throws OPERATION_FAILED with nft's own words; then nothing has changed. */
export function applyRules(ruleset: Ruleset): void {
  const nft = requireFirewall();
  const input = unnamedFile(JSON.stringify(ruleset));
  try {
    const failure = failureOf(nft, ['-j', '-f', '-'], { stdin: input });
    if (failure === undefined) return;
    throw libvirtError('OPERATION_FAILED', `Failed to apply firewall rules with ${nft}: ${failure.split('\n')[0]}`);
  } finally {
    fs.closeSync(input);
  }
}

/** nft opens its standard input anew, which cannot be done with the socket that the runtime would give it. */
function unnamedFile(text: string): number {
  const fd = linux.memfdCreate('nft');
  if (fd < 0) throw systemError('cannot create a file in memory', -fd);
  fs.writeFileSync(fd, text);
  return fd;
}
