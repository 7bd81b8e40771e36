import { defineCommand, domainOption } from '../../command.ts';
import { findDomain } from '../lookup.ts';
import { printXml, XPATH_OPTIONS } from '../print-xml.ts';

export const dumpxml = defineCommand({
  name: 'dumpxml',
  group: 'domain',
  summary: 'the XML of a domain',
  description:
    'Prints the configuration that the running container has, or the stored one if it does not run or --inactive is given. ' +
    '--xpath prints only the parts that the expression selects, one after the other, or inside one <nodes> element with --wrap.',
  options: [
    domainOption(),
    { name: 'inactive', type: 'bool', help: 'the stored definition, even while the domain runs' },
    { name: 'security-info', type: 'bool', help: 'with passwords and the like' },
    { name: 'update-cpu', type: 'bool', help: 'accepted; containers have no CPU model to update' },
    { name: 'migratable', type: 'bool', help: 'without what another host could not use' },
    ...XPATH_OPTIONS,
  ],
  async run(context, args) {
    const domain = await findDomain(context, args);
    const { domainXml } = await import('../../../driver/domain/xml.ts');
    const xml = await domainXml(context.connection, domain, {
      inactive: args.inactive,
      secure: args['security-info'],
      migratable: args.migratable,
      updateCpu: args['update-cpu'],
    });
    return printXml(context, xml, args);
  },
});
