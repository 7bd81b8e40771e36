// The figures of domstats for Prometheus. virsh has no such command.

import { defineCommand } from '../../command.ts';

export const metrics = defineCommand({
  name: 'metrics',
  group: 'monitor',
  summary: 'statistics of all domains for Prometheus',
  description:
    "Prints what was measured of all domains in Prometheus' text format, or writes it to a file of node_exporter's textfile collector.",
  options: [{ name: 'file', type: 'string', namedOnly: true, completes: 'file', help: 'write this file, which is whole at every moment' }],
  async run(context, args) {
    const { allFigures } = await import('../../../driver/domain/stats.ts');
    const { prometheusText } = await import('../../../driver/domain/stats/prometheus.ts');
    const text = prometheusText(await allFigures(context.connection));
    if (args.file === undefined) context.print(text);
    else (await import('../../../store/atomic-write.ts')).writeAtomically(args.file, text, { durable: false, mode: 0o644 });
  },
});
