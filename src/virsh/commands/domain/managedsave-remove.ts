import { defineCommand, domainOption } from '../../command.ts';
import { findDomain } from '../lookup.ts';

export const managedsaveRemove = defineCommand({
  name: 'managedsave-remove',
  group: 'domain',
  summary: 'drop the saved state of a domain',
  description: 'Containers have no saved state, so there is never anything to drop.',
  options: [domainOption()],
  async run(context, args) {
    await findDomain(context, args);
    context.extra(`Domain '${args.domain}' has no manage save image; removal skipped`);
  },
});
