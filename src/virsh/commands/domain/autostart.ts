import { withContext } from '../../../errors.ts';
import { defineCommand, domainOption } from '../../command.ts';
import { findDomain } from '../lookup.ts';

export const autostart = defineCommand({
  name: 'autostart',
  group: 'domain',
  summary: 'mark a domain to be started with the host',
  description:
    'Marks a stored domain as one to start when the host has booted, or removes the mark. --once is about another mark, which makes it ' +
    'start after the next boot only.',
  options: [
    domainOption({ completes: 'persistent-domain' }),
    { name: 'disable', type: 'bool', help: 'remove the mark' },
    { name: 'once', type: 'bool', help: 'the mark for the next boot' },
  ],
  async run(context, args) {
    const domain = await findDomain(context, args);
    const verb = args.disable ? 'unmark' : 'mark';
    const what = args.once ? 'autostarted on next boot' : 'autostarted';
    await withContext(`Failed to ${verb} domain '${args.domain}' as ${what}`, async () => {
      const { setAutostart, setAutostartOnce } = await import('../../../driver/domain/autostart.ts');
      (args.once ? setAutostartOnce : setAutostart)(context.connection, domain, !args.disable);
    });
    context.extra(`Domain '${args.domain}' ${verb}ed as ${what}\n`);
  },
});
