import { withContext } from '../../../errors.ts';
import { activeDomainOption, defineReading, failure } from '../../command.ts';
import { findDomain } from '../lookup.ts';

const SOURCES = ['lease', 'agent'] as const;

export const domhostname = defineReading({
  name: 'domhostname',
  group: 'domain',
  summary: "the host name that a domain's network knows it by",
  description: 'Prints the host name of a running domain, as recorded with the DHCP lease of one of its interfaces.',
  options: [
    activeDomainOption(),
    { name: 'source', type: 'string', completes: ['agent', 'lease'], help: 'where to look: lease (agent is refused)' },
  ],
  async read(context, args) {
    const domain = await findDomain(context, args);
    const source = SOURCES.find((candidate) => candidate === args.source);
    if (args.source !== undefined && !source) throw failure(`Unknown data source '${args.source}'`);
    const { domainHostname } = await import('../../../driver/domain/info.ts');
    return await withContext('failed to get hostname', () => domainHostname(context.connection, domain, source));
  },
  text: (hostname) => `${hostname}\n`,
  json: (hostname) => ({ hostname }),
});
