// Sizes of a domain's disks.

import type { StorageSizes } from '../../../host/block-device.ts';
import { humanSize } from '../../../vsh/scaled.ts';
import { formatTable } from '../../../vsh/table.ts';
import { defineReading, domainOption, excludes, failure } from '../../command.ts';
import { findDomain } from '../lookup.ts';

export const domblkinfo = defineReading({
  name: 'domblkinfo',
  group: 'monitor',
  summary: 'sizes of the disks of a domain',
  description:
    "Prints how large a disk is for the domain (capacity), how much it takes of the host's storage (allocation), and how far the file " +
    'or device reaches (physical), in bytes.',
  options: [
    domainOption(),
    { name: 'device', type: 'string', completes: 'disk', emptyAllowed: true, help: 'target or source of a disk' },
    { name: 'human', type: 'bool', help: 'with units' },
    { name: 'all', type: 'bool', help: 'a table of all disks' },
  ],
  rules: [excludes('all', 'device')],
  async read(context, args) {
    const domain = await findDomain(context, args);
    const { blockInfo } = await import('../../../driver/domain/block.ts');
    if (!args.all && !args.device) throw failure("command 'domblkinfo' requires <device> option");
    let devices = [args.device!];
    if (args.all) {
      const { domainDevices } = await import('../../../driver/domain/info.ts');
      devices = domainDevices(context.connection, domain, {}).disks.map(({ target }) => target.dev);
    }
    return devices.map((device) => ({ device, sizes: blockInfo(context.connection, domain, device) }));
  },
  text(disks, args) {
    const text = args.human ? (bytes: bigint) => humanSize(bytes, 3) : String;
    if (args.all) {
      const rows = disks.map(({ device, sizes }) => [device, ...sizeTexts(sizes, text)]);
      return formatTable(['Target', 'Capacity', 'Allocation', 'Physical'], rows);
    }
    const sizes = sizeTexts(disks[0]!.sizes, text);
    return ['Capacity:', 'Allocation:', 'Physical:'].map((label, i) => `${label.padEnd(15)} ${sizes[i]}\n`).join('');
  },
  json: (disks) =>
    disks.map(({ device, sizes: { capacity, allocation, physical } }) => ({
      device,
      capacity_bytes: capacity,
      allocation_bytes: allocation,
      physical_bytes: physical,
    })),
});

const sizeTexts = ({ capacity, allocation, physical }: StorageSizes, text: (bytes: bigint) => string): string[] =>
  [capacity, allocation, physical].map(text);
