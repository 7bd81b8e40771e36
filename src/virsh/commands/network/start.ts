// net-start, net-destroy and net-autostart.

import { withContext } from '../../../errors.ts';
import { defineCommand } from '../../command.ts';
import { findNetworkOperand, networkOption } from './operand.ts';

export const netStart = defineCommand({
  name: 'net-start',
  group: 'network',
  summary: 'start a stored network',
  description:
    'Makes the bridge of a stored network with its addresses and rules, and starts the DHCP and name server that it needs. ' +
    'If a part cannot be had nothing is left of the others.',
  options: [networkOption({ completes: 'inactive-network' })],
  async run(context, args) {
    const network = await findNetworkOperand(context, args);
    await withContext(`Failed to start network ${args.network}`, async () => {
      const { startNetwork } = await import('../../../driver/network/start.ts');
      startNetwork(context.connection, network);
    });
    context.extra(`Network ${args.network} started\n`);
  },
});

export const netDestroy = defineCommand({
  name: 'net-destroy',
  group: 'network',
  summary: 'end a network',
  description:
    'Removes the bridge, the rules and the servers of an active network. Domains that are plugged into it run on, but are ' +
    'cut off until they are started again.',
  options: [networkOption({ completes: 'active-network' })],
  async run(context, args) {
    const network = await findNetworkOperand(context, args);
    await withContext(`Failed to destroy network ${args.network}`, async () => {
      const { destroyNetwork } = await import('../../../driver/network/start.ts');
      destroyNetwork(context.connection, network);
    });
    context.extra(`Network ${args.network} destroyed\n`);
  },
});

export const netAutostart = defineCommand({
  name: 'net-autostart',
  group: 'network',
  summary: 'mark a network to be started with the host',
  description: 'Marks a stored network as one to start when the host has booted, or removes the mark.',
  options: [networkOption({ completes: 'persistent-network' }), { name: 'disable', type: 'bool', help: 'remove the mark' }],
  async run(context, args) {
    const network = await findNetworkOperand(context, args);
    const verb = args.disable ? 'unmark' : 'mark';
    await withContext(`failed to ${verb} network ${args.network} as autostarted`, async () => {
      const { markNetworkAutostart } = await import('../../../driver/network/define.ts');
      markNetworkAutostart(context.connection, network, !args.disable);
    });
    context.extra(`Network ${args.network} ${verb}ed as autostarted\n`);
  },
});
