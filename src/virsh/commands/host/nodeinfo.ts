import { withContext } from '../../../errors.ts';
import { bytesOfKiB } from '../../../values/units.ts';
import { defineReading } from '../../command.ts';

export const nodeinfo = defineReading({
  name: 'nodeinfo',
  group: 'host',
  store: false,
  summary: "the host's processors and memory",
  description: 'Prints model, number, frequency and arrangement of the processors and the size of the memory of the host.',
  options: [],
  async read(context) {
    const { nodeInfo } = await import('../../../driver/node/host.ts');
    return await withContext('failed to get node information', () => nodeInfo(context.connection));
  },
  text(info) {
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
    return rows.map(([label, value]) => `${label.padEnd(20)} ${value}\n`).join('');
  },
  json: (info) => ({
    cpu_model: info.model,
    cpus: info.cpus,
    cpu_frequency_hz: info.mhz * 1_000_000,
    sockets_per_cell: info.sockets,
    cores_per_socket: info.cores,
    threads_per_core: info.threads,
    numa_cells: info.nodes,
    memory_bytes: bytesOfKiB(info.memoryKiB),
  }),
});
