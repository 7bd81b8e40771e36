// Runs command lines in this process over the store that the environment names (temp-store.ts), and keeps what they print.

import { LibvirtError } from '../../src/errors.ts';
import type { Settings } from '../../src/virsh/command.ts';
import { PROGRAM } from '../../src/virsh/program-name.ts';
import { commandTable } from '../../src/virsh/registry.ts';
import { VirshSession } from '../../src/virsh/session.ts';
import { DEFAULT_SETTINGS } from '../../src/virsh/settings.ts';
import { DebugLog } from '../../src/vsh/debug-log.ts';
import { Output } from '../../src/vsh/output.ts';
import { parseLine, UsageError } from '../../src/vsh/parse.ts';

const SETTINGS: Settings = { ...DEFAULT_SETTINGS, uri: 'lxc:///', connectsFirst: true, quiet: true };

export interface Transcript {
  ok: boolean;
  output: string;
  errors: string[];
}

class RecordedSession extends VirshSession {
  printed = '';
  errors: string[] = [];
  bugs: unknown[] = [];

  override print(text: string): void {
    this.printed += text;
  }

  override extra(text: string): void {
    if (!this.settings.quiet) this.print(text);
  }

  override error(line: string): void {
    this.errors.push(line);
  }

  override flush(): void {}

  override report(error: unknown): void {
    if (isBug(error)) this.bugs.push(error);
    super.report(error);
  }
}

/** Is this none of our own complaints, or made of such a one? */
function isBug(error: unknown): boolean {
  return error instanceof Error && (!(error instanceof LibvirtError) || (error.cause !== undefined && isOfTheEngine(error.cause)));
}

function isOfTheEngine(error: unknown): boolean {
  if (error instanceof TypeError || error instanceof RangeError || error instanceof ReferenceError) return true;
  return error instanceof Error && isOfTheEngine(error.cause);
}

/** The exceptions that nobody meant to throw while a line of commands ran. */
export async function bugsOf(line: string): Promise<unknown[]> {
  const session = new RecordedSession(await Output.open(), SETTINGS, commandTable, undefined);
  try {
    await session.runAll(parseLine(line, commandTable));
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
  }
  return session.bugs;
}

/** What a line of commands prints. */
export async function transcriptOf(line: string, settings: Partial<Settings> = {}): Promise<Transcript> {
  const all = { ...SETTINGS, ...settings };
  const session = new RecordedSession(await Output.open(), all, commandTable, new DebugLog(all, PROGRAM.name));
  try {
    const { ok } = await session.runAll(parseLine(line, commandTable));
    return { ok, output: session.printed, errors: session.errors };
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    return { ok: false, output: '', errors: [...error.lines] };
  }
}
