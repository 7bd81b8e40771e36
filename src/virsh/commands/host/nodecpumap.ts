import { withContext } from '../../../errors.ts';
import { defineCommand } from '../../command.ts';

export const nodecpumap = defineCommand({
  name: 'nodecpumap',
  group: 'host',
  store: false,
  summary: "which of the host's processors are online",
  description:
    'Prints how many processors the host has and how many are online, and which: one letter for each, y if it is online, - if not.',
  options: [{ name: 'pretty', type: 'bool', help: 'print the map as ranges of numbers' }],
  async run(context, args) {
    const { nodeCpuMap } = await import('../../../driver/node/host.ts');
    const { present, online, map, ranges } = await withContext('Unable to get cpu map', () => nodeCpuMap(context.connection));
    const rows: [string, string | number][] = [
      ['CPUs present:', present],
      ['CPUs online:', online],
      ['CPU map:', args.pretty ? ranges : map],
    ];
    context.print(rows.map(([label, value]) => `${label.padEnd(15)} ${value}\n`).join(''));
  },
});
