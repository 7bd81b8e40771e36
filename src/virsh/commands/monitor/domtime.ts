import { activeDomainOption, defineReading, excludes } from '../../command.ts';
import { findDomain } from '../lookup.ts';

export const domtime = defineReading({
  name: 'domtime',
  group: 'monitor',
  summary: 'what time it is for a domain',
  description:
    "Prints the seconds since the epoch by the clock that a container sees, which is the host's; with --pretty date and time, UTC. " +
    'Setting it is refused.',
  options: [
    activeDomainOption(),
    { name: 'now', type: 'bool', help: 'refused: set it to the time of the host' },
    { name: 'pretty', type: 'bool', help: 'for people' },
    { name: 'sync', type: 'bool', help: 'refused: set it by a clock of its own' },
    { name: 'time', type: 'int', min: -(2 ** 63), max: 2 ** 63, help: 'refused: set it to so many seconds' },
  ],
  changedBy: ['now', 'sync', 'time'],
  rules: [excludes('now', 'sync'), excludes('time', 'now'), excludes('time', 'sync')],
  async read(context, args) {
    const domain = await findDomain(context, args);
    const { time } = args;
    const { domainTimeMs, setDomainTime } = await import('../../../driver/domain/time.ts');
    if (args.now || args.sync || time !== undefined) setDomainTime(context.connection, domain);
    return domainTimeMs(context.connection, domain);
  },
  text: (ms, { pretty }) => `Time: ${pretty ? new Date(ms).toISOString().slice(0, 19).replace('T', ' ') : Math.floor(ms / 1000)}`,
  json: (ms) => ({ time: new Date(ms).toISOString() }),
});
