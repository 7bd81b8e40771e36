// What the commands that follow events of networks, pools and devices have in common.
import { type CommandContext, excludes, failure } from '../command.ts';
import { tellEvents } from './event-loop.ts';

/** After the one that names an object. */
export const eventOptions = (kinds: readonly string[]) =>
  [
    { name: 'event', type: 'string', completes: kinds, help: 'only events of this kind' },
    { name: 'loop', type: 'bool', help: 'go on after the first one' },
    { name: 'timeout', type: 'int', min: 1, max: 2147483, help: 'give up after so many seconds' },
    { name: 'list', type: 'bool', help: 'print the kinds of events' },
    { name: 'timestamp', type: 'bool', help: 'say when' },
  ] as const;

export const EVENT_RULES = [excludes('list', 'json')];

interface EventArguments {
  readonly event: string | undefined;
  readonly loop: boolean;
  readonly timeout: number | undefined;
  readonly list: boolean;
  readonly json: boolean;
}

export interface ObjectEvents<T> {
  readonly kinds: readonly string[];
  /** The uuid of the one that is named; read at first, as later it may have none. */
  readonly only: () => Promise<string | undefined>;
  /** Everything that happens from now on, until the signal aborts. */
  readonly source: (stop: AbortSignal) => Promise<AsyncIterable<T>>;
  readonly tell: (event: T) => void;
}

/** True if anything happened, or was listed. */
export async function followObjects<T extends { event: string; uuid: string }>(
  context: CommandContext,
  { event: wanted, loop, timeout: timeoutS, list, json }: EventArguments,
  { kinds, only, source, tell }: ObjectEvents<T>,
): Promise<boolean> {
  if (list) {
    context.print(kinds.map((name) => `${name}\n`).join(''));
    return true;
  }
  if (wanted === undefined) throw failure('either --list or --event <type> is required');
  if (!kinds.includes(wanted)) throw failure(`unknown event type ${wanted}`);
  const uuid = await only();
  return tellEvents<T>(context, {
    source: async function* (stop) {
      yield* await source(stop);
    },
    accepts: (happened) => happened.event === wanted && (uuid === undefined || happened.uuid === uuid),
    ...{ tell, loop, timeoutS, json },
  });
}
