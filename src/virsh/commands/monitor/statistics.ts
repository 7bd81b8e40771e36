// What a running domain used of memory and block devices.

import { withContext } from '../../../errors.ts';
import { bytesOfKiB } from '../../../values/units.ts';
import { activeDomainOption, CURRENT_EXCLUDES, configLiveCurrent, defineReading, failure } from '../../command.ts';
import { findDomain } from '../lookup.ts';
import { refusal } from '../unsupported/outcomes.ts';

export const dommemstat = defineReading({
  name: 'dommemstat',
  group: 'monitor',
  summary: 'memory use of a domain',
  description: 'Prints, in KiB, the memory that a running domain was given (actual), its use of swap (swap_in) and of memory (rss).',
  options: [
    activeDomainOption(),
    { name: 'period', type: 'int', namedOnly: true, help: 'refused: nothing collects figures in between' },
    ...configLiveCurrent(),
  ],
  rules: CURRENT_EXCLUDES,
  changedBy: ['period'],
  async read(context, args) {
    const domain = await findDomain(context, args);
    const { period } = args;
    if (period !== undefined && period < 0) throw failure(`Invalid collection period value '${period}'`);
    if (period !== undefined) {
      await withContext('Unable to change balloon collection period.', () => {
        throw refusal(context, 'virDomainSetMemoryStatsPeriod');
      });
    }
    const { memoryStats } = await import('../../../driver/domain/memory.ts');
    return await withContext(`Failed to get memory statistics for domain ${args.domain}`, () => memoryStats(context.connection, domain));
  },
  text: ({ actual, swapIn, rss }) => `actual ${actual}\nswap_in ${swapIn}\nrss ${rss}\n`,
  json: ({ actual, swapIn, rss }) => ({
    actual_bytes: bytesOfKiB(actual),
    swap_in_bytes: bytesOfKiB(swapIn),
    rss_bytes: bytesOfKiB(rss),
  }),
});

export const domblkstat = defineReading({
  name: 'domblkstat',
  group: 'monitor',
  summary: 'block device use of a domain',
  description:
    'Prints how often and how much a running domain read from and wrote to block devices: all of them, or the disk that DEVICE names by target or source.',
  options: [
    activeDomainOption(),
    { name: 'device', type: 'string', completes: 'disk', emptyAllowed: true, help: 'target or source of a disk' },
    { name: 'human', type: 'bool', help: 'with explanations' },
  ],
  async read(context, args) {
    const domain = await findDomain(context, args);
    const device = args.device ?? '';
    const { blockStats } = await import('../../../driver/domain/block.ts');
    return await withContext(`Failed to get block stats for domain '${args.domain}' device '${device}'`, () =>
      blockStats(context.connection, domain, device),
    );
  },
  text(stats, { device = '', human }) {
    const rows: [field: string, label: string, value: bigint][] = [
      ['rd_req', 'number of read operations:', stats.readRequests],
      ['rd_bytes', 'number of bytes read:', stats.readBytes],
      ['wr_req', 'number of write operations:', stats.writeRequests],
      ['wr_bytes', 'number of bytes written:', stats.writeBytes],
    ];
    if (human) return `Device: ${device}\n${rows.map(([, label, value]) => ` ${label.padEnd(31)} ${value}\n`).join('')}`;
    return rows.map(([field, , value]) => `${device} ${field} ${value}\n`).join('');
  },
  json: ({ readRequests, readBytes, writeRequests, writeBytes }, { device }) => ({
    device: device || null,
    rd_req: readRequests,
    rd_bytes: readBytes,
    wr_req: writeRequests,
    wr_bytes: writeBytes,
  }),
});
