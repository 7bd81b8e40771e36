// From the word that names a network to the network.

import type { NetworkRef } from '../../../driver/network/lookup.ts';
import { inContext, LibvirtError } from '../../../errors.ts';
import { type CommandContext, failure, type NetworkKind } from '../../command.ts';

/** The first operand of most commands; `completes` tells which networks the command is for. */
export function networkOption({ completes = 'network', help = 'network name or uuid' }: { completes?: NetworkKind; help?: string } = {}) {
  return { name: 'network', type: 'string', required: true, completes, help } as const;
}

/** The network that the command's operand names. A miss is told in two lines, or in virsh's one where only a uuid would do. */
export async function findNetworkOperand(
  context: CommandContext,
  { network: text }: { readonly network: string },
  by: readonly ('uuid' | 'name')[] = ['uuid', 'name'],
): Promise<NetworkRef> {
  const { lookupNetwork } = await import('../../../driver/network/networks.ts');
  const problem = `failed to get network '${text}'`;
  try {
    return await lookupNetwork(context.connection, text, by);
  } catch (error) {
    if (!(error instanceof LibvirtError) || error.code !== 'NO_NETWORK') throw error;
    if (!by.includes('name') && !/^[0-9a-f-]{36}$/i.test(text)) throw failure(problem, error);
    throw inContext(problem, error);
  }
}
