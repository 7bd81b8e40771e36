import { withContext } from '../../../errors.ts';
import { defineCommand, domainOption } from '../../command.ts';
import { findDomain } from '../lookup.ts';

export const suspend = defineCommand({
  name: 'suspend',
  group: 'domain',
  summary: 'freeze a running domain',
  description: 'Stops all processes of the container where they are; they keep their memory and do not run until resumed.',
  options: [domainOption({ completes: 'running-domain' })],
  async run(context, args) {
    const domain = await findDomain(context, args);
    await withContext(`Failed to suspend domain '${args.domain}'`, async () => {
      const { suspendDomain } = await import('../../../driver/domain/freeze.ts');
      await suspendDomain(context.connection, domain);
    });
    context.extra(`Domain '${args.domain}' suspended\n`);
  },
});

export const resume = defineCommand({
  name: 'resume',
  group: 'domain',
  summary: 'let a frozen domain go on',
  description: 'Lets the processes of a suspended container run again.',
  options: [domainOption({ completes: 'paused-domain' })],
  async run(context, args) {
    const domain = await findDomain(context, args);
    await withContext(`Failed to resume domain '${args.domain}'`, async () => {
      const { resumeDomain } = await import('../../../driver/domain/freeze.ts');
      await resumeDomain(context.connection, domain);
    });
    context.extra(`Domain '${args.domain}' resumed\n`);
  },
});
