import { withContext } from '../../../errors.ts';
import { defineCommand } from '../../command.ts';

export const nodememstats = defineCommand({
  name: 'nodememstats',
  group: 'host',
  store: false,
  summary: "how the host's memory is used",
  description: 'Prints total and free memory of the host, and what buffers and the page cache have; of one NUMA cell only the first two.',
  options: [{ name: 'cell', type: 'int', help: 'number of one NUMA cell; the whole host by default' }],
  async run(context, args) {
    const { nodeMemoryStats } = await import('../../../driver/node/host.ts');
    const cell = args.cell ?? -1;
    const memory = await withContext('Unable to get number of memory stats', () => nodeMemoryStats(context.connection, cell));
    const rows: [string, number | undefined][] = [
      ['total', memory.totalKiB],
      ['free', memory.freeKiB],
      ['buffers', memory.buffersKiB],
      ['cached', memory.cachedKiB],
    ];
    for (const [name, size] of rows) if (size !== undefined) context.print(`${name.padEnd(7)}: ${String(size).padStart(20)} KiB\n`);
  },
});
