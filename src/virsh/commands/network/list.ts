import type { NetworkSummary } from '../../../driver/network/lookup.ts';
import { formatTable } from '../../../vsh/table.ts';
import { defineReading, failure } from '../../command.ts';

export const netList = defineReading({
  name: 'net-list',
  group: 'network',
  summary: 'the networks',
  description:
    'Lists active networks; with --inactive those that are not active, with --all both. Filters of one kind (persistent or ' +
    'transient, with or without an autostart mark) add up, those of different kinds all have to hold.',
  options: [
    { name: 'inactive', type: 'bool', help: 'networks that are not active' },
    { name: 'all', type: 'bool', help: 'networks that are active and networks that are not' },
    { name: 'persistent', type: 'bool', help: 'networks that have a stored definition' },
    { name: 'transient', type: 'bool', help: 'networks that have no stored definition' },
    { name: 'autostart', type: 'bool', help: 'networks that start with the host' },
    { name: 'no-autostart', type: 'bool', help: 'networks that do not start with the host' },
    { name: 'uuid', type: 'bool', help: 'print uuids' },
    { name: 'name', type: 'bool', help: 'print names' },
    { name: 'table', type: 'bool', help: 'print a table (default)' },
    { name: 'title', type: 'bool', help: 'in the table, also the titles' },
  ],
  async read(context, args) {
    if ([args.table, args.name, args.uuid].filter(Boolean).length > 1)
      throw failure('Only one argument from --table, --name and --uuid may be specified.');
    const { listNetworks } = await import('../../../driver/network/networks.ts');
    const shows = (network: NetworkSummary): boolean =>
      (args.all || network.active !== args.inactive) &&
      (!(args.persistent || args.transient) || (network.persistent ? args.persistent : args.transient)) &&
      (!(args.autostart || args['no-autostart']) || (network.autostart ? args.autostart : args['no-autostart']));
    return (await listNetworks(context.connection)).filter(shows).sort(byName);
  },
  text(networks, args, { settings }) {
    if (args.uuid || args.name) return networks.map(({ name, uuid }) => `${args.uuid ? uuid : name}\n`).join('');
    const yesNo = (value: boolean) => (value ? 'yes' : 'no');
    const rows = networks.map(({ name, active, autostart, persistent, title = '' }) => {
      const cells = [name, active ? 'active' : 'inactive', yesNo(autostart), yesNo(persistent)];
      return args.title ? [...cells, title] : cells;
    });
    const header = ['Name', 'State', 'Autostart', 'Persistent', ...(args.title ? ['Title'] : [])];
    return formatTable(settings.quiet ? undefined : header, rows);
  },
  json: (networks) =>
    networks.map(({ name, uuid, active, autostart, persistent, title }) => ({ name, uuid, active, autostart, persistent, title })),
});

/** By name without regard to case. */
function byName(one: NetworkSummary, other: NetworkSummary): number {
  const [a, b] = [one.name.toLowerCase(), other.name.toLowerCase()];
  return a < b ? -1 : a > b ? 1 : 0;
}
