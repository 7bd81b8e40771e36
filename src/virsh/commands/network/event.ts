import type { NetworkEvent } from '../../../driver/events.ts';
import { defineFollowing } from '../../command.ts';
import { eventLine } from '../event-loop.ts';
import { EVENT_RULES, eventOptions, followObjects } from '../object-events.ts';
import { findNetworkOperand } from './operand.ts';

/** libvirt has the second one since 9.8. */
const EVENT_NAMES = ['lifecycle', 'metadata-change'];

export const netEvent = defineFollowing({
  name: 'net-event',
  group: 'network',
  summary: 'what happens to networks, as it happens',
  description:
    'Waits for something to happen to a network, or to any, prints it and ends; with --loop goes on until interrupted or ' +
    'until --timeout. The exit status tells whether anything happened.',
  options: [{ name: 'network', type: 'string', completes: 'network', help: 'only about this network' }, ...eventOptions(EVENT_NAMES)],
  rules: EVENT_RULES,
  async follow(context, args, tell: (happened: NetworkEvent) => void) {
    const { goesBeyondLibvirt } = await import('../../../driver/functions.ts');
    return followObjects<NetworkEvent>(context, args, {
      kinds: goesBeyondLibvirt() ? EVENT_NAMES : EVENT_NAMES.slice(0, 1),
      only: async () => (args.network === undefined ? undefined : (await findNetworkOperand(context, { network: args.network })).uuid),
      source: async (stop) => (await import('../../../driver/events.ts')).followNetworkEvents(context.connection, stop),
      tell,
    });
  },
  text: (happened, args) => eventLine(happened.time, sentence(happened), args),
  json: ({ time, event, network, uuid, kind, type, uri }) => ({
    time: new Date(time).toISOString(),
    event,
    network,
    uuid,
    ...(event === 'lifecycle' ? { kind } : { type, uri }),
  }),
});

function sentence({ event, network, kind, type, uri = '<null>' }: NetworkEvent): string {
  return `event '${event}' for network ${network}: ${event === 'lifecycle' ? kind : `type ${type}, uri ${uri}`}`;
}
