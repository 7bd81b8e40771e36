// domcontrol and domblkerror.

import { activeDomainOption, defineCommand } from '../../command.ts';
import { findDomain } from '../lookup.ts';

export const domcontrol = defineCommand({
  name: 'domcontrol',
  group: 'monitor',
  summary: 'whether the controller of a domain can be talked to',
  description: 'Prints ok for a domain that runs.',
  options: [activeDomainOption()],
  async run(context, args) {
    const domain = await findDomain(context, args);
    const { controlState } = await import('../../../driver/domain/health.ts');
    context.print(`${controlState(context.connection, domain)}\n`);
  },
});

export const domblkerror = defineCommand({
  name: 'domblkerror',
  group: 'monitor',
  summary: 'errors that disks of a domain had',
  description: 'Prints that there are none: a container learns of an error itself, and is not stopped for it.',
  options: [activeDomainOption()],
  async run(context, args) {
    const domain = await findDomain(context, args);
    const { diskErrors } = await import('../../../driver/domain/health.ts');
    const errors = diskErrors(context.connection, domain);
    context.print(errors.length === 0 ? 'No errors found\n' : errors.map(({ disk, error }) => `${disk}: ${error}\n`).join(''));
  },
});
