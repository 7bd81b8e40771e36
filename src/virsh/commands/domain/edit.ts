import { defineCommand, domainOption } from '../../command.ts';
import { editInLoop } from '../edit-loop.ts';
import { findDomain } from '../lookup.ts';

export const edit = defineCommand({
  name: 'edit',
  group: 'domain',
  summary: 'change the stored definition of a domain in an editor',
  description:
    'Opens the stored XML in the editor that VISUAL or EDITOR names and stores what it leaves. A text that will not do can be edited again. ' +
    'A running domain keeps its present configuration until the next start. The name and the uuid cannot be changed.',
  options: [domainOption(), { name: 'skip-validate', type: 'bool', help: 'do not check the XML against the schema' }],
  async run(context, args) {
    const domain = await findDomain(context, args);
    const { domainXml } = await import('../../../driver/domain/xml.ts');
    const { defineDomain } = await import('../../../driver/domain/define.ts');
    const changed = await editInLoop(context, {
      read: () => domainXml(context.connection, domain, { inactive: true, secure: true }),
      write: (xml, validate) => defineDomain(context.connection, xml, { validate }),
      validate: !args['skip-validate'],
    });
    if (changed === 'discarded') return false;
    context.extra(`Domain '${domain.name}' XML configuration ${changed === 'written' ? 'edited' : 'not changed'}.\n`);
    return true;
  },
});
