// What start and create have in common: options, an end with the session, and a console that is taken before init runs.

import type { DomainRef } from '../../../domain/ref.ts';
import type { StartOptions } from '../../../driver/domain/start.ts';
import { isTerminal } from '../../../vsh/terminal.ts';
import { type CommandContext, excludes, needs, type OptionRule } from '../../command.ts';
import { descriptors } from './descriptors.ts';

export const BEGIN = {
  foreground: { name: 'foreground', type: 'bool', help: 'stay until the domain is off, and exit as it did' },
  stopTimeout: {
    name: 'stop-timeout',
    type: 'int',
    namedOnly: true,
    min: 0,
    max: 86400,
    help: 'seconds until a domain in the foreground that does not shut down is destroyed; 90 by default',
  },
  console: { name: 'console', type: 'bool', help: 'go on to the console of the domain' },
  resume: { name: 'resume', type: 'bool', help: 'with --paused: let the domain go on once its console is connected' },
  paused: { name: 'paused', type: 'bool', help: 'freeze the domain before its init does anything' },
  autodestroy: { name: 'autodestroy', type: 'bool', help: 'destroy the domain when this program ends' },
  passFds: { name: 'pass-fds', type: 'string', emptyAllowed: true, help: "open descriptors N,M,... that become init's 3, 4, ..." },
  hostRoot: { name: 'host-root', type: 'bool', help: "let an init system run on the host's own root" },
  resetNvram: { name: 'reset-nvram', type: 'bool', help: 'refused: containers have no NVRAM' },
} as const;

/** As systemd gives a service by default. */
const DEFAULT_STOP_S = 90;

/** Of start and create. */
export const BEGIN_RULES: readonly OptionRule[] = [
  excludes('foreground', 'console'),
  excludes('foreground', 'paused'),
  needs('stop-timeout', 'foreground'),
  needs('resume', 'console'),
];

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
export async function beginDomain(
  context: CommandContext,
  args: { autodestroy: boolean; console: boolean; resume: boolean; foreground: boolean; 'stop-timeout': number | undefined },
  begin: Begin,
): Promise<void> {
  const start: Begin = async (options) => {
    const domain = await begin(options);
    if (args.autodestroy) {
      const { endSession } = await import('../../../driver/domain/autodestroy.ts');
      context.atEnd(() => endSession(context.connection));
    }
    return domain;
  };
  if (args.foreground) {
    const { runInForeground } = await import('./foreground.ts');
    await runInForeground(context, start, (args['stop-timeout'] ?? DEFAULT_STOP_S) * 1000);
  } else if (args.console) await (await import('./console-visit.ts')).startWithConsole(context, start, args);
  else await start({});
}
