import { defineCommand, excludes } from '../../command.ts';

export const freecell = defineCommand({
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
  async run(context, args) {
    const { cellFreeMemory, cellsFreeMemory, freeMemoryKiB } = await import('../../../driver/node/host.ts');
    if (args.all) {
      const cells = await cellsFreeMemory(context.connection);
      for (const { cell, freeKiB } of cells) context.print(`${String(cell).padStart(5)}: ${String(freeKiB).padStart(10)} KiB\n`);
      const total = cells.reduce((sum, { freeKiB }) => sum + freeKiB, 0);
      context.print(`${'-'.repeat(20)}\nTotal: ${String(total).padStart(10)} KiB\n`);
      return;
    }
    const cellno = args.cellno;
    if (cellno === undefined) {
      context.print(`Total: ${await freeMemoryKiB(context.connection)} KiB\n`);
      return;
    }
    const { cell, freeKiB } = await cellFreeMemory(context.connection, cellno);
    context.print(`${cell}: ${freeKiB} KiB\n`);
  },
});
