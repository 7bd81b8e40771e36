import type { NetworkEvent } from '../../../driver/events.ts';
import { defineFollowing, excludes, failure } from '../../command.ts';
import { eventLine, tellEvents } from '../event-loop.ts';
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
  options: [
    { name: 'network', type: 'string', completes: 'network', help: 'only about this network' },
    { name: 'event', type: 'string', completes: EVENT_NAMES, help: 'only events of this kind' },
    { name: 'loop', type: 'bool', help: 'go on after the first one' },
    { name: 'timeout', type: 'int', min: 1, max: 2147483, help: 'give up after so many seconds' },
    { name: 'list', type: 'bool', help: 'print the kinds of events' },
    { name: 'timestamp', type: 'bool', help: 'say when' },
  ],
  rules: [excludes('list', 'json')],
  async follow(context, args, tell: (happened: NetworkEvent) => void) {
    if (args.list) {
      const { goesBeyondLibvirt } = await import('../../../driver/functions.ts');
      const names = goesBeyondLibvirt() ? EVENT_NAMES : EVENT_NAMES.slice(0, 1);
      context.print(names.map((name) => `${name}\n`).join(''));
      return true;
    }
    const wanted = args.event;
    if (wanted === undefined) throw failure('either --list or --event <type> is required');
    if (!EVENT_NAMES.includes(wanted)) throw failure(`unknown event type ${wanted}`);
    const timeoutS = args.timeout;
    const name = args.network;
    // Its uuid is read now: after its definition is gone it has none.
    const uuid = name === undefined ? undefined : (await findNetworkOperand(context, { network: name })).uuid;
    const { followNetworkEvents } = await import('../../../driver/events.ts');
    return await tellEvents<NetworkEvent>(context, {
      source: (stop) => followNetworkEvents(context.connection, stop),
      accepts: (happened) => happened.event === wanted && (uuid === undefined || happened.uuid === uuid),
      tell,
      loop: args.loop,
      timeoutS,
      json: args.json,
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
