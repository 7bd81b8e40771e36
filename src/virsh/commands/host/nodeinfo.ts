import { withContext } from '../../../errors.ts';
import { defineCommand } from '../../command.ts';

export const nodeinfo = defineCommand({
  name: 'nodeinfo',
  group: 'host',
  store: false,
  summary: "the host's processors and memory",
  description: 'Prints model, number, frequency and arrangement of the processors and the size of the memory of the host.',
  options: [],
  async run(context) {
    const { nodeInfo } = await import('../../../driver/node/host.ts');
    const info = await withContext('failed to get node information', () => nodeInfo(context.connection));
    const rows: [string, string | number][] = [
      ['CPU model:', info.model],
      ['CPU(s):', info.cpus],
      ['CPU frequency:', `${info.mhz} MHz`],
      ['CPU socket(s):', info.sockets],
      ['Core(s) per socket:', info.cores],
      ['Thread(s) per core:', info.threads],
      ['NUMA cell(s):', info.nodes],
      ['Memory size:', `${info.memoryKiB} KiB`],
    ];
    context.print(rows.map(([label, value]) => `${label.padEnd(20)} ${value}\n`).join(''));
  },
});
