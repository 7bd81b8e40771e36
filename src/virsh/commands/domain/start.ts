import { withContext } from '../../../errors.ts';
import { isTerminal } from '../../../vsh/terminal.ts';
import { defineCommand, domainOption, failure } from '../../command.ts';
import { findDomain } from '../lookup.ts';
import { BEGIN, BEGIN_RULES, beginDomain, beginOptions } from './begin.ts';

export const start = defineCommand({
  name: 'start',
  group: 'domain',
  summary: 'start a stored domain',
  description:
    'Starts the container that the stored definition describes and returns when its init has been executed. ' +
    '--dry-run prints the system calls that a start would make instead of making them.',
  options: [
    domainOption({ completes: 'inactive-domain', help: 'name or uuid of a domain that does not run' }),
    BEGIN.console,
    BEGIN.foreground,
    BEGIN.stopTimeout,
    BEGIN.paused,
    BEGIN.resume,
    BEGIN.autodestroy,
    { name: 'bypass-cache', type: 'bool', help: 'refused: containers have no saved state to load' },
    { name: 'force-boot', type: 'bool', help: 'drop a saved state (containers have none)' },
    BEGIN.passFds,
    BEGIN.hostRoot,
    BEGIN.resetNvram,
    { name: 'dry-run', type: 'bool', help: 'print the plan of the start, change nothing' },
  ],
  rules: BEGIN_RULES,
  isVerbatim: { with: 'foreground' },
  async run(context, args) {
    const domain = await findDomain(context, args, ['name', 'uuid']);
    const { isInService } = await import('../../../driver/domain/lookup.ts');
    const { planStart, startDomain } = await import('../../../driver/domain/start.ts');
    if (args['dry-run']) {
      context.print(
        await withContext(`Failed to plan the start of domain '${domain.name}'`, () =>
          planStart(context.connection, domain, { hostRoot: args['host-root'], atTerminal: isTerminal(0) }),
        ),
      );
      return;
    }
    if (isInService(context.connection, domain)) throw failure('Domain is already active');
    const options = { ...beginOptions(context, args), bypassCache: args['bypass-cache'], forceBoot: args['force-boot'] };
    await beginDomain(context, args, async ({ onSetUp }) => {
      const started = await withContext(`Failed to start domain '${domain.name}'`, () =>
        startDomain(context.connection, domain, { ...options, onSetUp }),
      );
      if (!args.foreground) context.extra(`Domain '${started.name}' started\n`);
      return started;
    });
  },
});
