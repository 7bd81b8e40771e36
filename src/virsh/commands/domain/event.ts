import type { DomainEvent } from '../../../driver/events.ts';
import { defineFollowing, excludes, failure } from '../../command.ts';
import { eventLine, tellEvents } from '../event-loop.ts';
import { findDomain } from '../lookup.ts';

/** In libvirt's order; containers send lifecycle, reboot, metadata-change, device-added and device-removed. */
const EVENT_NAMES = [
  'lifecycle',
  'reboot',
  'rtc-change',
  'watchdog',
  'io-error',
  'graphics',
  'io-error-reason',
  'control-error',
  'block-job',
  'disk-change',
  'tray-change',
  'pm-wakeup',
  'pm-suspend',
  'balloon-change',
  'pm-suspend-disk',
  'device-removed',
  'block-job-2',
  'tunable',
  'agent-lifecycle',
  'device-added',
  'migration-iteration',
  'job-completed',
  'device-removal-failed',
  'metadata-change',
  'block-threshold',
  'memory-failure',
  'memory-device-size-change',
];

export const event = defineFollowing({
  name: 'event',
  group: 'events',
  summary: 'what happens to domains, as it happens',
  description:
    'Waits for something to happen to a domain, or to any, prints it and ends; with --loop goes on until interrupted ' +
    'or until --timeout. The exit status tells whether anything happened.',
  options: [
    { name: 'domain', type: 'string', completes: 'domain', help: 'only about this domain' },
    { name: 'event', type: 'string', completes: EVENT_NAMES, help: 'only events of this kind' },
    { name: 'all', type: 'bool', help: 'events of every kind' },
    { name: 'loop', type: 'bool', help: 'go on after the first one' },
    { name: 'timeout', type: 'int', min: 1, max: 2147483, help: 'give up after so many seconds' },
    { name: 'list', type: 'bool', help: 'print the kinds of events' },
    { name: 'timestamp', type: 'bool', help: 'say when' },
  ],
  rules: [excludes('all', 'event'), excludes('list', 'all'), excludes('list', 'event'), excludes('list', 'json')],
  async follow(context, args, tell: (happened: DomainEvent) => void) {
    if (args.list) {
      context.print(EVENT_NAMES.map((name) => `${name}\n`).join(''));
      return true;
    }
    const wanted = args.event;
    if (wanted !== undefined && !EVENT_NAMES.includes(wanted)) throw failure(`unknown event type ${wanted}`);
    if (wanted === undefined && !args.all) throw failure('one of --list, --all, or --event <type> is required');
    const { timeout } = args;
    const name = args.domain;
    const domain = name === undefined ? undefined : await findDomain(context, { domain: name });
    // Read now: after its definition is gone the domain has none.
    const uuid = domain?.uuid;
    const { followEvents } = await import('../../../driver/events.ts');
    return await tellEvents<DomainEvent>(context, {
      source: (stop) => followEvents(context.connection, stop),
      accepts: (happened) => (wanted === undefined || happened.event === wanted) && (uuid === undefined || happened.uuid === uuid),
      tell,
      loop: args.loop,
      timeoutS: timeout,
      json: args.json,
    });
  },
  text: (happened, args) => eventLine(happened.time, sentence(happened), args),
  json: ({ time, event, domain, uuid, kind, detail, type, uri, device }) => ({
    time: new Date(time).toISOString(),
    event,
    domain,
    uuid,
    ...(event === 'lifecycle' && { kind, detail }),
    ...(event === 'metadata-change' && { type, uri }),
    ...(device !== undefined && { device }),
  }),
});

function sentence(happened: DomainEvent): string {
  const start = `event '${happened.event}' for domain '${happened.domain}'`;
  if (happened.event === 'lifecycle') return `${start}: ${happened.kind} ${happened.detail}`;
  if (happened.event === 'metadata-change') return `${start}: type ${happened.type}, uri ${happened.uri ?? '<null>'}`;
  return happened.device === undefined ? start : `${start}: ${happened.device}`;
}
