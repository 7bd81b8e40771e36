import { defineCommand, domainOption } from '../../command.ts';
import { findDomain } from '../lookup.ts';

export const domstate = defineCommand({
  name: 'domstate',
  group: 'monitor',
  summary: 'whether a domain runs',
  description:
    'Prints the state of a domain: running, paused or shut off; with --reason also what brought it there, with --why also how init ended.',
  options: [
    domainOption(),
    { name: 'reason', type: 'bool', help: 'also the reason, in parentheses' },
    { name: 'why', type: 'bool', help: 'also how it ended: exit status, signal, memory' },
  ],
  async run(context, args) {
    const domain = await findDomain(context, args);
    const { domainState } = await import('../../../driver/domain/state.ts');
    const { state, reason, why } = await domainState(context.connection, domain);
    if (args.why) context.print(`${state} (${reason})${why === undefined ? '' : `: ${why}`}\n`);
    else context.print(args.reason ? `${state} (${reason})\n` : `${state}\n`);
  },
});
