// A visit to a console: shared by console, start --console and create --console.

import { type CommandContext, failure } from '../../cli/command.ts';
import { isTerminal } from '../../cli/terminal.ts';
import type { DomainRef } from '../../driver/domain-lookup.ts';

/** Connects standard input and output to the console; returns when the escape character was typed or the domain ended. */
export async function visitConsole(
  context: CommandContext,
  domain: DomainRef,
  options: { readonly devname: string | undefined; readonly force: boolean; readonly safe: boolean },
): Promise<void> {
  const { isActive } = await import('../../driver/domain-lookup.ts');
  if (!(await isActive(context.connection, domain))) throw failure('The domain is not running');
  if (!(await isTerminal(0))) throw failure('Cannot run interactive console without a controlling TTY');
  const { findConsole, openConsole } = await import('../../driver/domain-console.ts');
  const { rawTerminal, relayTerminal } = await import('../../cli/console-relay.ts');
  // Raw before anything is said: who waits for these words may type at once, and the container echoes what is typed.
  using terminal = await rawTerminal();
  const ending = context.settings.escape;
  let found: ReturnType<typeof findConsole>;
  try {
    found = findConsole(context.connection, domain, options.devname, { force: options.force, safe: options.safe });
  } finally {
    // Said last, and even before an error, as virsh does: who reads it is to be there already.
    context.extra(`Connected to domain '${domain.name}'\r\n`);
    context.extra(`Escape character is ${ending.text}${keysOf(ending.text)}\r\n`);
    context.flush();
  }
  using stream = openConsole(found, terminal.output);
  const end = await relayTerminal({ fd: stream.fd, escapeByte: ending.byte, onWindowSize: (size) => stream.setWindowSize(size) });
  if (end === 'ended') stream.waitForAftermath();
}

/** ` (Ctrl + ])` for a control character. */
function keysOf(text: string): string {
  return text.startsWith('^') && text.length > 1 ? ` (Ctrl + ${text[1]})` : '';
}
