import type { DeviceParameter } from '../../../driver/domain/block.ts';
import { withContext } from '../../../errors.ts';
import { CURRENT_EXCLUDES, configLiveCurrent, defineReading, domainOption, failure } from '../../command.ts';
import { findDomain } from '../lookup.ts';

/** `PATH,VALUE,...`; an empty word is refused by the command itself, in its own words. */
const deviceOption = <const Name extends string>(name: Name, help: string) => ({ name, type: 'string', emptyAllowed: true, help }) as const;

const OPTIONS = {
  'device-weights': 'device_weight',
  'device-read-iops-sec': 'device_read_iops_sec',
  'device-write-iops-sec': 'device_write_iops_sec',
  'device-read-bytes-sec': 'device_read_bytes_sec',
  'device-write-bytes-sec': 'device_write_bytes_sec',
} as const satisfies Record<string, DeviceParameter>;

export const blkiotune = defineReading({
  name: 'blkiotune',
  group: 'domain',
  summary: 'block device limits of a domain',
  description:
    'Prints the weight of a domain among others that use the same block devices and its limits for single devices, or changes ' +
    'those that are given. Devices are PATH,VALUE,PATH,VALUE... of the host; a value of 0 takes a limit away.',
  options: [
    domainOption(),
    { name: 'weight', type: 'int', help: 'weight of the domain' },
    deviceOption('device-weights', 'weight for single devices'),
    deviceOption('device-read-iops-sec', 'reads in a second'),
    deviceOption('device-write-iops-sec', 'writes in a second'),
    deviceOption('device-read-bytes-sec', 'bytes read in a second'),
    deviceOption('device-write-bytes-sec', 'bytes written in a second'),
    ...configLiveCurrent(),
  ],
  rules: CURRENT_EXCLUDES,
  changedBy: ['weight', ...(Object.keys(OPTIONS) as (keyof typeof OPTIONS)[])],
  async read(context, args) {
    const domain = await findDomain(context, args);
    const { weight } = args;
    if (weight !== undefined && weight <= 0) throw failure(`Invalid value of ${weight} for I/O weight`);
    const changed: Partial<Record<DeviceParameter, string>> = {};
    for (const [option, parameter] of Object.entries(OPTIONS) as [keyof typeof OPTIONS, DeviceParameter][]) {
      const text = args[option];
      if (text === '') throw failure('Unable to parse string parameter');
      if (text !== undefined) changed[parameter] = text;
    }
    const { blockTuning, setBlockTuning } = await import('../../../driver/domain/block.ts');
    if (weight !== undefined || Object.keys(changed).length > 0) {
      await withContext('Unable to change blkio parameters', () =>
        setBlockTuning(context.connection, domain, { weight, devices: changed }, args),
      );
      return undefined;
    }
    const problem = args.live && args.config ? 'Unable to get number of blkio parameters' : 'Unable to get blkio parameters';
    return await withContext(problem, () => blockTuning(context.connection, domain, args));
  },
  text({ weight, devices }) {
    const rows = Object.values(OPTIONS).map((parameter) => [parameter, devices[parameter]] as const);
    return [['weight', weight] as const, ...rows].map(([parameter, value]) => `${parameter.padEnd(15)}: ${value}\n`).join('');
  },
  json: ({ weight, devices }) => ({
    weight,
    ...Object.fromEntries(Object.values(OPTIONS).map((parameter) => [parameter, deviceValues(devices[parameter])])),
  }),
});

/** `PATH,VALUE,PATH,VALUE…`. No path has a comma in it: a device of that name could not be limited. */
const deviceValues = (list: string): { path: string; value: number }[] =>
  [...list.matchAll(/([^,]+),(\d+)/g)].map(([, path, value]) => ({ path: path!, value: Number(value) }));
