import { activeDomainOption, defineReading } from '../../command.ts';
import { findDomain } from '../lookup.ts';

export const ttyconsole = defineReading({
  name: 'ttyconsole',
  group: 'domain',
  summary: "the host's device of a domain's console",
  description: 'Prints the path of the pseudo terminal on the host that is the first console of the running domain.',
  options: [activeDomainOption()],
  async read(context, args) {
    const domain = await findDomain(context, args);
    const { domainDevices } = await import('../../../driver/domain/info.ts');
    const { consoles } = await domainDevices(context.connection, domain, {});
    return { path: consoles[0]?.sourcePath };
  },
  text: ({ path }) => (path === undefined ? '' : `${path}\n`),
  json: ({ path }) => ({ path }),
  succeeds: ({ path }) => path !== undefined,
});
