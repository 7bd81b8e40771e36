// The virtual processors of a domain, one after the other.

import { defineReading, domainOption } from '../../command.ts';
import { findDomain } from '../lookup.ts';

export const vcpuinfo = defineReading({
  name: 'vcpuinfo',
  group: 'domain',
  summary: 'the virtual processors of a domain',
  description: 'Prints a paragraph for each processor that a domain counts: on which of the host it runs, and may run.',
  options: [domainOption(), { name: 'pretty', type: 'bool', help: 'ranges of processors' }],
  async read(context, args) {
    const domain = await findDomain(context, args);
    const { vcpuInfo } = await import('../../../driver/domain/vcpu-info.ts');
    return vcpuInfo(context.connection, domain);
  },
  text({ hostCpus, vcpus }, args) {
    const paragraphs = vcpus.map(({ running, affinity }, number) => {
      const rows: [label: string, value: string][] = [['VCPU:', String(number)]];
      if (running) {
        rows.push(['CPU:', String(running.cpu)], ['State:', 'running']);
        if (running.timeNs) rows.push(['CPU time:', `${(Number(running.timeNs) / 1e9).toFixed(1)}s`]);
        // virsh forgets a colon.
      } else rows.push(['CPU:', 'N/A'], ['State:', 'N/A'], ['CPU time', 'N/A']);
      rows.push(['CPU Affinity:', args.pretty ? `${rangesOf(affinity)} (out of ${hostCpus})` : letters(affinity, hostCpus)]);
      return rows.map(([label, value]) => `${label.padEnd(15)} ${value}\n`).join('');
    });
    return paragraphs.join('\n');
  },
  json: ({ vcpus }) =>
    vcpus.map(({ running, affinity }, vcpu) => ({
      vcpu,
      cpu: running?.cpu,
      state: running ? 'running' : null,
      cpu_time_ns: running?.timeNs,
      affinity,
    })),
});

const letters = (cpus: readonly number[], count: number): string =>
  Array.from({ length: count }, (_, cpu) => (cpus.includes(cpu) ? 'y' : '-')).join('');

function rangesOf(cpus: readonly number[]): string {
  const ranges: [first: number, last: number][] = [];
  for (const cpu of cpus) {
    const range = ranges.at(-1);
    if (range && range[1] === cpu - 1) range[1] = cpu;
    else ranges.push([cpu, cpu]);
  }
  return ranges.map(([first, last]) => (first === last ? `${first}` : `${first}-${last}`)).join(',');
}
