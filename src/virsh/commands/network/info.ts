// net-info, net-name and net-uuid.

import { defineCommand } from '../../command.ts';
import { findNetworkOperand, networkOption } from './operand.ts';

export const netInfo = defineCommand({
  name: 'net-info',
  group: 'network',
  summary: 'a few facts about a network',
  description: 'Prints name and uuid of a network, whether it is active, stored and started with the host, and its bridge.',
  options: [networkOption()],
  async run(context, args) {
    const found = await findNetworkOperand(context, args);
    const { networkInfo } = await import('../../../driver/network/lookup.ts');
    const network = networkInfo(context.connection, found);
    const yesNo = (value: boolean) => (value ? 'yes' : 'no');
    const rows: [string, string | undefined][] = [
      ['Name:', network.name],
      ['UUID:', network.uuid],
      ['Active:', yesNo(network.active)],
      ['Persistent:', yesNo(network.persistent)],
      ['Autostart:', yesNo(network.autostart)],
      ['Bridge:', network.bridge],
    ];
    for (const [label, value] of rows) if (value !== undefined) context.print(`${label.padEnd(15)} ${value}\n`);
  },
});

export const netName = defineCommand({
  name: 'net-name',
  group: 'network',
  summary: 'the name of a network',
  description: 'Prints the name of the network that has this uuid.',
  options: [networkOption({ help: 'network uuid' })],
  async run(context, args) {
    const network = await findNetworkOperand(context, args, ['uuid']);
    context.print(`${network.name}\n`);
  },
});

export const netUuid = defineCommand({
  name: 'net-uuid',
  group: 'network',
  summary: 'the uuid of a network',
  description: 'Prints the uuid of the network that has this name.',
  options: [networkOption({ help: 'network name' })],
  async run(context, args) {
    const network = await findNetworkOperand(context, args, ['name']);
    context.print(`${network.uuid}\n`);
  },
});
