import { defineCommand } from '../../command.ts';
import { editInLoop } from '../edit-loop.ts';
import { findNetworkOperand, networkOption } from './operand.ts';

export const netEdit = defineCommand({
  name: 'net-edit',
  group: 'network',
  summary: 'change the stored definition of a network in an editor',
  description:
    'Opens the stored XML in the editor that VISUAL or EDITOR names and stores what it leaves. A text that will not do can be ' +
    'edited again. An active network keeps its present configuration until the next start.',
  options: [networkOption()],
  async run(context, args) {
    const network = await findNetworkOperand(context, args);
    const { networkXml } = await import('../../../driver/network/xml.ts');
    const { defineNetwork } = await import('../../../driver/network/define.ts');
    const changed = await editInLoop(context, {
      read: () => networkXml(context.connection, network, { inactive: true }),
      write: (xml, validate) => defineNetwork(context.connection, xml, { validate }),
      validate: true,
    });
    if (changed === 'discarded') return false;
    context.extra(`Network ${network.name} XML configuration ${changed === 'written' ? 'edited' : 'not changed'}.\n`);
    return true;
  },
});
