// vol-*: made when they are asked for, as most runs of the program never do.

import { withContext } from '../../../errors.ts';
import type { Volume, VolumeRequest } from '../../../storage/definition.ts';
import { formatTable } from '../../../vsh/table.ts';
import { type CommandDefinition, defineCommand, defineReading, failure } from '../../command.ts';
import { readDescription } from '../files.ts';
import { printXml, XPATH_OPTIONS } from '../print-xml.ts';
import { findPoolOperand, findVolumeOperand, poolOption, prettySize, sizeOf, volumeOptions } from './operand.ts';

const driver = () => import('../../../driver/storage/volumes.ts');

const PREALLOCATE = { name: 'prealloc-metadata', type: 'bool', help: "make all of an image's own tables at once" } as const;
const REFLINK = { name: 'reflink', type: 'bool', help: 'share the blocks with the original, or fail' } as const;
const VALIDATE = { name: 'validate', type: 'bool', help: 'accepted: what is no volume is refused anyway' } as const;
const FILE = { name: 'file', type: 'string', required: true, completes: 'file', help: 'file with the XML of the volume' } as const;

const wordOfName = (what: 'key' | 'name' | 'path', summary: string, description: string): CommandDefinition =>
  defineReading({
    name: `vol-${what}`,
    group: 'volume',
    summary,
    description,
    options: what === 'name' ? [volumeOptions()[0]] : volumeOptions(),
    async read(context, args) {
      const volume = await findVolumeOperand(
        context,
        { vol: args.vol, ...('pool' in args && { pool: args.pool }) },
        what === 'name' ? null : 'pool',
      );
      return what === 'name' ? volume.name : volume.path;
    },
    text: (word) => `${word}\n`,
    json: (word) => ({ [what]: word }),
  });

const volumeFacts = ({ name, path, type, format, capacity, allocation, physical }: Volume) => ({
  name,
  path,
  type,
  format,
  capacity_bytes: capacity,
  allocation_bytes: allocation,
  physical_bytes: physical,
});

