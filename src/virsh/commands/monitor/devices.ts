// Tables of a domain's devices.

import { formatTable } from '../../../vsh/table.ts';
import { type CommandContext, defineCommand, domainOption } from '../../command.ts';
import { findDomain } from '../lookup.ts';

const INACTIVE = { name: 'inactive', type: 'bool', help: 'the stored definition, even while the domain runs' } as const;

async function devicesOf(context: CommandContext, args: { readonly domain: string; readonly inactive: boolean }) {
  const domain = await findDomain(context, args);
  const { domainDevices } = await import('../../../driver/domain/info.ts');
  return await domainDevices(context.connection, domain, { inactive: args.inactive });
}

export const domblklist = defineCommand({
  name: 'domblklist',
  group: 'monitor',
  summary: 'the disks of a domain',
  description: 'Lists the disks of a domain: their names inside and where they come from.',
  options: [domainOption(), INACTIVE, { name: 'details', type: 'bool', help: 'also the types of source and device' }],
  async run(context, args) {
    const { disks } = await devicesOf(context, args);
    const rows = disks.map((disk) => {
      const cells = [disk.target.dev, disk.source ?? '-'];
      return args.details ? [disk.type, disk.device, ...cells] : cells;
    });
    const header = [...(args.details ? ['Type', 'Device'] : []), 'Target', 'Source'];
    context.print(formatTable(context.settings.quiet ? undefined : header, rows));
  },
});

export const domiflist = defineCommand({
  name: 'domiflist',
  group: 'monitor',
  summary: 'the network interfaces of a domain',
  description: 'Lists the network interfaces of a domain: the device on the host, type, source, model and MAC address.',
  options: [domainOption(), INACTIVE],
  async run(context, args) {
    const { interfaces } = await devicesOf(context, args);
    const rows = interfaces.map((nic) => [nic.targetDev ?? '-', (nic.actual ?? nic).type, nic.source ?? '-', nic.model ?? '-', nic.mac]);
    context.print(formatTable(context.settings.quiet ? undefined : ['Interface', 'Type', 'Source', 'Model', 'MAC'], rows));
  },
});
