import { activeDomainOption, defineCommand } from '../../command.ts';
import { findDomain } from '../lookup.ts';

export const consoleCommand = defineCommand({
  name: 'console',
  group: 'domain',
  summary: 'connect this terminal to a console of a domain',
  description:
    "Connects the terminal to the domain's first console, or the one that --devname names, until the escape character " +
    '(^] unless -e says otherwise) is typed or the domain ends. What the container wrote while nobody was connected comes first.',
  options: [
    activeDomainOption(),
    { name: 'devname', type: 'string', completes: 'console', help: 'alias of the console: console0, console1, ...' },
    { name: 'force', type: 'bool', help: 'refused: who is connected stays so' },
    { name: 'resume', type: 'bool', help: 'let a paused domain go on once the terminal is connected' },
    { name: 'safe', type: 'bool', help: 'refused: others can connect at any time' },
  ],
  async run(context, args) {
    const domain = await findDomain(context, args);
    const { visitConsole } = await import('./console-visit.ts');
    await visitConsole(context, domain, { devname: args.devname, force: args.force, safe: args.safe, resume: args.resume });
  },
});