export const volumeCommands = (): CommandDefinition[] => [
  defineCommand({
    name: 'vol-clone',
    group: 'volume',
    summary: 'copy a volume',
    description:
      'Makes a new volume in the same pool with what is in another. Holes stay holes, and blocks are shared where the file system ' +
      'can do that. Of a directory everything in it is copied, with owners and modes: a container that does not run can be copied so.',
    options: [
      volumeOptions()[0],
      { name: 'newname', type: 'string', required: true, help: 'name of the copy' },
      volumeOptions()[1],
      PREALLOCATE,
      REFLINK,
      { name: 'print-xml', type: 'bool', help: 'print the XML of the copy, and do nothing' },
    ],
    async run(context, args) {
      const original = await findVolumeOperand(context, args);
      const { volumeOf, copyVolume } = await driver();
      const { formatVolume } = await import('../../../storage/format.ts');
      const xml = formatVolume({ ...volumeOf(context.connection, original), name: args.newname });
      if (args['print-xml']) {
        context.print(xml);
        return;
      }
      const copy = await withContext(`Failed to clone vol from ${original.name}`, () =>
        copyVolume(context.connection, original.pool, xml, original, { reflink: args.reflink }),
      );
      context.extra(`Vol ${copy.name} cloned from ${original.name}\n`);
    },
  }),
  defineCommand({
    name: 'vol-create-as',
    group: 'volume',
    summary: 'make a volume from options',
    description: 'Makes a file, or with --format dir a directory, in the directory of a pool.',
    options: [
      poolOption({ completes: 'active-pool' }),
      { name: 'name', type: 'string', required: true, help: 'its name' },
      { name: 'capacity', type: 'string', required: true, help: 'its size; a number without suffix counts bytes' },
      { name: 'allocation', type: 'string', help: 'how much of it gets its space at once; all by default' },
      { name: 'format', type: 'string', completes: ['raw', 'dir', 'qcow2', 'vmdk'], help: 'raw by default' },
      { name: 'backing-vol', type: 'string', completes: 'volume', help: 'an image that this one begins as' },
      { name: 'backing-vol-format', type: 'string', help: 'the format of that' },
      PREALLOCATE,
      { name: 'print-xml', type: 'bool', help: 'print the XML, and do nothing' },
    ],
    async run(context, args) {
      const pool = await findPoolOperand(context, args);
      const capacity = sizeOf(args.capacity);
      const allocation = args.allocation === undefined ? undefined : sizeOf(args.allocation);
      const backing = args['backing-vol'] === undefined ? undefined : await backingPath(context, pool.name, args['backing-vol']);
      const xml = await volumeDocument({
        name: args.name,
        capacity,
        allocation,
        format: args.format,
        backing: backing === undefined ? undefined : { path: backing, format: args['backing-vol-format'] },
      });
      if (args['print-xml']) {
        context.print(xml);
        return;
      }
      const { createVolume } = await driver();
      const made = await withContext(`Failed to create vol ${args.name}`, () =>
        createVolume(context.connection, pool, xml, { preallocateMetadata: args['prealloc-metadata'] }),
      );
      context.extra(`Vol ${made.name} created\n`);
    },
  }),
  defineCommand({
    name: 'vol-create',
    group: 'volume',
    summary: 'make a volume from an XML file',
    description: 'Makes the volume that FILE describes in the directory of a pool.',
    options: [poolOption({ completes: 'active-pool' }), FILE, PREALLOCATE, VALIDATE],
    async run(context, args) {
      const pool = await findPoolOperand(context, args);
      const xml = readDescription(args.file);
      const { createVolume } = await driver();
      const made = await withContext(`Failed to create vol from ${args.file}`, () =>
        createVolume(context.connection, pool, xml, { preallocateMetadata: args['prealloc-metadata'] }),
      );
      context.extra(`Vol ${made.name} created from ${args.file}\n`);
    },
  }),
  defineCommand({
    name: 'vol-create-from',
    group: 'volume',
    summary: 'make a volume from another one',
    description: 'Makes the volume that FILE describes with what is in another one, in its own format if that is another.',
    options: [
      poolOption({ completes: 'active-pool' }),
      FILE,
      volumeOptions()[0],
      { name: 'inputpool', type: 'string', completes: 'active-pool', help: "the other volume's pool" },
      PREALLOCATE,
      REFLINK,
      VALIDATE,
    ],
    async run(context, args) {
      const pool = await findPoolOperand(context, args);
      const original = await findVolumeOperand(context, { vol: args.vol, pool: args.inputpool }, 'inputpool');
      const xml = readDescription(args.file);
      const { copyVolume } = await driver();
      const made = await withContext(`Failed to create vol from ${args.file}`, () =>
        copyVolume(context.connection, pool, xml, original, { reflink: args.reflink }),
      );
      context.extra(`Vol ${made.name} created from input vol ${original.name}\n`);
    },
  }),
  defineCommand({
    name: 'vol-delete',
    group: 'volume',
    summary: 'remove a volume',
    description: 'Removes a file, or a directory that is empty.',
    options: [...volumeOptions(), { name: 'delete-snapshots', type: 'bool', help: 'refused: there are none' }],
    async run(context, args) {
      const volume = await findVolumeOperand(context, args);
      await withContext(`Failed to delete vol ${args.vol}`, async () => {
        if (args['delete-snapshots']) throw failure('unsupported flags (0x2) in function virStorageBackendVolDeleteLocal');
        (await driver()).deleteVolume(context.connection, volume);
      });
      context.extra(`Vol ${args.vol} deleted\n`);
    },
  }),
  transferCommand('download'),
  defineCommand({
    name: 'vol-dumpxml',
    group: 'volume',
    summary: 'the XML of a volume',
    description: 'Prints what a volume is. --xpath prints only the parts that the expression selects.',
    options: [...volumeOptions(), ...XPATH_OPTIONS],
    async run(context, args) {
      const volume = await findVolumeOperand(context, args);
      const { volumeXml } = await driver();
      return printXml(context, volumeXml(context.connection, volume), args);
    },
  }),
  defineReading({
    name: 'vol-info',
    group: 'volume',
    summary: 'a few facts about a volume',
    description: 'Prints name, type and sizes of a volume: what its user sees of it, and what it takes on the disk.',
    options: [
      ...volumeOptions(),
      { name: 'bytes', type: 'bool', help: 'sizes in bytes' },
      { name: 'physical', type: 'bool', help: 'the size of the file instead of what it takes on the disk' },
    ],
    async read(context, args) {
      const ref = await findVolumeOperand(context, args);
      const { volumeOf } = await driver();
      return volumeOf(context.connection, ref);
    },
    text({ name, type, capacity, allocation, physical }, args) {
      const size = args.bytes ? (bytes: bigint) => `${bytes} bytes` : prettySize;
      const second = args.physical ? ['Physical:', size(physical ?? 0n)] : ['Allocation:', size(allocation)];
      const rows = [['Name:', name], ['Type:', type], ['Capacity:', size(capacity)], second];
      return rows.map(([label, value]) => `${label!.padEnd(15)} ${value}\n`).join('');
    },
    json: volumeFacts,
  }),
  wordOfName('key', 'the key of a volume', 'Prints the key of a volume, which is its path.'),
  defineReading({
    name: 'vol-list',
    group: 'volume',
    summary: 'the volumes of a pool',
    description: 'Lists the files and directories in the directory of a pool.',
    options: [poolOption({ completes: 'active-pool' }), { name: 'details', type: 'bool', help: 'type and sizes, too' }],
    async read(context, args) {
      const pool = await findPoolOperand(context, args);
      const { listVolumes } = await driver();
      return await withContext('Failed to list volumes', () => listVolumes(context.connection, pool));
    },
    text(volumes, args, { settings }) {
      const header = ['Name', 'Path', ...(args.details ? ['Type', 'Capacity', 'Allocation'] : [])];
      const rows = volumes.map(({ name, path, type, capacity, allocation }) => [
        ...[name, path],
        ...(args.details ? [type, prettySize(capacity), prettySize(allocation)] : []),
      ]);
      return formatTable(settings.quiet ? undefined : header, rows);
    },
    json: (volumes) => volumes.map(volumeFacts),
  }),
  wordOfName('name', 'the name of a volume', 'Prints the name of the volume that has this path.'),
  wordOfName('path', 'the path of a volume', 'Prints the path of a volume.'),
  defineReading({
    name: 'vol-pool',
    group: 'volume',
    summary: 'the pool of a volume',
    description: 'Prints the name of the pool whose volume has this path.',
    options: [volumeOptions()[0], { name: 'uuid', type: 'bool', help: 'print its uuid' }],
    read: async (context, args) => (await findVolumeOperand(context, { vol: args.vol }, null)).pool,
    text: ({ name, uuid }, args) => `${args.uuid ? uuid : name}\n`,
    json: ({ name, uuid }) => ({ name, uuid }),
  }),
  defineCommand({
    name: 'vol-resize',
    group: 'volume',
    summary: 'change the size of a volume',
    description: 'Makes a file larger, or with --shrink smaller. What its user would lose of it is lost.',
    options: [
      volumeOptions()[0],
      { name: 'capacity', type: 'string', required: true, help: 'the new size; a number without suffix counts bytes' },
      volumeOptions()[1],
      { name: 'allocate', type: 'bool', help: 'give it all its space at once' },
      { name: 'delta', type: 'bool', help: 'CAPACITY is how much larger, or with --shrink smaller, than it is' },
      { name: 'shrink', type: 'bool', help: 'it may become smaller' },
    ],
    async run(context, args) {
      const volume = await findVolumeOperand(context, args);
      const { allocate, delta, shrink } = args;
      const negative = args.capacity.startsWith('-');
      if (negative && !shrink) throw failure('negative size requires --shrink');
      const size = sizeOf(negative ? args.capacity.slice(1) : args.capacity);
      const { resizeVolume } = await driver();
      await withContext(`Failed to change size of volume '${volume.name}' ${delta ? 'by' : 'to'} ${args.capacity}`, () => {
        if (size === 0n && !(delta || shrink))
          throw failure("capacity in virStorageVolResize cannot be zero without 'delta' or 'shrink' flags set");
        resizeVolume(context.connection, volume, size, { allocate, delta: delta || negative, shrink });
      });
      context.print(`Size of volume '${volume.name}' successfully changed ${delta ? 'by' : 'to'} ${args.capacity}\n`);
    },
  }),
  transferCommand('upload'),
  defineCommand({
    name: 'vol-wipe',
    group: 'volume',
    summary: 'write over what is in a volume',
    description: 'Overwrites a file with zeros, or by scrub(1) with the patterns of another algorithm.',
    options: [...volumeOptions(), { name: 'algorithm', type: 'string', help: 'how: zero by default' }],
    async run(context, args) {
      const volume = await findVolumeOperand(context, args);
      const { WIPE_ALGORITHMS, wipeVolume } = await driver();
      const algorithm = args.algorithm ?? 'zero';
      if (!WIPE_ALGORITHMS.includes(algorithm)) throw failure(`Unsupported algorithm '${algorithm}'`);
      await withContext(`Failed to wipe vol ${args.vol}`, () => wipeVolume(context.connection, volume, algorithm));
      context.extra(`Vol ${volume.name} wiped\n`);
    },
  }),
];

