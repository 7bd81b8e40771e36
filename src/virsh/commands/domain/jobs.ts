// domjobinfo and domjobabort.

import { inContext, LibvirtError } from '../../../errors.ts';
import { defineCommand, defineReading, domainOption, needs } from '../../command.ts';
import { findDomain } from '../lookup.ts';

export const domjobinfo = defineReading({
  name: 'domjobinfo',
  group: 'domain',
  summary: 'the long operation that a domain is in: none',
  description: 'Prints that there is no job: nothing is done to a container that others would have to wait for.',
  options: [
    domainOption({ completes: 'active-domain' }),
    { name: 'completed', type: 'bool', help: 'the last job that is over (there is none either)' },
    { name: 'keep-completed', type: 'bool', help: 'with --completed: without effect' },
    { name: 'anystats', type: 'bool', help: 'of failed jobs, too: without effect' },
    { name: 'rawstats', type: 'bool', help: "libvirt's number instead of the word" },
  ],
  rules: [needs('keep-completed', 'completed')],
  async read(context, args) {
    const domain = await findDomain(context, args);
    const { jobType } = await import('../../../driver/domain/jobs.ts');
    const special = args.completed || args.rawstats;
    try {
      return jobType(context.connection, domain, special ? 'virDomainGetJobStats' : 'virDomainGetJobInfo');
    } catch (error) {
      if (!special || !(error instanceof LibvirtError) || error.code !== 'NO_SUPPORT') throw error;
      throw inContext('Optional flags or --rawstats are not supported by the daemon', error);
    }
  },
  text: ({ number, name }, { rawstats }) => (rawstats ? `Job type: ${number}\n\n` : `${'Job type:'.padEnd(17)} ${name.padEnd(12)}\n`),
  json: () => ({ type: null }),
});

export const domjobabort = defineCommand({
  name: 'domjobabort',
  group: 'domain',
  summary: 'break off the long operation that a domain is in',
  description: 'Fails, as a container never is in any.',
  options: [
    domainOption({ completes: 'active-domain' }),
    { name: 'postcopy', type: 'bool', help: 'of a migration: containers do not migrate' },
  ],
  async run(context, args) {
    const domain = await findDomain(context, args);
    const { abortJob } = await import('../../../driver/domain/jobs.ts');
    abortJob(context.connection, domain, args.postcopy ? 'virDomainAbortJobFlags' : 'virDomainAbortJob');
  },
});
