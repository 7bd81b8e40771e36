import { withContext } from '../../../errors.ts';
import { defineCommand } from '../../command.ts';

export const sysinfo = defineCommand({
  name: 'sysinfo',
  group: 'host',
  store: false,
  summary: 'what the firmware tells about the host, as XML',
  description: 'Prints maker, model, versions and serial numbers of the machine as its firmware (SMBIOS) has them.',
  options: [],
  async run(context) {
    const { sysinfoXml } = await import('../../../driver/node/host.ts');
    context.print(await withContext('failed to get sysinfo', () => sysinfoXml(context.connection)));
  },
});
