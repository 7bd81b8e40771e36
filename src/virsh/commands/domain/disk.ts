// attach-disk, detach-disk, change-media: disks by the words of a command line.

import { withContext } from '../../../errors.ts';
import { CURRENT_EXCLUDES, configLiveCurrent, defineCommand, domainOption, excludes, needs } from '../../command.ts';
import { findDomain } from '../lookup.ts';
import { PERSISTENT_EXCLUDES, persistentConfigLiveCurrent } from './device-options.ts';

export const attachDisk = defineCommand({
  name: 'attach-disk',
  group: 'domain',
  summary: 'add a disk',
  description:
    'Adds a disk to a domain. A running container can be given a block device of the host: it appears as TARGET in /dev. ' +
    'The other options are kept in the definition; they mean nothing to a container.',
  options: [
    domainOption(),
    { name: 'source', type: 'string', required: true, emptyAllowed: true, completes: 'file', help: 'block device or file' },
    { name: 'target', type: 'string', required: true, help: 'name of the disk in the container' },
    { name: 'targetbus', type: 'string', help: 'bus of the target' },
    { name: 'driver', type: 'string', help: 'name of the driver' },
    { name: 'subdriver', type: 'string', help: 'format of the image' },
    { name: 'iothread', type: 'string', help: 'I/O thread' },
    { name: 'cache', type: 'string', help: 'cache mode' },
    { name: 'io', type: 'string', help: 'I/O policy' },
    { name: 'type', type: 'string', completes: ['cdrom', 'disk', 'floppy', 'lun'], help: 'kind of device: disk, cdrom, floppy or lun' },
    { name: 'mode', type: 'string', completes: ['readonly', 'shareable'], aliases: ['shareable=shareable'], help: 'readonly or shareable' },
    { name: 'sourcetype', type: 'string', completes: ['block', 'file', 'network'], help: 'kind of source: block, file or network' },
    { name: 'serial', type: 'string', help: 'serial number' },
    { name: 'wwn', type: 'string', help: 'world wide name' },
    { name: 'alias', type: 'string', help: 'alias of the device' },
    { name: 'rawio', type: 'bool', help: 'the disk needs raw I/O' },
    { name: 'address', type: 'string', help: 'address on its bus: scsi:0.0.1' },
    { name: 'multifunction', type: 'bool', help: 'the PCI address has several functions' },
    { name: 'print-xml', type: 'bool', help: 'print the XML of the disk instead' },
    { name: 'source-protocol', type: 'string', help: 'protocol of a source of type network' },
    { name: 'source-host-name', type: 'string', help: 'its host' },
    { name: 'source-host-transport', type: 'string', help: 'its transport' },
    { name: 'source-host-socket', type: 'string', help: 'its socket' },
    ...persistentConfigLiveCurrent(),
  ],
  rules: [
    ...PERSISTENT_EXCLUDES,
    needs('source-host-name', 'source-protocol'),
    needs('source-host-transport', 'source-protocol'),
    needs('source-host-socket', 'source-protocol'),
    needs('source-host-socket', 'source-host-transport'),
    excludes('source-host-name', 'source-host-socket'),
  ],
  async run(context, args) {
    const { newDiskDocument } = await import('../../named-devices.ts');
    const xml = newDiskDocument({
      source: args.source,
      target: args.target,
      bus: args.targetbus,
      driver: args.driver,
      subdriver: args.subdriver,
      iothread: args.iothread,
      cache: args.cache,
      io: args.io,
      device: args.type,
      mode: args.mode,
      sourcetype: args.sourcetype,
      serial: args.serial,
      wwn: args.wwn,
      alias: args.alias,
      rawio: args.rawio,
      address: args.address,
      multifunction: args.multifunction,
      protocol: args['source-protocol'],
      hostName: args['source-host-name'],
      hostTransport: args['source-host-transport'],
      hostSocket: args['source-host-socket'],
    });
    if (args['print-xml']) {
      context.print(xml);
      return;
    }
    const domain = await findDomain(context, args);
    await withContext('Failed to attach disk', async () => {
      const driver = await import('../../../driver/domain/devices.ts');
      await driver.attachDevice(context.connection, domain, xml, args);
    });
    context.extra('Disk attached successfully\n');
  },
});

export const detachDisk = defineCommand({
  name: 'detach-disk',
  group: 'domain',
  summary: 'remove a disk',
  description: 'Removes the disk with this target or source from a domain; in a running container its node in /dev goes with it.',
  options: [
    domainOption(),
    { name: 'target', type: 'string', required: true, completes: 'disk', help: 'target or source of the disk' },
    ...persistentConfigLiveCurrent(),
    { name: 'print-xml', type: 'bool', help: 'print the XML of the disk instead' },
  ],
  rules: PERSISTENT_EXCLUDES,
  async run(context, args) {
    const domain = await findDomain(context, args);
    const { diskElement } = await import('../../named-devices.ts');
    const { detachDevice } = await import('../../../driver/domain/devices.ts');
    const inactive = (args.config || args.persistent) && !args.live;
    const xml = await diskElement(context.connection, domain, { inactive }, args.target);
    if (args['print-xml']) {
      context.print(xml);
      return;
    }
    await withContext('Failed to detach disk', () => detachDevice(context.connection, domain, xml, args));
    context.extra('Disk detached successfully\n');
  },
});

const [CONFIG, LIVE, CURRENT] = configLiveCurrent();

export const changeMedia = defineCommand({
  name: 'change-media',
  group: 'domain',
  unsupported: true,
  summary: 'not available for containers',
  description: 'Containers have no drives: --print-xml shows what the XML of one would become, and anything else is refused.',
  options: [
    domainOption(),
    { name: 'path', type: 'string', required: true, completes: 'disk', help: 'target or source of the drive' },
    { name: 'source', type: 'string', completes: 'file', help: 'the new medium' },
    { name: 'eject', type: 'bool', help: 'take the medium out' },
    { name: 'insert', type: 'bool', help: 'put a medium in' },
    { name: 'update', type: 'bool', help: 'exchange the medium' },
    CURRENT,
    LIVE,
    CONFIG,
    { name: 'force', type: 'bool', help: 'even if it is locked' },
    { name: 'print-xml', type: 'bool', help: 'print the XML of the drive instead' },
    { name: 'block', type: 'bool', help: 'the new medium is a block device' },
  ],
  rules: [
    excludes('eject', 'insert'),
    excludes('eject', 'update'),
    excludes('insert', 'update'),
    excludes('eject', 'block'),
    ...CURRENT_EXCLUDES,
  ],
  async run(context, args) {
    const domain = await findDomain(context, args);
    const { source } = args;
    const ejects = args.eject || (args.update && source === undefined);
    const action = ejects ? 'eject' : args.insert ? 'insert' : 'update';
    const { diskElementWithMedia } = await import('../../named-devices.ts');
    const change = { action, source, block: args.block } as const;
    const xml = await diskElementWithMedia(context.connection, domain, { inactive: args.config }, args.path, change);
    if (args['print-xml']) {
      context.print(xml);
      return;
    }
    await withContext(`Failed to complete action ${action} on media`, async () => {
      const { updateDevice } = await import('../../../driver/domain/devices.ts');
      await updateDevice(context.connection, domain, xml, args);
    });
    context.extra(`Successfully ${{ eject: 'ejected', insert: 'inserted', update: 'updated' }[action]} media.\n`);
  },
});
