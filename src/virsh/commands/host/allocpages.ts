import { defineCommand, excludes } from '../../command.ts';

export const allocpages = defineCommand({
  name: 'allocpages',
  group: 'host',
  store: false,
  summary: 'set the pools of huge pages',
  description:
    'Sets how many huge pages of a size the host keeps ready, or adds some to them. ' +
    'Without a cell the kernel spreads them over all NUMA cells. Memory that is in use may leave less than was asked for; this is an error.',
  options: [
    { name: 'pagesize', type: 'scaled', required: true, help: 'size of the pages (in KiB)' },
    { name: 'pagecount', type: 'int', min: 0, required: true, help: 'number of pages' },
    { name: 'cellno', type: 'int', help: 'number of one NUMA cell' },
    { name: 'add', type: 'bool', help: 'add pages to the pool instead of setting its size' },
    { name: 'all', type: 'bool', help: 'in every NUMA cell' },
  ],
  rules: [excludes('all', 'cellno')],
  async run(context, args) {
    const cellno = args.cellno;
    const sizeKiB = Number(args.pagesize / 1024n);
    const count = args.pagecount;
    const cells = args.all ? 'all' : cellno;
    const { allocateHostPages } = await import('../../../driver/node/host.ts');
    await allocateHostPages(context.connection, { sizeKiB, count, add: args.add, ...(cells === undefined ? {} : { cells }) });
  },
});