function transferCommand(direction: 'upload' | 'download'): CommandDefinition {
  const upload = direction === 'upload';
  return defineCommand({
    name: `vol-${direction}`,
    group: 'volume',
    summary: upload ? 'put what is in a file into a volume' : 'put what is in a volume into a file',
    description: upload
      ? 'Writes a file over the beginning of a volume, or from --offset on. What follows of the volume stays.'
      : 'Writes what is in a volume, or a part of it, into a file.',
    options: [
      volumeOptions()[0],
      { name: 'file', type: 'string', required: true, completes: 'file', help: 'the file' },
      volumeOptions()[1],
      { name: 'offset', type: 'string', valueWord: 'number', help: 'from this byte of the volume on' },
      { name: 'length', type: 'string', valueWord: 'number', help: 'at most so many bytes' },
      { name: 'sparse', type: 'bool', help: 'leave holes where there are only zeros' },
    ],
    async run(context, args) {
      const volume = await findVolumeOperand(context, args);
      const [from, length] = [byteCount('offset', args.offset) ?? 0, byteCount('length', args.length)];
      const { openVolume } = await driver();
      const { copyBytes, held, openLocal } = await import('./transfer.ts');
      using file = openLocal(args.file, upload ? 'read' : 'write');
      await withContext(`cannot ${direction} ${upload ? 'to' : 'from'} volume ${args.vol}`, () => {
        using opened = held(openVolume(context.connection, volume, { write: upload }));
        const parts = upload
          ? { from: file.fd, to: opened.fd, fromAt: 0, toAt: from }
          : { from: opened.fd, to: file.fd, fromAt: from, toAt: 0 };
        copyBytes({ ...parts, length, sparse: args.sparse, wholeOnly: upload, endsThere: !upload });
      });
    },
  });
}

function byteCount(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const value = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
  if (!Number.isSafeInteger(value)) throw failure(`Numeric value '${text}' for <${option}> option is malformed or out of range`);
  return value;
}

async function backingPath(context: Parameters<typeof findVolumeOperand>[0], pool: string, vol: string): Promise<string> {
  return (await findVolumeOperand(context, { vol, pool })).path;
}

type Document = Pick<VolumeRequest, 'name' | 'capacity'> & {
  allocation: bigint | undefined;
  format: string | undefined;
  backing: { path: string; format: string | undefined } | undefined;
};

async function volumeDocument({ name, capacity, allocation, format, backing }: Document): Promise<string> {
  const { XmlWriter } = await import('../../../xml/writer.ts');
  const writer = new XmlWriter();
  writer.block('volume', [], () => {
    writer.text('name', name);
    writer.text('capacity', capacity);
    writer.text('allocation', allocation);
    if (format !== undefined) writer.block('target', [], () => writer.empty('format', [['type', format]]));
    if (backing) {
      writer.block('backingStore', [], () => {
        writer.text('path', backing.path);
        if (backing.format !== undefined) writer.empty('format', [['type', backing.format]]);
      });
    }
  });
  return writer.toString();
}
