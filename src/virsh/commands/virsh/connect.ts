import { defineCommand } from '../../command.ts';

export const connect = defineCommand({
  name: 'connect',
  group: 'virsh',
  connection: false,
  summary: 'use another connection from here on',
  description: 'Connects to URI, or again to the default, for the commands that follow.',
  options: [
    { name: 'name', type: 'string', emptyAllowed: true, completes: ['lxc:///'], help: 'URI of the connection' },
    { name: 'readonly', type: 'bool', help: 'refuse whatever would change something' },
  ],
  async run(context, args) {
    await context.connect(args.name || undefined, args.readonly);
  },
});
