import { defineCommand, excludes, failure } from '../../command.ts';

export const freepages = defineCommand({
  name: 'freepages',
  group: 'host',
  store: false,
  summary: 'free pages of the host',
  description: 'Prints how many pages of a size are free in a NUMA cell, or of every size in every cell.',
  options: [
    { name: 'cellno', type: 'int', help: 'number of one NUMA cell' },
    { name: 'pagesize', type: 'scaled', help: 'size of the pages (in KiB)' },
    { name: 'all', type: 'bool', help: 'every NUMA cell' },
  ],
  rules: [excludes('all', 'cellno')],
  async run(context, args) {
    const { allFreePages, freePages } = await import('../../../driver/node/host.ts');
    const cellno = args.cellno;
    const bytes = args.pagesize;
    const sizeKiB = bytes === undefined ? undefined : Number(bytes / 1024n);
    if (args.all) {
      for (const { cell, pools } of await allFreePages(context.connection, sizeKiB)) {
        context.print(`Node ${cell}:\n${pools.map(pageLine).join('')}\n`);
      }
      return;
    }
    if (cellno === undefined) throw failure('missing cellno argument');
    if (cellno < -1) throw failure('cell number must be non-negative integer or -1');
    if (sizeKiB === undefined) throw failure('missing pagesize argument');
    context.print(pageLine(await freePages(context.connection, cellno, sizeKiB)));
  },
});

function pageLine({ sizeKiB, free }: { sizeKiB: number; free: number }): string {
  return `${sizeKiB}KiB: ${free}\n`;
}
