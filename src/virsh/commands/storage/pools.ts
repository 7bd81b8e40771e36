// pool-*: made when they are asked for, as most runs of the program never do.

import type { Connection } from '../../../driver/connection.ts';
import type { PoolEvent } from '../../../driver/events.ts';
import type { PoolRef, PoolSummary } from '../../../driver/storage/pools.ts';
import { withContext } from '../../../errors.ts';
import type { PoolUse } from '../../../storage/definition.ts';
import { formatTable } from '../../../vsh/table.ts';
import { type CommandDefinition, defineCommand, defineFollowing, defineReading, excludes, failure, type PoolKind } from '../../command.ts';
import { editInLoop } from '../edit-loop.ts';
import { eventLine } from '../event-loop.ts';
import { readDescription } from '../files.ts';
import { EVENT_RULES, eventOptions, followObjects } from '../object-events.ts';
import { printXml, XPATH_OPTIONS } from '../print-xml.ts';
import { findPoolOperand, poolOption, prettySize } from './operand.ts';

const driver = () => import('../../../driver/storage/pools.ts');
const EVENT_NAMES = ['lifecycle', 'refresh'];

const yesNo = (value: boolean) => (value ? 'yes' : 'no');

/** What a pool is made of on the command line; all but the target is for pools that are no directory. */
const SOURCE_OPTIONS = [
  { name: 'name', type: 'string', required: true, help: 'name of the pool' },
  { name: 'type', type: 'string', required: true, completes: ['dir'], help: "its type: 'dir'" },
  { name: 'print-xml', type: 'bool', help: 'print the XML, and do nothing' },
  ...(['source-host', 'source-path', 'source-dev', 'source-name'] as const).map(
    (name) => ({ name, type: 'string', help: 'of pools that are no directory' }) as const,
  ),
  { name: 'target', type: 'string', completes: 'directory', help: 'the directory' },
  ...(
    [
      ...['source-format', 'auth-type', 'auth-username', 'secret-usage', 'secret-uuid', 'adapter-name', 'adapter-wwnn', 'adapter-wwpn'],
      ...['adapter-parent', 'adapter-parent-wwnn', 'adapter-parent-wwpn', 'adapter-parent-fabric-wwn', 'source-protocol-ver'],
      'source-initiator',
    ] as const
  ).map((name) => ({ name, type: 'string', help: 'of pools that are no directory' }) as const),
] as const;

const OVERWRITE_OPTIONS = [
  { name: 'no-overwrite', type: 'bool', help: 'of pools that are no directory' },
  { name: 'overwrite', type: 'bool', help: 'of pools that are no directory' },
] as const;
const BUILD_OPTIONS = [{ name: 'build', type: 'bool', help: 'make the directory first' }, ...OVERWRITE_OPTIONS] as const;

const buildOptions = (args: { readonly overwrite: boolean; readonly 'no-overwrite': boolean }) => ({
  overwrite: args.overwrite,
  noOverwrite: args['no-overwrite'],
});

/** What is done to a pool, and is that pool's alone to be said. */
interface Action {
  readonly summary: string;
  readonly description: string;
  readonly completes: PoolKind;
  /** After `Pool NAME`. */
  readonly done: string;
  readonly act: (connection: Connection, pool: PoolRef) => Promise<void>;
}

function action(verb: string, { summary, description, completes, done, act }: Action): CommandDefinition {
  return defineCommand({
    name: `pool-${verb}`,
    group: 'pool',
    summary,
    description,
    options: [poolOption({ completes })],
    async run(context, args) {
      const pool = await findPoolOperand(context, args);
      await withContext(`Failed to ${verb} pool ${args.pool}`, () => act(context.connection, pool));
      context.extra(`Pool ${args.pool} ${done}\n`);
    },
  });
}

async function documentOf(args: Readonly<Record<string, unknown>>): Promise<string> {
  const { poolDocument } = await import('../../documents.ts');
  return poolDocument(args);
}

