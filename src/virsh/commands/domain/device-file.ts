// attach-device, detach-device, update-device: a device that a file describes.

import { withContext } from '../../../errors.ts';
import { CURRENT_EXCLUDES, configLiveCurrent, defineCommand, domainOption } from '../../command.ts';
import { readDescription } from '../files.ts';
import { findDomain } from '../lookup.ts';
import { PERSISTENT_EXCLUDES, persistentConfigLiveCurrent } from './device-options.ts';

const FILE = { name: 'file', type: 'string', required: true, completes: 'file', help: 'file with the XML of the device' } as const;

export const attachDevice = defineCommand({
  name: 'attach-device',
  group: 'domain',
  summary: 'add a device that a file describes',
  description:
    'Adds a disk, network interface, host device or file system to a domain. A running container gets a disk or host device as a ' +
    'node in its /dev, together with the right to use it; an interface appears in its network, a file system at its target. A ' +
    'console can be added to the stored definition. Other devices cannot be added.',
  options: [domainOption(), FILE, ...persistentConfigLiveCurrent()],
  rules: PERSISTENT_EXCLUDES,
  async run(context, args) {
    const domain = await findDomain(context, args);
    const xml = readDescription(args.file);
    await withContext(`Failed to attach device from ${args.file}`, async () => {
      const driver = await import('../../../driver/domain/devices.ts');
      await driver.attachDevice(context.connection, domain, xml, { ...args, onWarning: context.onWarning });
    });
    context.extra('Device attached successfully\n');
  },
});

export const detachDevice = defineCommand({
  name: 'detach-device',
  group: 'domain',
  summary: 'remove a device that a file describes',
  description:
    'Removes a disk, network interface, host device or file system from a domain, or a console from its stored definition. The file ' +
    'only has to say which: a disk or a file system is known by its target, an interface by its MAC or PCI address, a host device ' +
    'by its source, a console by its port.',
  options: [domainOption(), FILE, ...persistentConfigLiveCurrent()],
  rules: PERSISTENT_EXCLUDES,
  async run(context, args) {
    const domain = await findDomain(context, args);
    const xml = readDescription(args.file);
    await withContext(`Failed to detach device from ${args.file}`, async () => {
      const driver = await import('../../../driver/domain/devices.ts');
      await driver.detachDevice(context.connection, domain, xml, args);
    });
    context.extra('Device detached successfully\n');
  },
});

const [CONFIG, LIVE, CURRENT] = configLiveCurrent();

export const detachDeviceAlias = defineCommand({
  name: 'detach-device-alias',
  group: 'domain',
  summary: 'remove a device by the name that libvirt gives it',
  description:
    'Removes a disk, network interface, host device or file system from a domain, or a console from its stored definition. ' +
    "libvirt's LXC driver has no such function.",
  options: [
    domainOption(),
    { name: 'alias', type: 'string', required: true, help: 'net0, hostdev0, fs1, console1, virtio-disk0, scsi0-0-0-0 ...' },
    CONFIG,
    LIVE,
    CURRENT,
  ],
  rules: CURRENT_EXCLUDES,
  async run(context, args) {
    const domain = await findDomain(context, args);
    await withContext(`Failed to detach device with alias ${args.alias}`, async () => {
      const driver = await import('../../../driver/domain/devices.ts');
      await driver.detachDeviceAlias(context.connection, domain, args.alias, args);
    });
    context.extra('Device detach request sent successfully\n');
  },
});

export const updateDevice = defineCommand({
  name: 'update-device',
  group: 'domain',
  summary: 'change a device to what a file describes',
  description:
    'Replaces the network interface with the MAC address that the file names, or, in the stored definition, the console of that port. ' +
    "While the container runs an interface's link state, its bandwidth and the bridge or network it is plugged into can be changed, " +
    'and nothing else.',
  options: [
    domainOption(),
    FILE,
    ...persistentConfigLiveCurrent(),
    { name: 'force', type: 'bool', help: 'refused: there is nothing to force' },
  ],
  rules: PERSISTENT_EXCLUDES,
  async run(context, args) {
    const domain = await findDomain(context, args);
    const xml = readDescription(args.file);
    await withContext(`Failed to update device from ${args.file}`, async () => {
      const driver = await import('../../../driver/domain/devices.ts');
      await driver.updateDevice(context.connection, domain, xml, args);
    });
    context.extra('Device updated successfully\n');
  },
});
