import { defineCommand, failure } from '../../cli/command.ts';

export const autostartAll = defineCommand({
  name: 'autostart-all',
  group: 'domain',
  summary: 'start every domain that is marked for it',
  description:
    'Starts the stored domains that autostart has marked and that do not run. This is what the boot unit runs: it does so ' +
    'once for each boot of the host, unless --again is given. A domain that fails does not keep the others from starting.',
  options: [{ name: 'again', type: 'bool', help: 'also if it was done since the host booted' }],
  async run(context, args) {
    const { autostartDomains } = await import('../../driver/domain-autostart.ts');
    const results = await autostartDomains(context.connection, { again: args.again });
    for (const { name, error } of results) {
      if (!error) context.extra(`Domain '${name}' started\n`);
    }
    const failed = results.filter(({ error }) => error);
    for (const { name, error } of failed) await context.error(`Failed to start domain '${name}': ${error?.message.trim()}`);
    if (failed.length > 0) throw failure(`${failed.length} of ${results.length} marked domains did not start`);
  },
});
