import { withContext } from '../../../errors.ts';
import { defineReading } from '../../command.ts';

export const hostname = defineReading({
  name: 'hostname',
  group: 'host',
  store: false,
  summary: "the host's name",
  description: 'Prints the canonical name of the host that the containers run on.',
  options: [],
  async read(context) {
    const { hostName } = await import('../../../driver/node/host.ts');
    return await withContext('failed to get hostname', () => hostName(context.connection));
  },
  text: (hostname) => `${hostname}\n`,
  json: (hostname) => ({ hostname }),
});
