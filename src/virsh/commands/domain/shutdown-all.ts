import { defineCommand, failure } from '../../command.ts';

const DEFAULT_TIMEOUT_S = 60;

export const shutdownAll = defineCommand({
  name: 'shutdown-all',
  group: 'domain',
  summary: 'end every domain that runs',
  description:
    'Asks every domain that runs to shut down, waits for all of them together, and destroys what runs after --timeout, what does not ' +
    'listen and what its definition starts again. This is what the boot unit runs before the host goes. A paused domain is resumed.',
  options: [{ name: 'timeout', type: 'int', unit: 'seconds', help: `how long they have to end, by default ${DEFAULT_TIMEOUT_S}` }],
  async run(context, args) {
    const { timeout = DEFAULT_TIMEOUT_S } = args;
    if (timeout < 0) throw failure(`Numeric value '${timeout}' for <timeout> option is malformed or out of range`);
    const { shutdownAll: shutDown } = await import('../../../driver/domain/shutdown-all.ts');
    const results = await shutDown(context.connection, timeout * 1000);
    for (const { name, end, error } of results) {
      if (!error) context.extra(end === 'shutdown' ? `Domain '${name}' has shut down\n` : `Domain '${name}' destroyed\n`);
    }
    const failed = results.filter(({ error }) => error);
    for (const { name, error } of failed) context.error(`Failed to destroy domain '${name}': ${error?.message.trim()}`);
    if (failed.length > 0) throw failure(`${failed.length} of ${results.length} domains still run`);
  },
});
