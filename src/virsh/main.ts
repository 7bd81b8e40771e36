// Virsh: from the words of the command line to an exit status.

import process from 'node:process';
import { DebugLog } from '../vsh/debug-log.ts';
import { Output, OutputLost } from '../vsh/output.ts';
import { parseLine, parseWords, UsageError } from '../vsh/parse.ts';
import { runShell } from '../vsh/shell.ts';
import { tellAbout } from './about.ts';
import type { Settings } from './command.ts';
import { PROGRAM } from './program-name.ts';
import { commandTable } from './registry.ts';
import { remoteFor, VirshSession } from './session.ts';
import { DEFAULT_SETTINGS, readCommandLine } from './settings.ts';

/** Runs `virsh-lxc ARGV...`; the result is the exit status. Never throws. */
export async function main(argv: readonly string[]): Promise<number> {
  const output = await Output.open();
  let session: VirshSession | undefined;
  try {
    const { settings, words, about, complaints, newer } = readCommandLine(argv, process.env);
    if (newer !== undefined) await requireNewer(newer);
    session = new VirshSession(output, settings, commandTable, debugLog(settings));
    for (const complaint of complaints) session.error(complaint);
    if (about) {
      tellAbout(about, session);
      session.flush();
      return 0;
    }
    const elsewhere = await remoteStatus(settings, argv, words);
    if (elsewhere !== undefined) return elsewhere;
    const ok = await execute(session, words);
    await session.close();
    return session.exitStatus ?? (ok ? 0 : 1);
  } catch (error) {
    reportOutside(error, session ?? new VirshSession(output, DEFAULT_SETTINGS, commandTable, undefined));
    return 1;
  }
}

/** The exit status of the same command line on another host, if that is what its URI means. */
async function remoteStatus({ uri }: Settings, argv: readonly string[], words: readonly string[]): Promise<number | undefined> {
  const remote = await remoteFor(uri ?? (process.env['LIBVIRT_DEFAULT_URI'] || undefined));
  if (!remote) return undefined;
  const { runThere } = await import('./remote.ts');
  return await runThere(remote, argv.slice(0, argv.length - words.length), words);
}

async function requireNewer(option: string): Promise<void> {
  const { goesBeyondLibvirt } = await import('../driver/functions.ts');
  if (!goesBeyondLibvirt()) throw new UsageError(`unsupported option '${option}'. See --help.`);
}

async function execute(session: VirshSession, words: readonly string[]): Promise<boolean> {
  const { settings } = session;
  if (words.length === 1) session.debug(`commands: "${words[0]}"`);
  const { logOption } = session;
  const commands = words.length === 1 ? parseLine(words[0]!, commandTable, logOption) : parseWords(words, commandTable, logOption);
  // A connection that was asked for by -c must work even if no command needs it.
  if (settings.connectsFirst) await session.ensureConnected();
  if (settings.interactive) return runShell(session);
  if (words.length === 1 && words[0] === '') return false;
  return (await session.runAll(commands)).ok;
}

function debugLog(settings: Settings): DebugLog | undefined {
  return settings.debugLevel > 1 && settings.logFile === undefined ? undefined : new DebugLog(settings, PROGRAM.name);
}

/** Errors that belong to no command: a bad command line, no connection, a full disk. */
function reportOutside(error: unknown, session: VirshSession): void {
  if (error instanceof UsageError) {
    session.reportUsage(error);
  } else if (error instanceof OutputLost) {
    // The exit status is for scripts, whose transcripts have nothing else of it; the reason is for whoever watches.
    session.output.notice(`error: ${error.message}`);
  } else {
    session.report(error);
  }
}
