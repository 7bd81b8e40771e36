import { defineCommand, domainOption } from '../../cli/command.ts';
import { findDomain } from '../lookup.ts';

export const domstate = defineCommand({
  name: 'domstate',
  group: 'monitor',
  summary: 'whether a domain runs',
  description: 'Prints the state of a domain: running, paused or shut off; with --reason also what brought it there.',
  options: [domainOption(), { name: 'reason', type: 'bool', help: 'also the reason, in parentheses' }],
  async run(context, args) {
    const domain = await findDomain(context, args);
    const { domainState } = await import('../../driver/domain-state.ts');
    const { state, reason } = await domainState(context.connection, domain);
    context.print(args.reason ? `${state} (${reason})\n` : `${state}\n`);
  },
});
