import { withContext } from '../../../errors.ts';
import { isTerminal } from '../../../vsh/terminal.ts';
import { defineCommand, domainOption, failure } from '../../command.ts';
import { findDomain } from '../lookup.ts';
import { beginDomain } from './begin.ts';
import { descriptors } from './descriptors.ts';

export const start = defineCommand({
  name: 'start',
  group: 'domain',
  summary: 'start a stored domain',
  description:
    'Starts the container that the stored definition describes and returns when its init has been executed. ' +
    '--dry-run prints the system calls that a start would make instead of making them.',
  options: [
    domainOption({ completes: 'inactive-domain', help: 'name or uuid of a domain that does not run' }),
    { name: 'console', type: 'bool', help: 'go on to the console of the domain' },
    { name: 'paused', type: 'bool', help: 'freeze the domain before its init does anything' },
    { name: 'autodestroy', type: 'bool', help: 'destroy the domain when this program ends' },
    { name: 'bypass-cache', type: 'bool', help: 'refused: containers have no saved state to load' },
    { name: 'force-boot', type: 'bool', help: 'drop a saved state (containers have none)' },
    { name: 'pass-fds', type: 'string', emptyAllowed: true, help: "open descriptors N,M,... that become init's 3, 4, ..." },
    { name: 'host-root', type: 'bool', help: "let an init system run on the host's own root" },
    { name: 'reset-nvram', type: 'bool', help: 'refused: containers have no NVRAM' },
    { name: 'dry-run', type: 'bool', help: 'print the plan of the start, change nothing' },
  ],
  async run(context, args) {
    const domain = await findDomain(context, args, ['name', 'uuid']);
    const { isInService } = await import('../../../driver/domain/lookup.ts');
    const { planStart, startDomain } = await import('../../../driver/domain/start.ts');
    const atTerminal = isTerminal(0);
    if (args['dry-run']) {
      context.print(
        await withContext(`Failed to plan the start of domain '${domain.name}'`, () =>
          planStart(context.connection, domain, { hostRoot: args['host-root'], atTerminal }),
        ),
      );
      return;
    }
    if (isInService(context.connection, domain)) throw failure('Domain is already active');
    const passFds = descriptors(args['pass-fds']);
    await beginDomain(context, args, async ({ onSetUp }) => {
      const started = await withContext(`Failed to start domain '${domain.name}'`, () =>
        startDomain(context.connection, domain, {
          paused: args.paused,
          autodestroy: args.autodestroy,
          bypassCache: args['bypass-cache'],
          forceBoot: args['force-boot'],
          resetNvram: args['reset-nvram'],
          passFds,
          hostRoot: args['host-root'],
          atTerminal,
          onSetUp,
          onWaiting: context.onWaiting,
          onWarning: context.onWarning,
        }),
      );
      context.extra(`Domain '${started.name}' started\n`);
      return started;
    });
  },
});
