import { defineReading } from '../../command.ts';

export const uri = defineReading({
  name: 'uri',
  group: 'host',
  store: false,
  summary: 'the URI of the connection',
  description: 'Prints the URI of the connection, as it was given.',
  options: [],
  read: ({ connection }) => connection.uri,
  text: (uri) => `${uri}\n`,
  json: (uri) => ({ uri }),
});
