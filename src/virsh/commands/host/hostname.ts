import { withContext } from '../../../errors.ts';
import { defineCommand } from '../../command.ts';

export const hostname = defineCommand({
  name: 'hostname',
  group: 'host',
  store: false,
  summary: "the host's name",
  description: 'Prints the canonical name of the host that the containers run on.',
  options: [],
  async run(context) {
    const { hostName } = await import('../../../driver/node/host.ts');
    context.print(`${await withContext('failed to get hostname', () => hostName(context.connection))}\n`);
  },
});