export const poolCommands = (): CommandDefinition[] => [
  defineCommand({
    name: 'pool-autostart',
    group: 'pool',
    summary: 'mark a pool to be started with the host',
    description: 'Marks a stored pool as one to start when the host has booted, or removes the mark.',
    options: [poolOption({ completes: 'persistent-pool' }), { name: 'disable', type: 'bool', help: 'remove the mark' }],
    async run(context, args) {
      const pool = await findPoolOperand(context, args);
      const verb = args.disable ? 'unmark' : 'mark';
      await withContext(`failed to ${verb} pool ${args.pool} as autostarted`, async () =>
        (await driver()).markPoolAutostart(context.connection, pool, !args.disable),
      );
      context.extra(`Pool ${args.pool} ${verb}ed as autostarted\n`);
    },
  }),
  defineCommand({
    name: 'pool-build',
    group: 'pool',
    summary: 'make the directory of a pool',
    description:
      'Makes the directory of a pool that is not active, with those above it, and gives it the owner and mode that the pool names.',
    options: [poolOption({ completes: 'inactive-pool' }), ...OVERWRITE_OPTIONS],
    async run(context, args) {
      const pool = await findPoolOperand(context, args);
      await withContext(`Failed to build pool ${args.pool}`, async () =>
        (await driver()).buildPool(context.connection, pool, buildOptions(args)),
      );
      context.extra(`Pool ${args.pool} built\n`);
    },
  }),
  defineCommand({
    name: 'pool-create-as',
    group: 'pool',
    summary: 'start a pool from options, without storing it',
    description:
      'Starts a pool of volumes in the directory that --target names. It is forgotten when it is destroyed; what is in the directory stays.',
    options: [...SOURCE_OPTIONS, ...BUILD_OPTIONS],
    rules: [excludes('overwrite', 'no-overwrite'), excludes('secret-usage', 'secret-uuid')],
    async run(context, args) {
      const xml = await documentOf(args);
      if (args['print-xml']) {
        context.print(xml);
        return;
      }
      const pool = await withContext(`Failed to create pool ${args.name}`, async () =>
        (await driver()).createPool(context.connection, xml, { build: args.build, ...buildOptions(args) }),
      );
      context.extra(`Pool ${pool.name} created\n`);
    },
  }),
  defineCommand({
    name: 'pool-create',
    group: 'pool',
    summary: 'start a pool from an XML file, without storing it',
    description: 'Starts the pool that FILE describes. It is forgotten when it is destroyed; what is in the directory stays.',
    options: [{ name: 'file', type: 'string', required: true, completes: 'file', help: 'file with the XML of the pool' }, ...BUILD_OPTIONS],
    rules: [excludes('overwrite', 'no-overwrite')],
    async run(context, args) {
      const xml = readDescription(args.file);
      const pool = await withContext(`Failed to create pool from ${args.file}`, async () =>
        (await driver()).createPool(context.connection, xml, { build: args.build, ...buildOptions(args) }),
      );
      context.extra(`Pool ${pool.name} created from ${args.file}\n`);
    },
  }),
  defineCommand({
    name: 'pool-define-as',
    group: 'pool',
    summary: 'store a pool from options, without starting it',
    description: 'Stores a pool of volumes in the directory that --target names.',
    options: SOURCE_OPTIONS,
    rules: [excludes('secret-usage', 'secret-uuid')],
    async run(context, args) {
      const xml = await documentOf(args);
      if (args['print-xml']) {
        context.print(xml);
        return;
      }
      const pool = await withContext(`Failed to define pool ${args.name}`, async () =>
        (await driver()).definePool(context.connection, xml),
      );
      context.extra(`Pool ${pool.name} defined\n`);
    },
  }),
  defineCommand({
    name: 'pool-define',
    group: 'pool',
    summary: 'store a pool from an XML file, without starting it',
    description: 'Stores the pool that FILE describes, or gives a stored pool its new definition, which counts from its next start on.',
    options: [
      { name: 'file', type: 'string', required: true, completes: 'file', help: 'file with the XML of the pool' },
      { name: 'validate', type: 'bool', help: 'accepted: what is no pool is refused anyway' },
    ],
    async run(context, args) {
      const xml = readDescription(args.file);
      const pool = await withContext(`Failed to define pool from ${args.file}`, async () =>
        (await driver()).definePool(context.connection, xml),
      );
      context.extra(`Pool ${pool.name} defined from ${args.file}\n`);
    },
  }),
  action('delete', {
    summary: 'remove the directory of a pool',
    description: 'Removes the directory of a pool that is not active. It has to be empty.',
    completes: 'inactive-pool',
    done: 'deleted',
    act: async (connection, pool) => (await driver()).deletePool(connection, pool),
  }),
  action('destroy', {
    summary: 'end a pool',
    description: 'From then on its volumes are not known as such. Nothing in the directory is touched.',
    completes: 'active-pool',
    done: 'destroyed',
    act: async (connection, pool) => (await driver()).destroyPool(connection, pool),
  }),
  defineCommand({
    name: 'pool-dumpxml',
    group: 'pool',
    summary: 'the XML of a pool',
    description:
      'Prints what an active pool is and has, or its stored definition. --xpath prints only the parts that the expression selects.',
    options: [
      poolOption(),
      { name: 'inactive', type: 'bool', help: 'the stored definition, even while the pool is active' },
      ...XPATH_OPTIONS,
    ],
    async run(context, args) {
      const pool = await findPoolOperand(context, args);
      const { poolXml } = await driver();
      return printXml(context, poolXml(context.connection, pool, { inactive: args.inactive }), args);
    },
  }),
  defineCommand({
    name: 'pool-edit',
    group: 'pool',
    summary: 'change the stored definition of a pool in an editor',
    description: 'Opens the stored XML in the editor that VISUAL or EDITOR names and stores what it leaves.',
    options: [poolOption()],
    async run(context, args) {
      const pool = await findPoolOperand(context, args);
      const { poolXml, definePool } = await driver();
      const changed = await editInLoop(context, {
        read: () => poolXml(context.connection, pool, { inactive: true }),
        write: (xml) => definePool(context.connection, xml),
        validate: false,
      });
      if (changed === 'discarded') return false;
      context.extra(`Pool ${pool.name} XML configuration ${changed === 'written' ? 'edited' : 'not changed'}.\n`);
      return true;
    },
  }),
  defineFollowing({
    name: 'pool-event',
    group: 'pool',
    summary: 'what happens to pools, as it happens',
    description:
      'Waits for something to happen to a pool, or to any, prints it and ends; with --loop goes on until interrupted or until --timeout. ' +
      'The exit status tells whether anything happened.',
    options: [{ name: 'pool', type: 'string', completes: 'pool', help: 'only about this pool' }, ...eventOptions(EVENT_NAMES)],
    rules: EVENT_RULES,
    follow: (context, args, tell: (happened: PoolEvent) => void) =>
      followObjects<PoolEvent>(context, args, {
        kinds: EVENT_NAMES,
        only: async () => (args.pool === undefined ? undefined : (await findPoolOperand(context, { pool: args.pool })).uuid),
        source: async (stop) => (await import('../../../driver/events.ts')).followPoolEvents(context.connection, stop),
        tell,
      }),
    text: ({ time, event, pool, kind }, args) =>
      eventLine(time, `event '${event}' for storage pool ${pool}${kind === undefined ? '' : `: ${kind}`}`, args),
    json: ({ time, event, pool, uuid, kind }) => ({
      time: new Date(time).toISOString(),
      event,
      pool,
      uuid,
      ...(kind !== undefined && { kind }),
    }),
  }),
  defineReading({
    name: 'pool-info',
    group: 'pool',
    summary: 'a few facts about a pool',
    description: 'Prints name, uuid and state of a pool, and of one that is active how much its file system has.',
    options: [poolOption(), { name: 'bytes', type: 'bool', help: 'sizes in bytes' }],
    async read(context, args) {
      const pool = await findPoolOperand(context, args);
      const { poolUse } = await driver();
      return { pool, use: poolUse(pool) };
    },
    text({ pool, use }, args) {
      const size = args.bytes ? String : prettySize;
      const rows: [string, string][] = [
        ['Name:', pool.name],
        ['UUID:', pool.uuid],
        ['State:', pool.active ? 'running' : 'inactive'],
        ['Persistent:', yesNo(pool.persistent)],
        ['Autostart:', yesNo(pool.autostart)],
      ];
      if (use) rows.push(['Capacity:', size(use.capacity)], ['Allocation:', size(use.allocation)], ['Available:', size(use.available)]);
      return rows.map(([label, value]) => `${label.padEnd(15)} ${value}\n`).join('');
    },
    json: poolFacts,
  }),
  poolList(),
  action('refresh', {
    summary: 'look anew at what a pool has',
    description: 'Volumes are looked for whenever they are asked for: this tells those who follow events.',
    completes: 'active-pool',
    done: 'refreshed',
    act: async (connection, pool) => (await driver()).refreshPool(connection, pool),
  }),
  defineCommand({
    name: 'pool-start',
    group: 'pool',
    summary: 'start a stored pool',
    description: 'From then on the files and directories in its directory are known as volumes.',
    options: [poolOption({ completes: 'inactive-pool' }), ...BUILD_OPTIONS],
    async run(context, args) {
      const pool = await findPoolOperand(context, args);
      await withContext(`Failed to start pool ${args.pool}`, async () =>
        (await driver()).startPool(context.connection, pool, { build: args.build, ...buildOptions(args) }),
      );
      context.extra(`Pool ${args.pool} started\n`);
    },
  }),
  action('undefine', {
    summary: 'forget the stored definition of a pool',
    description: 'Removes the definition and the autostart mark of a pool that is not active. Nothing in the directory is touched.',
    completes: 'persistent-pool',
    done: 'has been undefined',
    act: async (connection, pool) => (await driver()).undefinePool(connection, pool),
  }),
  defineReading({
    name: 'pool-name',
    group: 'pool',
    summary: 'the name of a pool',
    description: 'Prints the name of the pool that has this uuid.',
    options: [poolOption({ help: 'pool uuid' })],
    read: (context, args) => findPoolOperand(context, args, ['uuid']),
    text: ({ name }) => `${name}\n`,
    json: ({ name }) => ({ name }),
  }),
  defineReading({
    name: 'pool-uuid',
    group: 'pool',
    summary: 'the uuid of a pool',
    description: 'Prints the uuid of the pool that has this name.',
    options: [poolOption({ help: 'pool name' })],
    read: (context, args) => findPoolOperand(context, args, ['name']),
    text: ({ uuid }) => `${uuid}\n`,
    json: ({ uuid }) => ({ uuid }),
  }),
];

