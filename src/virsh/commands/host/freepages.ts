import { bytesOfKiB } from '../../../values/units.ts';
import { defineReading, excludes, failure } from '../../command.ts';

export const freepages = defineReading({
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
  async read(context, args) {
    const { allFreePages, freePages } = await import('../../../driver/node/host.ts');
    const cellno = args.cellno;
    const bytes = args.pagesize;
    const sizeKiB = bytes === undefined ? undefined : Number(bytes / 1024n);
    if (args.all) return allFreePages(context.connection, sizeKiB);
    if (cellno === undefined) throw failure('missing cellno argument');
    if (cellno < -1) throw failure('cell number must be non-negative integer or -1');
    if (sizeKiB === undefined) throw failure('missing pagesize argument');
    return [{ cell: cellno, pools: [freePages(context.connection, cellno, sizeKiB)] }];
  },
  text: (cells, args) =>
    cells
      .map(({ cell, pools }) => {
        const lines = pools.map(pageLine).join('');
        return args.all ? `Node ${cell}:\n${lines}\n` : lines;
      })
      .join(''),
  json: (cells) =>
    cells.flatMap(({ cell, pools }) =>
      pools.map(({ sizeKiB, free }) => ({ cell, page_size_bytes: bytesOfKiB(sizeKiB), free_pages: free })),
    ),
});

function pageLine({ sizeKiB, free }: { sizeKiB: number; free: number }): string {
  return `${sizeKiB}KiB: ${free}\n`;
}
