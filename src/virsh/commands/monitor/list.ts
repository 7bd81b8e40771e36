import type { DomainSummary } from '../../../driver/domain/lookup.ts';
import { formatTable } from '../../../vsh/table.ts';
import { defineReading, excludes, failure } from '../../command.ts';

export const list = defineReading({
  name: 'list',
  group: 'monitor',
  summary: 'the domains',
  description:
    'Lists running and paused domains, by id; with --inactive those that do not run, by name; with --all both. ' +
    'Filters of one kind (persistent or transient, the states, with or without an autostart mark) add up, those of ' +
    'different kinds all have to hold. --uuid, --name and --id print bare values instead of a table; --table --uuid prints a table with uuids.',
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
  rules: [excludes('table', 'name'), excludes('table', 'id')],
  async read(context, args) {
    if (args.table && args.uuid) await requireTableOfUuids();
    const { listDomains } = await import('../../../driver/domain/lookup.ts');
    const bareIds = args.id && !args.uuid && !args.name;
    const inactiveOnly = (args.inactive || args['state-shutoff']) && !args.all;
    const which = { active: !inactiveOnly, inactive: (inactiveOnly || args.all) && !bareIds };
    const found = await listDomains(context.connection, which);
    const filters = filtersOf(args);
    return inOrder(found.filter((domain) => filters.every((passes) => passes(domain))));
  },
  text(domains, args, { settings }) {
    if ((args.uuid || args.name || args.id) && !args.table) return domains.map((domain) => `${bareValues(domain, args)}\n`).join('');
    const { header, rows } = tableOf(domains, args);
    return formatTable(settings.quiet ? undefined : header, rows);
  },
  json: (domains) =>
    domains.map(({ id, name, uuid, state, persistent, autostart, title }) => ({ id, name, uuid, state, persistent, autostart, title })),
});

type Flags<Name extends string> = { readonly [N in Name]: boolean };

type Filter = (domain: DomainSummary) => boolean;

/** What has to hold of a domain: of each kind of filter of which something is asked for, one of what is asked for. */
function filtersOf(args: FilterFlags): Filter[] {
  const kinds: readonly (readonly [asked: boolean, holds: Filter][])[] = [
    [
      [args.persistent, (domain) => domain.persistent],
      [args.transient, (domain) => !domain.persistent],
    ],
    hasNone(args['with-snapshot'], args['without-snapshot']),
    hasNone(args['with-checkpoint'], args['without-checkpoint']),
    hasNone(args['with-managed-save'], args['without-managed-save']),
    [
      [args['state-running'], (domain) => domain.state === 'running'],
      [args['state-paused'], (domain) => domain.state === 'paused'],
      [args['state-shutoff'], (domain) => domain.state === 'shut off'],
      [args['state-other'], (domain) => !['running', 'paused', 'shut off'].includes(domain.state)],
    ],
    [
      [args.autostart, (domain) => domain.autostart],
      [args['no-autostart'], (domain) => !domain.autostart],
    ],
  ];
  return kinds
    .map((kind) => kind.filter(([asked]) => asked).map(([, holds]) => holds))
    .filter((asked) => asked.length > 0)
    .map((asked) => (domain) => asked.some((holds) => holds(domain)));
}

/** The filters for what no container has. */
const hasNone = (withIt: boolean, withoutIt: boolean): [asked: boolean, holds: Filter][] => [
  [withIt, () => false],
  [withoutIt, () => true],
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

/** Running ones by id, then the others by name without regard to case. */
function inOrder(domains: readonly DomainSummary[]): DomainSummary[] {
  // Comparing what was taken out of them before is several times faster than asking them again and again.
  const running = domains.flatMap((domain) => (domain.id === null ? [] : { domain, key: domain.id }));
  running.sort((one, other) => one.key - other.key);
  const others = domains.filter(({ id }) => id === null).map((domain) => ({ domain, key: domain.name.toLowerCase() }));
  others.sort((one, other) => (one.key < other.key ? -1 : one.key > other.key ? 1 : 0));
  return [...running, ...others].map(({ domain }) => domain);
}

function bareValues(domain: DomainSummary, args: Flags<'uuid' | 'id' | 'name'>): string {
  const values = [];
  if (args.uuid) values.push(domain.uuid);
  if (args.id) values.push(domain.id ?? '-');
  if (args.name) values.push(domain.name);
  return values.join(' ');
}

/** libvirt has such a table since 10.8. */
async function requireTableOfUuids(): Promise<void> {
  const { goesBeyondLibvirt } = await import('../../../driver/functions.ts');
  if (!goesBeyondLibvirt()) throw failure('Options --table and --uuid are mutually exclusive');
}

function tableOf(domains: readonly DomainSummary[], { title, uuid }: Flags<'title' | 'uuid'>): { header: string[]; rows: string[][] } {
  const rows = domains.map((domain) => {
    const cells = [String(domain.id ?? '-'), domain.name, domain.state];
    if (title) cells.push(domain.title ?? '');
    if (uuid) cells.push(domain.uuid);
    return cells;
  });
  const header = ['Id', 'Name', 'State', ...(title ? ['Title'] : []), ...(uuid ? ['UUID'] : [])];
  return { header, rows };
}
