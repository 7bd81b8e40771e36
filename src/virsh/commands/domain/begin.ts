// What start and create have in common: options, an end with the session, and a console that is taken before init runs.

import type { DomainRef } from '../../../domain/ref.ts';
import type { StartOptions } from '../../../driver/domain/start.ts';
import { isTerminal } from '../../../vsh/terminal.ts';
import type { CommandContext } from '../../command.ts';
import { descriptors } from './descriptors.ts';

export const BEGIN = {
  console: { name: 'console', type: 'bool', help: 'go on to the console of the domain' },
  paused: { name: 'paused', type: 'bool', help: 'freeze the domain before its init does anything' },
  autodestroy: { name: 'autodestroy', type: 'bool', help: 'destroy the domain when this program ends' },
  passFds: { name: 'pass-fds', type: 'string', emptyAllowed: true, help: "open descriptors N,M,... that become init's 3, 4, ..." },
  hostRoot: { name: 'host-root', type: 'bool', help: "let an init system run on the host's own root" },
  resetNvram: { name: 'reset-nvram', type: 'bool', help: 'refused: containers have no NVRAM' },
} as const;

interface BeginArguments {
  readonly paused: boolean;
  readonly autodestroy: boolean;
  readonly 'pass-fds': string | undefined;
  readonly 'host-root': boolean;
  readonly 'reset-nvram': boolean;
}

/** What these options ask of the driver. Throws for descriptors that are none. */
export function beginOptions(context: CommandContext, args: BeginArguments): StartOptions {
  return {
    paused: args.paused,
    autodestroy: args.autodestroy,
    resetNvram: args['reset-nvram'],
    passFds: descriptors(args['pass-fds']),
    hostRoot: args['host-root'],
    atTerminal: isTerminal(0),
    onWaiting: context.onWaiting,
    onWarning: context.onWarning,
  };
}

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
