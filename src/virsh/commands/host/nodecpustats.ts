import { setTimeout as sleep } from 'node:timers/promises';
import { withContext } from '../../../errors.ts';
import { defineReading } from '../../command.ts';

/** How long --percent looks. */
const PERCENT_MS = 1000;

export const nodecpustats = defineReading({
  name: 'nodecpustats',
  group: 'host',
  store: false,
  summary: "how the host's processors spend their time",
  description:
    'Prints how many nanoseconds the processors have spent on programs, on the kernel, idle, and waiting for disks since the host started. ' +
    'With --percent, the shares of these during one second.',
  options: [
    { name: 'cpu', type: 'int', help: 'number of one processor; all of them by default' },
    { name: 'percent', type: 'bool', help: 'shares during one second instead of times since the start' },
  ],
  async read(context, args) {
    const cpu = args.cpu ?? -1;
    const { nodeCpuStats } = await import('../../../driver/node/host.ts');
    const what = cpu < -1 ? 'Unable to get number of cpu stats' : 'Unable to get node cpu stats';
    const read = () => withContext(what, () => nodeCpuStats(context.connection, cpu));
    const before = await read();
    if (!args.percent) return { times: entries(before) };
    await sleep(PERCENT_MS);
    const after = await read();
    const spent = entries(after).map(([name, ns], i): [string, number] => [name, Number(ns - entries(before)[i]![1])]);
    const total = spent.reduce((sum, [, ns]) => sum + ns, 0);
    const share = (ns: number) => (total > 0 ? (ns / total) * 100 : 0);
    const busy = spent.reduce((sum, [name, ns]) => (name === 'user' || name === 'system' ? sum + ns : sum), 0);
    const shares: [string, number][] = [['usage', share(busy)], ...spent.map(([name, ns]): [string, number] => [name, share(ns)])];
    return { shares };
  },
  text: ({ times = [], shares = [] }) =>
    [
      ...times.map(([name, ns]) => `${`${name}:`.padEnd(15)} ${String(ns).padStart(20)}\n`),
      ...shares.map(([name, percent]) => `${`${name}:`.padEnd(15)} ${percent.toFixed(1).padStart(5)}%\n`),
    ].join(''),
  json: ({ times = [], shares = [] }) =>
    Object.fromEntries([
      ...times.map(([name, ns]) => [`${name}_ns`, ns] as const),
      ...shares.map(([name, percent]) => [`${name}_percent`, Math.round(percent * 10) / 10] as const),
    ]),
});

function entries({ user, system, idle, iowait }: { user: bigint; system: bigint; idle: bigint; iowait: bigint }): [string, bigint][] {
  return [
    ['user', user],
    ['system', system],
    ['idle', idle],
    ['iowait', iowait],
  ];
}
