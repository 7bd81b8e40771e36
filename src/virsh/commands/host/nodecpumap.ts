import { withContext } from '../../../errors.ts';
import { formatBitmap } from '../../../values/bitmap.ts';
import { defineReading } from '../../command.ts';

export const nodecpumap = defineReading({
  name: 'nodecpumap',
  group: 'host',
  store: false,
  summary: "which of the host's processors are online",
  description:
    'Prints how many processors the host has and how many are online, and which: one letter for each, y if it is online, - if not.',
  options: [{ name: 'pretty', type: 'bool', help: 'print the map as ranges of numbers' }],
  async read(context) {
    const { nodeCpuMap } = await import('../../../driver/node/host.ts');
    return await withContext('Unable to get cpu map', () => nodeCpuMap(context.connection));
  },
  text({ present, online, map, onlineCpus }, args) {
    const rows: [string, string | number][] = [
      ['CPUs present:', present],
      ['CPUs online:', online],
      ['CPU map:', args.pretty ? formatBitmap(onlineCpus) : map],
    ];
    return rows.map(([label, value]) => `${label.padEnd(15)} ${value}\n`).join('');
  },
  json: ({ present, online, onlineCpus }) => ({ present, online, online_cpus: onlineCpus }),
});
