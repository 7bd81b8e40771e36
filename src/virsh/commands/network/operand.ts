// From the word that names a network to the network.

import type { NetworkRef } from '../../../driver/network/lookup.ts';
import type { CommandContext, NetworkKind } from '../../command.ts';
import { toldMiss } from '../lookup.ts';

/** The first operand of most commands; `completes` tells which networks the command is for. */
export function networkOption({ completes = 'network', help = 'network name or uuid' }: { completes?: NetworkKind; help?: string } = {}) {
  return { name: 'network', type: 'string', required: true, completes, help } as const;
}

/** The network that the command's operand names. */
export async function findNetworkOperand(
  context: CommandContext,
  { network: text }: { readonly network: string },
  by: readonly ('uuid' | 'name')[] = ['uuid', 'name'],
): Promise<NetworkRef> {
  const { lookupNetwork } = await import('../../../driver/network/networks.ts');
  try {
    return await lookupNetwork(context.connection, text, by);
  } catch (error) {
    throw toldMiss(error, { code: 'NO_NETWORK', problem: `failed to get network '${text}'`, text, by });
  }
}
