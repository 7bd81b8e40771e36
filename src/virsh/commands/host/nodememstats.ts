import { withContext } from '../../../errors.ts';
import { bytesOfKiB } from '../../../values/units.ts';
import { defineReading } from '../../command.ts';

export const nodememstats = defineReading({
  name: 'nodememstats',
  group: 'host',
  store: false,
  summary: "how the host's memory is used",
  description: 'Prints total and free memory of the host, and what buffers and the page cache have; of one NUMA cell only the first two.',
  options: [{ name: 'cell', type: 'int', help: 'number of one NUMA cell; the whole host by default' }],
  async read(context, args) {
    const { nodeMemoryStats } = await import('../../../driver/node/host.ts');
    const cell = args.cell ?? -1;
    return await withContext('Unable to get number of memory stats', () => nodeMemoryStats(context.connection, cell));
  },
  text(memory) {
    const rows: [string, number | undefined][] = [
      ['total', memory.totalKiB],
      ['free', memory.freeKiB],
      ['buffers', memory.buffersKiB],
      ['cached', memory.cachedKiB],
    ];
    const known = rows.filter(([, size]) => size !== undefined);
    return known.map(([name, size]) => `${name.padEnd(7)}: ${String(size).padStart(20)} KiB\n`).join('');
  },
  json: ({ totalKiB, freeKiB, buffersKiB, cachedKiB }) => ({
    total_bytes: bytesOfKiB(totalKiB),
    free_bytes: bytesOfKiB(freeKiB),
    buffers_bytes: bytesOfKiB(buffersKiB),
    cached_bytes: bytesOfKiB(cachedKiB),
  }),
});
