// What start and create have in common: an end with the session, and a console that is taken before init runs.

import type { DomainRef } from '../../../domain/ref.ts';
import type { StartOptions } from '../../../driver/domain/start.ts';
import type { CommandContext } from '../../command.ts';

export type Begin = (options: Pick<StartOptions, 'onSetUp'>) => Promise<DomainRef>;

/** Starts a domain by `begin`, which says so. */
export async function beginDomain(context: CommandContext, args: { autodestroy: boolean; console: boolean }, begin: Begin): Promise<void> {
  const start: Begin = async (options) => {
    const domain = await begin(options);
    if (args.autodestroy) {
      const { endSession } = await import('../../../driver/domain/start.ts');
      context.atEnd(() => endSession(context.connection));
    }
    return domain;
  };
  if (args.console) await (await import('./console-visit.ts')).startWithConsole(context, start);
  else await start({});
}
