import { withContext } from '../../../errors.ts';
import { defineCommand } from '../../command.ts';
import { printXml, XPATH_DESCRIPTION, XPATH_OPTIONS } from '../print-xml.ts';

export const capabilities = defineCommand({
  name: 'capabilities',
  group: 'host',
  store: false,
  summary: 'what the host is and can run, as XML',
  description:
    'Prints the XML document that describes the host (processors, memory, security models) and the kinds of containers it runs. ' +
    XPATH_DESCRIPTION,
  options: XPATH_OPTIONS,
  async run(context, args) {
    const { capabilitiesXml } = await import('../../../driver/node/host.ts');
    const xml = await withContext('failed to get capabilities', () => capabilitiesXml(context.connection));
    return await printXml(context, args.xpath === undefined ? `${xml}\n` : xml, args);
  },
});
