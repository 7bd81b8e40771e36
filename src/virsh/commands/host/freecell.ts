import { bytesOfKiB } from '../../../values/units.ts';
import { defineReading, excludes } from '../../command.ts';

export const freecell = defineReading({
  name: 'freecell',
  group: 'host',
  store: false,
  summary: 'free memory of the host',
  description: 'Prints how much memory is free on the host, in one NUMA cell, or in each of them.',
  options: [
    { name: 'cellno', type: 'int', help: 'number of one NUMA cell' },
    { name: 'all', type: 'bool', help: 'every NUMA cell, and the sum' },
  ],
  rules: [excludes('all', 'cellno')],
  async read(context, args) {
    const { cellFreeMemory, cellsFreeMemory, freeMemoryKiB } = await import('../../../driver/node/host.ts');
    if (args.all) {
      const cells = cellsFreeMemory(context.connection);
      return { cells, totalKiB: cells.reduce((sum, { freeKiB }) => sum + freeKiB, 0) };
    }
    const cellno = args.cellno;
    if (cellno === undefined) return { cells: [], totalKiB: freeMemoryKiB(context.connection) };
    return { cells: [cellFreeMemory(context.connection, cellno)], totalKiB: undefined };
  },
  text({ cells, totalKiB }, args) {
    if (!args.all) return cells.length === 0 ? `Total: ${totalKiB} KiB\n` : `${cells[0]!.cell}: ${cells[0]!.freeKiB} KiB\n`;
    const lines = cells.map(({ cell, freeKiB }) => `${String(cell).padStart(5)}: ${String(freeKiB).padStart(10)} KiB\n`);
    return `${lines.join('')}${'-'.repeat(20)}\nTotal: ${String(totalKiB).padStart(10)} KiB\n`;
  },
  json: ({ cells, totalKiB }) => ({
    cells: cells.map(({ cell, freeKiB }) => ({ cell, free_bytes: bytesOfKiB(freeKiB) })),
    total_free_bytes: bytesOfKiB(totalKiB),
  }),
});
