import { withContext } from '../../../errors.ts';
import { defineCommand } from '../../command.ts';
import { readDescriptionBytes } from '../files.ts';

export const define = defineCommand({
  name: 'define',
  group: 'domain',
  summary: 'store a domain from an XML file, without starting it',
  description:
    'Stores the domain that FILE describes, or gives a stored domain its new definition. A domain that runs keeps ' +
    'its present configuration until the next start. Name and uuid must either both be new or both be those of one domain.',
  options: [
    { name: 'file', type: 'string', required: true, completes: 'file', help: 'file with the XML of the domain' },
    { name: 'validate', type: 'bool', help: 'check the XML against the schema first' },
  ],
  async run(context, args) {
    const xml = readDescriptionBytes(args.file);
    const domain = await withContext(`Failed to define domain from ${args.file}`, async () => {
      const { defineDomain } = await import('../../../driver/domain/define.ts');
      return await defineDomain(context.connection, xml, { validate: args.validate, onWarning: context.onWarning });
    });
    context.extra(`Domain '${domain.name}' defined from ${args.file}\n`);
  },
});
