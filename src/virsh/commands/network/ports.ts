// The ports of a network: where domains are plugged in.

import { LibvirtError, withContext } from '../../../errors.ts';
import { formatTable } from '../../../vsh/table.ts';
import { type CommandContext, defineCommand, defineReading, failure } from '../../command.ts';
import { readDescription } from '../files.ts';
import { printXml, XPATH_OPTIONS } from '../print-xml.ts';
import { findNetworkOperand, networkOption } from './operand.ts';

const PORT = { name: 'port', type: 'string', required: true, completes: 'network-port', help: 'uuid of the port' } as const;

export const netPortList = defineReading({
  name: 'net-port-list',
  group: 'network',
  summary: 'the ports of a network',
  description: 'Lists the ports of an active network: one for each interface of a running domain.',
  options: [
    networkOption({ completes: 'active-network' }),
    { name: 'uuid', type: 'bool', help: 'print uuids' },
    { name: 'table', type: 'bool', help: 'print a table (default)' },
  ],
  async read(context, args) {
    if (args.uuid && args.table) throw failure('Only one argument from --table and --uuid may be specified.');
    const network = await findNetworkOperand(context, args);
    const { listPorts } = await import('../../../driver/network/ports.ts');
    return listPorts(context.connection, network).sort();
  },
  text(uuids, args, { settings }) {
    if (args.uuid) return uuids.map((uuid) => `${uuid}\n`).join('');
    const rows = uuids.map((uuid) => [uuid]);
    return formatTable(settings.quiet ? undefined : ['UUID'], rows);
  },
  json: (uuids) => uuids.map((uuid) => ({ uuid })),
});

export const netPortCreate = defineCommand({
  name: 'net-port-create',
  group: 'network',
  summary: 'take a port of a network, as an XML file describes it',
  description: 'Takes a port of an active network for an owner that the XML names. Starting domains take theirs by themselves.',
  options: [
    networkOption({ completes: 'active-network' }),
    { name: 'file', type: 'string', required: true, completes: 'file', help: 'file with the XML of the port' },
    { name: 'validate', type: 'bool', help: 'accepted; a port is checked in any case' },
  ],
  async run(context, args) {
    const network = await findNetworkOperand(context, args);
    const xml = readDescription(args.file);
    const port = await withContext(`Failed to create network from ${args.file}`, async () => {
      const { createPort } = await import('../../../driver/network/ports.ts');
      return createPort(context.connection, network, xml);
    });
    context.extra(`Network port ${port.uuid} created from ${args.file}\n`);
  },
});

export const netPortDumpxml = defineCommand({
  name: 'net-port-dumpxml',
  group: 'network',
  summary: 'the XML of a port',
  description: 'Prints the configuration of a port: its owner, its MAC address and where it is plugged in.',
  options: [networkOption({ completes: 'active-network' }), PORT, ...XPATH_OPTIONS],
  async run(context, args) {
    const xml = await withPort(context, args, async (network) => {
      const { portXml } = await import('../../../driver/network/ports.ts');
      return portXml(context.connection, network, args.port);
    });
    if (xml === undefined) return true;
    return printXml(context, xml, args);
  },
});

export const netPortDelete = defineCommand({
  name: 'net-port-delete',
  group: 'network',
  summary: 'give a port back',
  description: 'Removes a port from a network. The interface of a running domain stays plugged in, but counts no longer.',
  options: [networkOption({ completes: 'active-network' }), PORT],
  async run(context, args) {
    const deleted = await withPort(context, args, async (network) => {
      const { deletePort } = await import('../../../driver/network/ports.ts');
      deletePort(context.connection, network, args.port);
      return true;
    });
    if (deleted) context.extra(`Network port ${args.port} deleted\n`);
  },
});

/**
 * Of a network or a port that is not there one line is told, and the result is undefined: for virsh such a command has
 * succeeded nevertheless.
 */
async function withPort<T>(
  context: CommandContext,
  args: { readonly network: string; readonly port: string },
  action: (network: Awaited<ReturnType<typeof findNetworkOperand>>) => Promise<T>,
): Promise<T | undefined> {
  try {
    return await action(await findNetworkOperand(context, args));
  } catch (error) {
    if (!(error instanceof LibvirtError) || !['NO_NETWORK', 'NO_NETWORK_PORT', 'PLAIN'].includes(error.code)) throw error;
    context.error(error.code === 'NO_NETWORK_PORT' ? `failed to get network port '${args.port}'` : (error.context ?? error.message));
    return undefined;
  }
}
