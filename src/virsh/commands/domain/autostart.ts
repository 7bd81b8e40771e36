import { withContext } from '../../../errors.ts';
import { defineCommand, domainOption } from '../../command.ts';
import { findDomain } from '../lookup.ts';

export const autostart = defineCommand({
  name: 'autostart',
  group: 'domain',
  summary: 'mark a domain to be started with the host',
  description: 'Marks a stored domain as one to start when the host has booted, or removes the mark.',
  options: [domainOption({ completes: 'persistent-domain' }), { name: 'disable', type: 'bool', help: 'remove the mark' }],
  async run(context, args) {
    const domain = await findDomain(context, args);
    const verb = args.disable ? 'unmark' : 'mark';
    await withContext(`Failed to ${verb} domain '${args.domain}' as autostarted`, async () => {
      const { setAutostart } = await import('../../../driver/domain/autostart.ts');
      await setAutostart(context.connection, domain, !args.disable);
    });
    context.extra(`Domain '${args.domain}' ${verb}ed as autostarted\n`);
  },
});
