// A visit to a console: shared by console, start --console and create --console.

import type { DomainRef } from '../../../domain/ref.ts';
import type { ConsoleStream } from '../../../driver/domain/console.ts';
import type { StartOptions } from '../../../driver/domain/start.ts';
import { LibvirtError, withContext } from '../../../errors.ts';
import { isTerminal } from '../../../vsh/terminal.ts';
import { type CommandContext, failure } from '../../command.ts';

const NO_TERMINAL = 'Cannot run interactive console without a controlling TTY';

/** Connects standard input and output to the console; returns when the escape character was typed or the domain ended. */
export async function visitConsole(
  context: CommandContext,
  domain: DomainRef,
  options: { readonly devname: string | undefined; readonly force: boolean; readonly safe: boolean; readonly resume: boolean },
): Promise<void> {
  const { isActive } = await import('../../../driver/domain/lookup.ts');
  if (!(await isActive(context.connection, domain))) throw failure('The domain is not running');
  if (!isTerminal(0)) throw failure(NO_TERMINAL);
  const { findConsole, openConsole } = await import('../../../driver/domain/console.ts');
  const find = (output: number | undefined) => {
    const found = findConsole(context.connection, domain, options.devname, { force: options.force, safe: options.safe });
    return () => openConsole(found, output);
  };
  await visit(context, domain, { find, resume: options.resume });
}

/**
 * Starts a domain by `start`, which says so, and goes on to its console. That is taken before its init runs, so that nothing is
 * lost of one that ends at once.
 */
export async function startWithConsole(
  context: CommandContext,
  start: (options: Pick<StartOptions, 'onSetUp'>) => Promise<DomainRef>,
  { resume }: { readonly resume: boolean },
): Promise<void> {
  if (!isTerminal(0)) {
    await start({});
    throw failure(NO_TERMINAL);
  }
  const { firstConsole, takeConsole } = await import('../../../driver/domain/console.ts');
  let taken: ConsoleStream | undefined;
  const onSetUp: StartOptions['onSetUp'] = (live) => {
    try {
      taken = takeConsole(firstConsole(live));
    } catch (error) {
      if (!(error instanceof LibvirtError)) throw error; // the visit will tell; it is no reason not to start
    }
  };
  try {
    const domain = await start({ onSetUp });
    if (taken) await visit(context, domain, { find: () => () => taken!, resume });
    else await visitConsole(context, domain, { devname: undefined, force: false, safe: false, resume });
  } catch (error) {
    taken?.[Symbol.dispose]();
    throw error;
  }
}

interface Visit {
  /** Tells how to open the console; what it throws comes after the words that a visit begins with, as with virsh. */
  readonly find: (output: number | undefined) => () => ConsoleStream;
  /** A domain that is paused goes on once there is somebody to see it. */
  readonly resume: boolean;
}

async function visit(context: CommandContext, domain: DomainRef, { find, resume }: Visit): Promise<void> {
  const { rawTerminal, relayTerminal, showAll } = await import('../../console-relay.ts');
  context.flush();
  // Silent before anything is said: who waits for these words may type at once, and the container echoes what is typed.
  using terminal = await rawTerminal('silent');
  const ending = context.settings.escape;
  let open: () => ConsoleStream;
  try {
    open = find(terminal.output);
  } finally {
    // Said last, and even before an error, as virsh does: who reads it is to be there already.
    context.extra(`Connected to domain '${domain.name}'\n`);
    context.extra(`Escape character is ${ending.text}${keysOf(ending.text)}\n`);
    context.flush();
  }
  terminal.makeRaw();
  using stream = open();
  const { fd, heldFd } = stream;
  stream.show();
  if (resume) await resumeIfPaused(context, domain);
  const end = await relayTerminal({ fd, heldFd, escapeByte: ending.byte, onWindowSize: (size) => stream.setWindowSize(size) });
  if (heldFd !== undefined && end === 'left') {
    stream.withdraw();
    showAll(heldFd); // nobody else would
  }
  if (end === 'ended') stream.waitForCleanup();
}

/** ` (Ctrl + ])` for a control character. */
function keysOf(text: string): string {
  return text.startsWith('^') && text.length > 1 ? ` (Ctrl + ${text[1]})` : '';
}

async function resumeIfPaused({ connection }: CommandContext, domain: DomainRef): Promise<void> {
  const { isPaused, resumeDomain } = await import('../../../driver/domain/freeze.ts');
  if (isPaused(connection, domain)) await withContext(`Failed to resume domain '${domain.name}'`, () => resumeDomain(connection, domain));
}
