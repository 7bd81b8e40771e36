// Following events until there is one, or until the user has enough of them.

import type { CommandContext } from '../command.ts';

export interface EventLoop<T> {
  /** Everything that happens from now on, until the signal aborts. */
  readonly source: (stop: AbortSignal) => AsyncIterable<T>;
  readonly accepts: (event: T) => boolean;
  readonly sentence: (event: T) => string;
  readonly loop: boolean;
  readonly timeoutS: number | undefined;
  readonly timestamp: boolean;
}

/** Prints events until the first one (or, with `loop`, for ever), the timeout or ^C, then how many there were. True if any. */
export async function printEvents<T extends { time: number }>(context: CommandContext, options: EventLoop<T>): Promise<boolean> {
  const stop = new AbortController();
  let end: 'timed out' | 'interrupted' | undefined;
  const finish = (reason: 'timed out' | 'interrupted') => {
    end ??= reason;
    stop.abort();
  };
  const interrupt = () => finish('interrupted');
  process.on('SIGINT', interrupt);
  const timer = options.timeoutS === undefined ? undefined : setTimeout(() => finish('timed out'), options.timeoutS * 1000);
  let count = 0;
  try {
    for await (const happened of options.source(stop.signal)) {
      if (!options.accepts(happened)) continue;
      count++;
      context.print(`${options.timestamp ? `${timestamp(happened.time)}: ` : ''}${options.sentence(happened)}\n`);
      context.flush();
      if (!options.loop) break;
    }
  } finally {
    clearTimeout(timer);
    process.off('SIGINT', interrupt);
  }
  if (end) context.print(`event loop ${end}\n`);
  context.print(`events received: ${count}\n`);
  return count > 0;
}

/** `2026-01-31 12:00:00.000+0000`. */
function timestamp(time: number): string {
  return new Date(time).toISOString().replace('T', ' ').replace('Z', '+0000');
}
