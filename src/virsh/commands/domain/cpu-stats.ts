import { withContext } from '../../../errors.ts';
import { activeDomainOption, defineCommand, failure } from '../../command.ts';
import { findDomain } from '../lookup.ts';

export const cpuStats = defineCommand({
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
  async run(context, args) {
    const domain = await findDomain(context, args);
    const { start, count } = args;
    if (start !== undefined && start < 0) throw failure('Invalid value for start CPU');
    if (count !== undefined && count < 0) throw failure('Invalid value for number of CPUs to show');
    const choosesCpus = start !== undefined || count !== undefined;
    const { cpuTimes, cpuTotals } = await import('../../../driver/domain/cpu-stats.ts');
    const problem = `Failed to retrieve CPU statistics for domain '${domain.name}'`;
    if (choosesCpus || !args.total) {
      const times = await withContext(problem, () => cpuTimes(context.connection, domain));
      const first = start ?? 0;
      if (first >= times.length) throw failure(`Start CPU ${first} is out of range (min: 0, max: ${times.length - 1})`);
      const left = times.length - first;
      if (count !== undefined && count > left) context.print(`Only ${left} CPUs available to show\n`);
      times.slice(first, first + (count ?? left)).forEach((time, index) => {
        context.print(`CPU${first + index}:\n${row('cpu_time', time)}`);
      });
    }
    if (args.total || !choosesCpus) {
      const totals = await withContext(problem, () => cpuTotals(context.connection, domain));
      context.print(`Total:\n${row('cpu_time', totals.totalNs)}${row('user_time', totals.userNs)}${row('system_time', totals.systemNs)}`);
    }
  },
});

function row(label: string, timeNs: bigint): string {
  const seconds = (timeNs / 1_000_000_000n).toString().padStart(9);
  const fraction = (timeNs % 1_000_000_000n).toString().padStart(9, '0');
  return `\t${label.padEnd(12)} ${seconds}.${fraction} seconds\n`;
}
