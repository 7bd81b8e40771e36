import { defineCommand } from '../../command.ts';
import { findNetworkOperand, networkOption } from './operand.ts';

export const netDumpxml = defineCommand({
  name: 'net-dumpxml',
  group: 'network',
  summary: 'the XML of a network',
  description:
    'Prints the configuration that an active network has, or the stored one if it is not active or --inactive is given. ' +
    '--xpath prints only the parts that the expression selects, one after the other, or inside one <nodes> element with --wrap.',
  options: [
    networkOption(),
    { name: 'inactive', type: 'bool', help: 'the stored definition, even while the network is active' },
    { name: 'xpath', type: 'string', namedOnly: true, emptyAllowed: true, help: 'only the parts that this XPath expression selects' },
    { name: 'wrap', type: 'bool', help: 'with --xpath: one document around the parts' },
  ],
  async run(context, args) {
    const expression = args.xpath;
    const network = await findNetworkOperand(context, args);
    const { networkXml } = await import('../../../driver/network/xml.ts');
    const xml = await networkXml(context.connection, network, { inactive: args.inactive });
    // As virsh: nothing is said about an empty one.
    if (expression === '') return false;
    if (expression === undefined) {
      context.print(xml);
      return;
    }
    const { selectXml } = await import('../xpath.ts');
    context.print(await selectXml(xml, expression, { wrap: args.wrap }));
  },
});
