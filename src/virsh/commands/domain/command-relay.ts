// The terminal of a command in a container joined to ours: shared by lxc-enter-namespace and exec.

import type { RunningCommand } from '../../../driver/domain/namespace.ts';
import { isTerminal } from '../../../vsh/terminal.ts';

/** Joins the command's terminal, if it has one, to this one until it has ended. Every key is the command's. */
export async function relayCommand({ master, endFd, replaced }: RunningCommand): Promise<void> {
  if (master === undefined) return;
  const { rawTerminal, relayTerminal } = await import('../../console-relay.ts');
  const { setWindowSize } = await import('../../../host/wait.ts');
  const isTyped = replaced.includes(0);
  // Output goes where a terminal was replaced, or where all were, to standard output.
  const output = replaced.length === 3 ? 1 : (replaced.find((fd) => fd > 0) ?? 0);
  using _raw = isTyped && isTerminal(0) ? await rawTerminal() : undefined;
  await relayTerminal({
    fd: master,
    endFd,
    output,
    onWindowSize: (size) => setWindowSize(master, size),
    ...(!isTyped && { input: -1 }),
    ...(isTyped && !isTerminal(0) && { typesEnd: true }),
  });
}

/** The same for exec, which may have pipes in place of terminals. */
export async function attendCommand(command: RunningCommand): Promise<void> {
  if (command.master !== undefined) return await relayCommand(command);
  if (command.pipes.size === 0) return;
  const { relayPipes } = await import('../../console-relay.ts');
  const output = [...command.pipes].filter(([number]) => number > 0).map(([number, { fd }]) => ({ from: fd, to: number }));
  const typed = command.pipes.get(0);
  await relayPipes({ endFd: command.endFd, output, ...(typed && { input: { from: 0, to: typed.fd, close: () => typed.close() } }) });
}