const poolFacts = ({ pool, use }: { pool: PoolSummary; use: PoolUse | undefined }) => ({
  name: pool.name,
  uuid: pool.uuid,
  active: pool.active,
  persistent: pool.persistent,
  autostart: pool.autostart,
  path: pool.definition.path,
  capacity_bytes: use?.capacity,
  allocation_bytes: use?.allocation,
  available_bytes: use?.available,
});

function poolList(): CommandDefinition {
  return defineReading({
    name: 'pool-list',
    group: 'pool',
    summary: 'the pools',
    description:
      'Lists active pools; with --inactive those that are not active, with --all both. Filters of one kind (persistent or ' +
      'transient, with or without an autostart mark) add up, those of different kinds all have to hold.',
    options: [
      { name: 'inactive', type: 'bool', help: 'pools that are not active' },
      { name: 'all', type: 'bool', help: 'pools that are active and pools that are not' },
      { name: 'transient', type: 'bool', help: 'pools that have no stored definition' },
      { name: 'persistent', type: 'bool', help: 'pools that have a stored definition' },
      { name: 'autostart', type: 'bool', help: 'pools that start with the host' },
      { name: 'no-autostart', type: 'bool', help: 'pools that do not start with the host' },
      { name: 'type', type: 'string', joined: true, completes: ['dir'], help: 'pools of these types, joined by commas' },
      { name: 'details', type: 'bool', help: 'what they have, too' },
      { name: 'uuid', type: 'bool', help: 'print uuids' },
      { name: 'name', type: 'bool', help: 'print names' },
    ],
    async read(context, args) {
      const types = args.type === undefined ? undefined : await poolTypes(args.type);
      const { listPools, poolUse } = await driver();
      const shows = (pool: PoolSummary): boolean =>
        (args.all || pool.active !== args.inactive) &&
        (!(args.persistent || args.transient) || (pool.persistent ? args.persistent : args.transient)) &&
        (!(args.autostart || args['no-autostart']) || (pool.autostart ? args.autostart : args['no-autostart'])) &&
        (types === undefined || types.includes('dir'));
      return listPools(context.connection)
        .filter(shows)
        .map((pool) => ({ pool, use: poolUse(pool) }));
    },
    text(pools, args, { settings }) {
      // virsh fills names up, each on a line of its own.
      if (args.uuid || args.name) return pools.map(({ pool }) => `${args.uuid ? pool.uuid : pool.name.padEnd(20)}\n`).join('');
      const header = ['Name', 'State', 'Autostart'];
      if (!args.details) {
        const rows = pools.map(({ pool: { name, active, autostart } }) => [name, active ? 'active' : 'inactive', yesNo(autostart)]);
        return formatTable(settings.quiet ? undefined : header, rows);
      }
      const rows = pools.map(({ pool, use }) => {
        const sizes = use ? [use.capacity, use.allocation, use.available].map(prettySize) : ['-', '-', '-'];
        return [pool.name, pool.active ? 'running' : 'inactive', yesNo(pool.autostart), yesNo(pool.persistent), ...sizes];
      });
      return formatTable(settings.quiet ? undefined : [...header, 'Persistent', 'Capacity', 'Allocation', 'Available'], rows);
    },
    json: (pools) => pools.map(poolFacts),
  });
}

async function poolTypes(text: string): Promise<string[]> {
  const { POOL_TYPES } = await import('../../../storage/parse.ts');
  const types = text.split(',');
  for (const type of types) if (!(POOL_TYPES as readonly string[]).includes(type)) throw failure(`Invalid pool type '${type}'`);
  return types;
}
