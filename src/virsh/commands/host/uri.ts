import { defineCommand } from '../../command.ts';

export const uri = defineCommand({
  name: 'uri',
  group: 'host',
  store: false,
  summary: 'the URI of the connection',
  description: 'Prints the URI of the connection, as it was given.',
  options: [],
  run(context) {
    context.print(`${context.connection.uri}\n`);
  },
});
