import { defineCommand } from '../../command.ts';
import { printXml, XPATH_DESCRIPTION, XPATH_OPTIONS } from '../print-xml.ts';
import { findNetworkOperand, networkOption } from './operand.ts';

export const netDumpxml = defineCommand({
  name: 'net-dumpxml',
  group: 'network',
  summary: 'the XML of a network',
  description: `Prints the configuration that an active network has, or the stored one if it is not active or --inactive is given. ${XPATH_DESCRIPTION}`,
  options: [
    networkOption(),
    { name: 'inactive', type: 'bool', help: 'the stored definition, even while the network is active' },
    ...XPATH_OPTIONS,
  ],
  async run(context, args) {
    const network = await findNetworkOperand(context, args);
    const { networkXml } = await import('../../../driver/network/xml.ts');
    const xml = await networkXml(context.connection, network, { inactive: args.inactive });
    return printXml(context, xml, args);
  },
});
