import { withContext } from '../../../errors.ts';
import { defineReading } from '../../command.ts';

export const nodeMemoryTune = defineReading({
  name: 'node-memory-tune',
  group: 'host',
  store: false,
  summary: 'how the host merges equal pages',
  description:
    "Prints the parameters and results of the kernel's merging of equal memory pages (KSM). With options, sets these parameters instead.",
  options: [
    { name: 'shm-pages-to-scan', type: 'int', min: 0, help: 'pages to compare before each pause' },
    { name: 'shm-sleep-millisecs', type: 'int', min: 0, help: 'length of the pause in milliseconds' },
    { name: 'shm-merge-across-nodes', type: 'int', min: 0, help: '0: merge only pages of the same NUMA cell; 1: of all' },
  ],
  changedBy: ['shm-pages-to-scan', 'shm-sleep-millisecs', 'shm-merge-across-nodes'],
  async read(context, args) {
    const values = {
      shm_pages_to_scan: args['shm-pages-to-scan'],
      shm_sleep_millisecs: args['shm-sleep-millisecs'],
      shm_merge_across_nodes: args['shm-merge-across-nodes'],
    };
    const { nodeMemoryParameters, setNodeMemoryParameters } = await import('../../../driver/node/host.ts');
    if (Object.values(values).some((value) => value !== undefined)) {
      await withContext('Unable to change memory parameters', () => setNodeMemoryParameters(context.connection, values));
      return undefined;
    }
    return await withContext('Unable to get memory parameters', () => nodeMemoryParameters(context.connection));
  },
  text: (parameters) => `Shared memory:\n${parameters.map(({ name, value }) => `\t${name.padEnd(15)} ${value}\n`).join('')}`,
  json: (parameters) => Object.fromEntries(parameters.map(({ name, value }) => [name, BigInt(value)])),
});
