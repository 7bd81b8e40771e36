// net-info, net-name and net-uuid.

import { defineReading } from '../../command.ts';
import { findNetworkOperand, networkOption } from './operand.ts';

export const netInfo = defineReading({
  name: 'net-info',
  group: 'network',
  summary: 'a few facts about a network',
  description: 'Prints name and uuid of a network, whether it is active, stored and started with the host, and its bridge.',
  options: [networkOption()],
  async read(context, args) {
    const found = await findNetworkOperand(context, args);
    const { networkInfo } = await import('../../../driver/network/lookup.ts');
    return networkInfo(context.connection, found);
  },
  text(network) {
    const yesNo = (value: boolean) => (value ? 'yes' : 'no');
    const rows: [string, string | undefined][] = [
      ['Name:', network.name],
      ['UUID:', network.uuid],
      ['Active:', yesNo(network.active)],
      ['Persistent:', yesNo(network.persistent)],
      ['Autostart:', yesNo(network.autostart)],
      ['Bridge:', network.bridge],
    ];
    const known = rows.filter(([, value]) => value !== undefined);
    return known.map(([label, value]) => `${label.padEnd(15)} ${value}\n`).join('');
  },
  json: ({ name, uuid, active, persistent, autostart, bridge }) => ({ name, uuid, active, persistent, autostart, bridge }),
});

export const netName = defineReading({
  name: 'net-name',
  group: 'network',
  summary: 'the name of a network',
  description: 'Prints the name of the network that has this uuid.',
  options: [networkOption({ help: 'network uuid' })],
  read: (context, args) => findNetworkOperand(context, args, ['uuid']),
  text: ({ name }) => `${name}\n`,
  json: ({ name }) => ({ name }),
});

export const netUuid = defineReading({
  name: 'net-uuid',
  group: 'network',
  summary: 'the uuid of a network',
  description: 'Prints the uuid of the network that has this name.',
  options: [networkOption({ help: 'network name' })],
  read: (context, args) => findNetworkOperand(context, args, ['name']),
  text: ({ uuid }) => `${uuid}\n`,
  json: ({ uuid }) => ({ uuid }),
});
