import { withContext } from '../../../errors.ts';
import { defineCommand } from '../../command.ts';

export const capabilities = defineCommand({
  name: 'capabilities',
  group: 'host',
  store: false,
  summary: 'what the host is and can run, as XML',
  description: 'Prints the XML document that describes the host (processors, memory, security models) and the kinds of containers it runs.',
  options: [],
  async run(context) {
    const { capabilitiesXml } = await import('../../../driver/node/host.ts');
    context.print(`${await withContext('failed to get capabilities', () => capabilitiesXml(context.connection))}\n`);
  },
});
