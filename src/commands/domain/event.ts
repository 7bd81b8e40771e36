import { type CommandContext, defineCommand, failure } from '../../cli/command.ts';
import type { DomainEvent } from '../../driver/events.ts';
import { findDomain } from '../lookup.ts';

/** In libvirt's order; containers send lifecycle, reboot and metadata-change. */
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

export const event = defineCommand({
  name: 'event',
  group: 'events',
  summary: 'what happens to domains, as it happens',
  description:
    'Waits for something to happen to a domain, or to any, prints it and ends; with --loop goes on until interrupted ' +
    'or until --timeout. The exit status tells whether anything happened.',
  options: [
    { name: 'domain', type: 'string', completes: 'domain', help: 'only about this domain' },
    { name: 'event', type: 'string', help: 'only events of this kind' },
    { name: 'all', type: 'bool', help: 'events of every kind' },
    { name: 'loop', type: 'bool', help: 'go on after the first one' },
    { name: 'timeout', type: 'int', min: 1, max: 2147483, help: 'give up after so many seconds' },
    { name: 'list', type: 'bool', help: 'print the kinds of events' },
    { name: 'timestamp', type: 'bool', help: 'say when' },
  ],
  exclusive: [
    ['all', 'event'],
    ['list', 'all'],
    ['list', 'event'],
  ],
  async run(context, args) {
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
    const follow = {
      accepts: (happened: DomainEvent) =>
        (wanted === undefined || happened.event === wanted) && (uuid === undefined || happened.uuid === uuid),
      loop: args.loop,
      timeoutMs: timeout === undefined ? undefined : timeout * 1000,
      timestamp: args.timestamp,
    };
    const { count, end } = await printEvents(context, follow);
    if (end) context.print(`event loop ${end}\n`);
    context.print(`events received: ${count}\n`);
    return count > 0;
  },
});

interface Follow {
  accepts(event: DomainEvent): boolean;
  readonly loop: boolean;
  readonly timeoutMs: number | undefined;
  readonly timestamp: boolean;
}

/** Prints events until the first one (or, with `loop`, for ever), the timeout or ^C; `end` says which of the latter two it was. */
async function printEvents(context: CommandContext, follow: Follow): Promise<{ count: number; end?: 'timed out' | 'interrupted' }> {
  const { followEvents } = await import('../../driver/events.ts');
  const stop = new AbortController();
  let end: 'timed out' | 'interrupted' | undefined;
  const finish = (reason: 'timed out' | 'interrupted') => {
    end ??= reason;
    stop.abort();
  };
  const interrupt = () => finish('interrupted');
  process.on('SIGINT', interrupt);
  const timer = follow.timeoutMs === undefined ? undefined : setTimeout(() => finish('timed out'), follow.timeoutMs);
  let count = 0;
  try {
    for await (const happened of followEvents(context.connection, stop.signal)) {
      if (!follow.accepts(happened)) continue;
      count++;
      context.print(`${follow.timestamp ? `${timestamp(happened.time)}: ` : ''}${sentence(happened)}\n`);
      context.flush();
      if (!follow.loop) break;
    }
  } finally {
    clearTimeout(timer);
    process.off('SIGINT', interrupt);
  }
  return { count, ...(end && { end }) };
}

function sentence(happened: DomainEvent): string {
  const start = `event '${happened.event}' for domain '${happened.domain}'`;
  if (happened.event === 'lifecycle') return `${start}: ${happened.kind} ${happened.detail}`;
  if (happened.event === 'metadata-change') return `${start}: type ${happened.type}, uri ${happened.uri ?? '<null>'}`;
  return start;
}

/** `2026-01-31 12:00:00.000+0000`. */
function timestamp(time: number): string {
  return new Date(time).toISOString().replace('T', ' ').replace('Z', '+0000');
}
