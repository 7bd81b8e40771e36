// Commands that end a domain: shutdown asks, destroy does not.

import { withContext } from '../../../errors.ts';
import { activeDomainOption, defineCommand, failure } from '../../command.ts';
import { findDomain } from '../lookup.ts';
import { MODE_OPTION, stopModes } from './stop-modes.ts';

export const shutdown = defineCommand({
  name: 'shutdown',
  group: 'domain',
  summary: 'ask a domain to shut down',
  description:
    "Asks the container's init to shut down and returns at once: through its initctl pipe if it has one, else by a signal that it " +
    'understands (SIGTERM if it is none that is known). ' +
    'What init makes of it is its own affair; destroy does not ask.',
  options: [
    activeDomainOption(),
    MODE_OPTION,
    { name: 'wait', type: 'int', unit: 'seconds', help: 'return when the domain is off; fail if it is not after so many seconds' },
  ],
  async run(context, args) {
    const modes = stopModes(args.mode, "'acpi', 'agent', 'initctl', 'signal', or 'paravirt'");
    const domain = await findDomain(context, args);
    await withContext(`Failed to shutdown domain '${args.domain}'`, async () => {
      const { shutdownDomain } = await import('../../../driver/domain/stop.ts');
      const { wait } = args;
      if (wait !== undefined && wait < 0) throw failure(`Numeric value '${wait}' for <wait> option is malformed or out of range`);
      await shutdownDomain(context.connection, domain, {
        modes,
        waitMs: wait === undefined ? undefined : wait * 1000,
        onWarning: context.onWarning,
      });
    });
    context.extra(`Domain '${args.domain}' is being shutdown\n`);
  },
});

export const destroy = defineCommand({
  name: 'destroy',
  group: 'domain',
  summary: 'stop a domain at once',
  description:
    'Ends every process of the container and waits until they are gone. Its init is sent SIGTERM, and 25 ms later everything is ' +
    'killed; with --graceful init is only asked, and the command fails if it has not ended after 10 seconds. ' +
    'A transient domain is forgotten.',
  options: [
    activeDomainOption(),
    { name: 'graceful', type: 'bool', help: 'ask, do not kill' },
    { name: 'remove-logs', type: 'bool', help: "also delete the domain's log file" },
  ],
  async run(context, args) {
    const domain = await findDomain(context, args);
    await withContext(`Failed to destroy domain '${args.domain}'`, async () => {
      const { destroyDomain } = await import('../../../driver/domain/stop.ts');
      await destroyDomain(context.connection, domain, {
        graceful: args.graceful,
        removeLogs: args['remove-logs'],
        onWarning: context.onWarning,
      });
    });
    context.extra(`Domain '${args.domain}' destroyed\n`);
  },
});
