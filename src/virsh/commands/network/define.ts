// net-define, net-create and net-undefine.

import { withContext } from '../../../errors.ts';
import { defineCommand } from '../../command.ts';
import { readDescription } from '../files.ts';
import { findNetworkOperand, networkOption } from './operand.ts';

const FROM_FILE = [
  { name: 'file', type: 'string', required: true, completes: 'file', help: 'file with the XML of the network' },
  { name: 'validate', type: 'bool', help: 'check the XML against the schema first' },
] as const;

export const netDefine = defineCommand({
  name: 'net-define',
  group: 'network',
  summary: 'store a network from an XML file, without starting it',
  description:
    'Stores the network that FILE describes, or gives a stored network its new definition. An active network keeps its ' +
    'present configuration until the next start. A bridge without a name gets the first free virbrN.',
  options: FROM_FILE,
  async run(context, args) {
    const xml = readDescription(args.file);
    const network = await withContext(`Failed to define network from ${args.file}`, async () => {
      const { defineNetwork } = await import('../../../driver/network/define.ts');
      return await defineNetwork(context.connection, xml, { validate: args.validate });
    });
    context.extra(`Network ${network.name} defined from ${args.file}\n`);
  },
});

export const netCreate = defineCommand({
  name: 'net-create',
  group: 'network',
  summary: 'start a network from an XML file, without storing it',
  description: 'Starts the network that FILE describes. Unless a definition of it is stored it is forgotten when it is destroyed.',
  options: FROM_FILE,
  async run(context, args) {
    const xml = readDescription(args.file);
    const network = await withContext(`Failed to create network from ${args.file}`, async () => {
      const { createNetwork } = await import('../../../driver/network/start.ts');
      return await createNetwork(context.connection, xml, { validate: args.validate });
    });
    context.extra(`Network ${network.name} created from ${args.file}\n`);
  },
});

export const netUndefine = defineCommand({
  name: 'net-undefine',
  group: 'network',
  summary: 'forget the stored definition of a network',
  description:
    'Removes the stored definition, the autostart mark and, if the network is not active, its leases. An active network goes ' +
    'on as a transient one and is forgotten when it is destroyed.',
  options: [networkOption({ completes: 'persistent-network' })],
  async run(context, args) {
    const network = await findNetworkOperand(context, args);
    await withContext(`Failed to undefine network ${args.network}`, async () => {
      const { undefineNetwork } = await import('../../../driver/network/define.ts');
      undefineNetwork(context.connection, network);
    });
    context.extra(`Network ${args.network} has been undefined\n`);
  },
});
