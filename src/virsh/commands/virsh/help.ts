import { defineCommand } from '../../command.ts';

export const help = defineCommand({
  name: 'help',
  group: 'virsh',
  connection: false,
  summary: 'what there is and how to use it',
  description: 'Lists all commands by group, or those of one group by its keyword, or explains one command.',
  options: [{ name: 'command', type: 'string', emptyAllowed: true, completes: 'command', help: 'a command or the keyword of a group' }],
  async run(context, args) {
    const { printHelp } = await import('../../../vsh/help.ts');
    printHelp(context, args.command || undefined);
  },
});
