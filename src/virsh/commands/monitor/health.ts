// domcontrol and domblkerror.

import { activeDomainOption, defineReading } from '../../command.ts';
import { findDomain } from '../lookup.ts';

export const domcontrol = defineReading({
  name: 'domcontrol',
  group: 'monitor',
  summary: 'whether the controller of a domain can be talked to',
  description: 'Prints ok for a domain that runs.',
  options: [activeDomainOption()],
  async read(context, args) {
    const domain = await findDomain(context, args);
    const { controlState } = await import('../../../driver/domain/health.ts');
    return controlState(context.connection, domain);
  },
  text: (state) => `${state}\n`,
  json: (state) => ({ state }),
});

export const domblkerror = defineReading({
  name: 'domblkerror',
  group: 'monitor',
  summary: 'errors that disks of a domain had',
  description: 'Prints that there are none: a container learns of an error itself, and is not stopped for it.',
  options: [activeDomainOption()],
  async read(context, args) {
    const domain = await findDomain(context, args);
    const { diskErrors } = await import('../../../driver/domain/health.ts');
    return diskErrors(context.connection, domain);
  },
  text: (errors) => (errors.length === 0 ? 'No errors found\n' : errors.map(({ disk, error }) => `${disk}: ${error}\n`).join('')),
  json: (errors) => errors.map(({ disk, error }) => ({ disk, error })),
});
