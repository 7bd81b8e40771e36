import { defineReading, domainOption } from '../../command.ts';
import { findDomain } from '../lookup.ts';

export const domstate = defineReading({
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
  async read(context, args) {
    const domain = await findDomain(context, args);
    const { domainState } = await import('../../../driver/domain/state.ts');
    return domainState(context.connection, domain);
  },
  text({ state, reason, why }, args) {
    if (args.why) return `${state} (${reason})${why === undefined ? '' : `: ${why}`}\n`;
    return args.reason ? `${state} (${reason})\n` : `${state}\n`;
  },
  json: ({ state, reason, why }) => ({ state, reason, why }),
});
