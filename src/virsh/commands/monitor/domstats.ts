// Statistics of many domains at once.

import type { DomainFilter } from '../../../driver/domain/stats/collect.ts';
import type { ParameterValue } from '../../../driver/domain/stats/parameters.ts';
import { defineReading } from '../../command.ts';
import { findDomain } from '../lookup.ts';

export const domstats = defineReading({
  name: 'domstats',
  group: 'monitor',
  summary: 'statistics of domains',
  description:
    'Prints what was measured of one domain, of several, or of all: each figure on a line of its own. Without an option that names ' +
    'a group of figures it prints all but those of --vm.',
  options: [
    { name: 'state', type: 'bool', help: 'whether it runs' },
    { name: 'cpu-total', type: 'bool', help: 'processor time' },
    { name: 'balloon', type: 'bool', help: 'memory' },
    { name: 'vcpu', type: 'bool', help: 'virtual processors' },
    { name: 'interface', type: 'bool', help: 'traffic of network interfaces' },
    { name: 'block', type: 'bool', help: 'use and sizes of disks' },
    { name: 'perf', type: 'bool', help: 'counters of the processor (no container has any)' },
    { name: 'iothread', type: 'bool', help: 'threads of an emulator (no container has any)' },
    { name: 'memory', type: 'bool', help: 'use of the memory bus (no container has any)' },
    { name: 'dirtyrate', type: 'bool', help: 'how fast memory changes (no container has it)' },
    { name: 'vm', type: 'bool', help: 'what only containers have: processes, throttling, pressure, processes killed for memory' },
    { name: 'list-active', type: 'bool', help: 'only domains that run' },
    { name: 'list-inactive', type: 'bool', help: 'only domains that do not run' },
    { name: 'list-persistent', type: 'bool', help: 'only domains that have a stored definition' },
    { name: 'list-transient', type: 'bool', help: 'only domains that have none' },
    { name: 'list-running', type: 'bool', help: 'only running domains' },
    { name: 'list-paused', type: 'bool', help: 'only paused domains' },
    { name: 'list-shutoff', type: 'bool', help: 'only domains that are shut off' },
    { name: 'list-other', type: 'bool', help: 'only domains in other states' },
    { name: 'raw', type: 'bool', help: 'numbers as they are' },
    { name: 'enforce', type: 'bool', help: 'fail if a group is asked for that containers have not' },
    { name: 'backing', type: 'bool', help: 'accepted: of a disk only its own image is known' },
    { name: 'nowait', type: 'bool', help: 'accepted: nothing has to be waited for' },
    { name: 'domain', type: 'argv', completes: 'domain', help: 'domain names, ids or uuids' },
  ],
  async read(context, args) {
    const domains = [];
    for (const domain of args.domain) domains.push(await findDomain(context, { domain }));
    const filter: DomainFilter = {
      active: args['list-active'],
      inactive: args['list-inactive'],
      persistent: args['list-persistent'],
      transient: args['list-transient'],
      states: (['running', 'paused', 'shutoff', 'other'] as const)
        .filter((state) => args[`list-${state}`])
        .map((state) => (state === 'shutoff' ? 'shut off' : state)),
    };
    const { STATS_GROUPS } = await import('../../../driver/domain/stats/figures.ts');
    const { domainStats } = await import('../../../driver/domain/stats.ts');
    const stats = await domainStats(context.connection, {
      groups: STATS_GROUPS.filter((group) => args[group]),
      enforce: args.enforce,
      filter,
      ...(domains.length > 0 && { domains }),
    });
    const { statsParameters } = await import('../../../driver/domain/stats/parameters.ts');
    return stats.domains.map((figures) => {
      const parameters: [key: string, value: ParameterValue][] = [];
      statsParameters(figures, stats.groups, (key, value) => {
        if (value !== undefined) parameters.push([key, value]);
      });
      return { name: figures.name, parameters };
    });
  },
  text: (domains, { raw }) =>
    domains
      .map(({ name, parameters }) => {
        let lines = `Domain: '${name}'\n`;
        for (const [key, value] of parameters) lines += `  ${key}=${valueText(value, raw)}\n`;
        return lines;
      })
      .join('\n'),
  json: (domains) =>
    domains.map(({ name, parameters }) => ({
      domain: name,
      ...Object.fromEntries(parameters.map(([key, value]) => [key, typeof value === 'object' ? value.double : value])),
    })),
});

/** As C prints a double: `%lf`, or with --raw `%g`. */
function valueText(value: ParameterValue, raw: boolean): string {
  if (typeof value !== 'object') return String(value);
  return raw ? String(Number(value.double.toPrecision(6))) : value.double.toFixed(6);
}
