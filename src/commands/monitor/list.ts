import { type CommandContext, defineCommand } from '../../cli/command.ts';
import { formatTable } from '../../cli/table.ts';
import type { DomainSummary } from '../../driver/domain-lookup.ts';

export const list = defineCommand({
  name: 'list',
  group: 'monitor',
  summary: 'the domains',
  description:
    'Lists running and paused domains, by id; with --inactive those that do not run, by name; with --all both. ' +
    'Filters of one kind (persistent or transient, the states, with or without an autostart mark) add up, those of ' +
    'different kinds all have to hold. --uuid, --name and --id print bare values instead of a table.',
  options: [
    { name: 'inactive', type: 'bool', help: 'domains that do not run' },
    { name: 'all', type: 'bool', help: 'domains that run and domains that do not' },
    { name: 'transient', type: 'bool', help: 'domains that have no stored definition' },
    { name: 'persistent', type: 'bool', help: 'domains that have a stored definition' },
    { name: 'with-snapshot', type: 'bool', help: 'domains with snapshots (no container has any)' },
    { name: 'without-snapshot', type: 'bool', help: 'domains without snapshots' },
    { name: 'with-checkpoint', type: 'bool', help: 'domains with checkpoints (no container has any)' },
    { name: 'without-checkpoint', type: 'bool', help: 'domains without checkpoints' },
    { name: 'state-running', type: 'bool', help: 'running domains' },
    { name: 'state-paused', type: 'bool', help: 'paused domains' },
    { name: 'state-shutoff', type: 'bool', help: 'domains that do not run' },
    { name: 'state-other', type: 'bool', help: 'domains in any other state' },
    { name: 'autostart', type: 'bool', help: 'domains that start with the host' },
    { name: 'no-autostart', type: 'bool', help: 'domains that do not start with the host' },
    { name: 'with-managed-save', type: 'bool', help: 'domains with a saved state (no container has one)' },
    { name: 'without-managed-save', type: 'bool', help: 'domains without a saved state' },
    { name: 'uuid', type: 'bool', help: 'print uuids' },
    { name: 'name', type: 'bool', help: 'print names' },
    { name: 'id', type: 'bool', help: 'print ids' },
    { name: 'table', type: 'bool', help: 'print a table (default)' },
    { name: 'managed-save', type: 'bool', help: 'in the table, mark domains with a saved state' },
    { name: 'title', type: 'bool', help: 'in the table, also the titles' },
  ],
  exclusive: [
    ['table', 'name'],
    ['table', 'uuid'],
    ['table', 'id'],
  ],
  async run(context, args) {
    const { listDomains } = await import('../../driver/domain-lookup.ts');
    const bareIds = args.id && !args.uuid && !args.name;
    const inactiveOnly = (args.inactive || args['state-shutoff']) && !args.all;
    const which = { active: !inactiveOnly, inactive: (inactiveOnly || args.all) && !bareIds };
    const found = await listDomains(context.connection, which);
    const domains = found.filter((domain) => FILTERS.every((filter) => filter(domain, args))).sort(byIdThenName);
    if (args.uuid || args.name || args.id) context.print(domains.map((domain) => `${bareValues(domain, args)}\n`).join(''));
    else printTable(context, domains, args.title);
  },
});

type Flags<Name extends string> = { readonly [N in Name]: boolean };

/** A kind of filter each: nothing asked for lets all pass, else one of what was asked for must hold. */
const FILTERS: readonly ((domain: DomainSummary, args: FilterFlags) => boolean)[] = [
  (domain, args) => !(args.persistent || args.transient) || (domain.persistent ? args.persistent : args.transient),
  (_, args) => oneOf([args['with-snapshot'], false], [args['without-snapshot'], true]),
  (_, args) => oneOf([args['with-checkpoint'], false], [args['without-checkpoint'], true]),
  (_, args) => oneOf([args['with-managed-save'], false], [args['without-managed-save'], true]),
  (domain, args) =>
    oneOf(
      [args['state-running'], domain.state === 'running'],
      [args['state-paused'], domain.state === 'paused'],
      [args['state-shutoff'], domain.state === 'shut off'],
      [args['state-other'], !['running', 'paused', 'shut off'].includes(domain.state)],
    ),
  (domain, args) => !(args.autostart || args['no-autostart']) || (domain.autostart ? args.autostart : args['no-autostart']),
];

type FilterFlags = Flags<
  | 'persistent'
  | 'transient'
  | 'with-snapshot'
  | 'without-snapshot'
  | 'with-checkpoint'
  | 'without-checkpoint'
  | 'with-managed-save'
  | 'without-managed-save'
  | 'state-running'
  | 'state-paused'
  | 'state-shutoff'
  | 'state-other'
  | 'autostart'
  | 'no-autostart'
>;

function oneOf(...pairs: readonly [asked: boolean, holds: boolean][]): boolean {
  const asked = pairs.filter(([isAsked]) => isAsked);
  return asked.length === 0 || asked.some(([, holds]) => holds);
}

/** Running ones by id, then the others by name without regard to case. */
function byIdThenName(one: DomainSummary, other: DomainSummary): number {
  if (one.id !== null && other.id !== null) return one.id - other.id;
  if (one.id !== null || other.id !== null) return one.id !== null ? -1 : 1;
  const [a, b] = [one.name.toLowerCase(), other.name.toLowerCase()];
  return a < b ? -1 : a > b ? 1 : 0;
}

function bareValues(domain: DomainSummary, args: Flags<'uuid' | 'id' | 'name'>): string {
  const values = [];
  if (args.uuid) values.push(domain.uuid);
  if (args.id) values.push(domain.id ?? '-');
  if (args.name) values.push(domain.name);
  return values.join(' ');
}

function printTable(context: CommandContext, domains: readonly DomainSummary[], withTitles: boolean): void {
  const rows = domains.map((domain) => {
    const cells = [String(domain.id ?? '-'), domain.name, domain.state];
    return withTitles ? [...cells, domain.title ?? ''] : cells;
  });
  const header = ['Id', 'Name', 'State', ...(withTitles ? ['Title'] : [])];
  context.print(formatTable(context.settings.quiet ? undefined : header, rows));
}
