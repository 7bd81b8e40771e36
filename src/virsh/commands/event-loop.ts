// Following events until there is one, or until the user has enough of them.

import type { CommandContext } from '../command.ts';

export interface EventLoop<T> {
  /** Everything that happens from now on, until the signal aborts. */
  readonly source: (stop: AbortSignal) => AsyncIterable<T>;
  readonly accepts: (event: T) => boolean;
  readonly tell: (event: T) => void;
  readonly loop: boolean;
  readonly timeoutS: number | undefined;
  /** Says nothing at the end. */
  readonly json: boolean;
}

/** Tells events until the first one (or, with `loop`, for ever), the timeout or ^C, then how many there were. True if any. */
export async function tellEvents<T>(context: CommandContext, options: EventLoop<T>): Promise<boolean> {
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
      options.tell(happened);
      context.flush();
      if (!options.loop) break;
    }
  } finally {
    clearTimeout(timer);
    process.off('SIGINT', interrupt);
  }
  if (!options.json) {
    if (end) context.print(`event loop ${end}\n`);
    context.print(`events received: ${count}\n`);
  }
  return count > 0;
}

/** What happened, after `2026-01-31 12:00:00.000+0000: ` if that is asked for. */
export function eventLine(time: number, sentence: string, { timestamp }: { readonly timestamp: boolean }): string {
  return `${timestamp ? `${new Date(time).toISOString().replace('T', ' ').replace('Z', '+0000')}: ` : ''}${sentence}\n`;
}
