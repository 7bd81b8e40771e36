import { withContext } from '../../../errors.ts';
import { activeDomainOption, defineReading, failure } from '../../command.ts';
import { findDomain } from '../lookup.ts';

export const cpuStats = defineReading({
  name: 'cpu-stats',
  group: 'domain',
  summary: 'processor time that a domain had',
  description:
    'Prints the processor time of a running domain: on each CPU of the host, and in total. --total, or --start and --count, choose what to print.',
  options: [
    activeDomainOption(),
    { name: 'total', type: 'bool', help: 'the total' },
    { name: 'start', type: 'int', help: 'the first CPU' },
    { name: 'count', type: 'int', help: 'how many CPUs' },
  ],
  async read(context, args) {
    const domain = await findDomain(context, args);
    const { start, count } = args;
    if (start !== undefined && start < 0) throw failure('Invalid value for start CPU');
    if (count !== undefined && count < 0) throw failure('Invalid value for number of CPUs to show');
    const choosesCpus = start !== undefined || count !== undefined;
    const { cpuTimes, cpuTotals } = await import('../../../driver/domain/cpu-stats.ts');
    const problem = `Failed to retrieve CPU statistics for domain '${domain.name}'`;
    const cpus: { cpu: number; timeNs: bigint }[] = [];
    /** How many there are, where more were asked for. */
    let only: number | undefined;
    if (choosesCpus || !args.total) {
      const times = await withContext(problem, () => cpuTimes(context.connection, domain));
      const first = start ?? 0;
      if (first >= times.length) throw failure(`Start CPU ${first} is out of range (min: 0, max: ${times.length - 1})`);
      const left = times.length - first;
      if (count !== undefined && count > left) only = left;
      cpus.push(...times.slice(first, first + (count ?? left)).map((timeNs, index) => ({ cpu: first + index, timeNs })));
    }
    const totals = args.total || !choosesCpus ? await withContext(problem, () => cpuTotals(context.connection, domain)) : undefined;
    return { cpus, only, totals };
  },
  text({ cpus, only, totals }) {
    let text = only === undefined ? '' : `Only ${only} CPUs available to show\n`;
    for (const { cpu, timeNs } of cpus) text += `CPU${cpu}:\n${row('cpu_time', timeNs)}`;
    if (totals)
      text += `Total:\n${row('cpu_time', totals.totalNs)}${row('user_time', totals.userNs)}${row('system_time', totals.systemNs)}`;
    return text;
  },
  json: ({ cpus, totals }) => ({
    cpus: cpus.map(({ cpu, timeNs }) => ({ cpu, cpu_time_ns: timeNs })),
    total: totals && { cpu_time_ns: totals.totalNs, user_time_ns: totals.userNs, system_time_ns: totals.systemNs },
  }),
});

function row(label: string, timeNs: bigint): string {
  const seconds = (timeNs / 1_000_000_000n).toString().padStart(9);
  const fraction = (timeNs % 1_000_000_000n).toString().padStart(9, '0');
  return `\t${label.padEnd(12)} ${seconds}.${fraction} seconds\n`;
}
