// Tables of a domain's devices.

import { formatTable } from '../../../vsh/table.ts';
import { type CommandContext, defineReading, domainOption } from '../../command.ts';
import { findDomain } from '../lookup.ts';

const INACTIVE = { name: 'inactive', type: 'bool', help: 'the stored definition, even while the domain runs' } as const;

async function devicesOf(context: CommandContext, args: { readonly domain: string; readonly inactive: boolean }) {
  const domain = await findDomain(context, args);
  const { domainDevices } = await import('../../../driver/domain/info.ts');
  return await domainDevices(context.connection, domain, { inactive: args.inactive });
}

export const domblklist = defineReading({
  name: 'domblklist',
  group: 'monitor',
  summary: 'the disks of a domain',
  description: 'Lists the disks of a domain: their names inside and where they come from.',
  options: [domainOption(), INACTIVE, { name: 'details', type: 'bool', help: 'also the types of source and device' }],
  read: async (context, args) => (await devicesOf(context, args)).disks,
  text(disks, args, { settings }) {
    const rows = disks.map((disk) => {
      const cells = [disk.target.dev, disk.source ?? '-'];
      return args.details ? [disk.type, disk.device, ...cells] : cells;
    });
    const header = [...(args.details ? ['Type', 'Device'] : []), 'Target', 'Source'];
    return formatTable(settings.quiet ? undefined : header, rows);
  },
  json: (disks) => disks.map(({ target, source, type, device }) => ({ target: target.dev, source, type, device })),
});

export const domiflist = defineReading({
  name: 'domiflist',
  group: 'monitor',
  summary: 'the network interfaces of a domain',
  description: 'Lists the network interfaces of a domain: the device on the host, type, source, model and MAC address.',
  options: [domainOption(), INACTIVE],
  async read(context, args) {
    const { interfaces } = await devicesOf(context, args);
    return interfaces.map(({ targetDev, type, actual, source, model, mac }) => ({
      interface: targetDev,
      type: actual?.type ?? type,
      source,
      model,
      mac,
    }));
  },
  text(interfaces, _args, { settings }) {
    const rows = interfaces.map((nic) => [nic.interface ?? '-', nic.type, nic.source ?? '-', nic.model ?? '-', nic.mac]);
    return formatTable(settings.quiet ? undefined : ['Interface', 'Type', 'Source', 'Model', 'MAC'], rows);
  },
  json: (interfaces) => interfaces,
});
