// The interactive mode: a prompt on a terminal, or commands from a pipe or a file.

import { readSync } from 'node:fs';
import { errnoCode } from '../errors.ts';
import { parseLine, UsageError } from './parse.ts';
import type { Session } from './session.ts';
import { isTerminal } from './terminal.ts';

export interface LineReader {
  /** The next line without its end, or undefined at the end of the input. */
  read(prompt: string): Promise<string | undefined>;
  close(): void;
}

/** Reads and runs commands until one that leaves, or the end of the input. As with virsh, it always ends well. */
export async function runShell(session: Session): Promise<boolean> {
  const size = await historySize(session);
  const reader = isTerminal(0) ? await terminalReader(session, size) : new PlainReader(session);
  if (!session.settings.quiet) session.print(session.program.banner);
  try {
    for (;;) {
      session.flush();
      const line = await reader.read(session.prompt);
      if (line === undefined || (await runLine(session, line))) break;
    }
  } finally {
    reader.close();
  }
  session.print('\n');
  session.flush();
  return true;
}

async function terminalReader(session: Session, historySize: number): Promise<LineReader> {
  const { TerminalReader } = await import('./terminal-reader.ts');
  return TerminalReader.open(session, historySize);
}

const DEFAULT_HISTORY_SIZE = 500;
const MAX_HISTORY_SIZE = 500000;

/** How many lines the history keeps. A bad $NAME_HISTSIZE is reported even if there is no history. */
async function historySize(session: Session): Promise<number> {
  const variable = `${session.program.name.toUpperCase()}_HISTSIZE`;
  const text = process.env[variable];
  if (text === undefined) return DEFAULT_HISTORY_SIZE;
  const size = /^\s*[+-]?\d+$/.test(text) ? Number(text) : Number.NaN;
  if (Number.isNaN(size)) session.error(`Bad $${variable} value.`);
  else if (size < 0 || size > MAX_HISTORY_SIZE) session.error(`$${variable} value should be between 0 and ${MAX_HISTORY_SIZE}`);
  else return size;
  return DEFAULT_HISTORY_SIZE;
}

/** True when the line asked to leave. */
async function runLine(session: Session, line: string): Promise<boolean> {
  try {
    const commands = parseLine(line, session.table, session.logOption);
    return (await session.runAll(commands)).leaving;
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    session.reportUsage(error);
    return false;
  }
}

/** For input that is not a terminal: echoes prompt and line, as readline(3) does. */
class PlainReader implements LineReader {
  private readonly session: Session;
  private ended = false;

  constructor(session: Session) {
    this.session = session;
  }

  async read(prompt: string): Promise<string | undefined> {
    this.session.print(prompt);
    const line = this.ended ? undefined : this.nextLine();
    if (line !== undefined) this.session.print(`${line}\n`);
    return line;
  }

  close(): void {}

  /** Reads byte by byte, so that a command that reads standard input finds everything after its line. */
  private nextLine(): string | undefined {
    const bytes: number[] = [];
    const one = Buffer.alloc(1);
    for (;;) {
      if (readByte(one) === 0) {
        this.ended = true;
        return bytes.length > 0 ? Buffer.from(bytes).toString('utf8') : undefined;
      }
      // To readline(3) a carriage return ends a line as well.
      if (one[0] === 0x0a || one[0] === 0x0d) return Buffer.from(bytes).toString('utf8');
      // A tab asks it to complete, and there is nothing to complete yet.
      if (one[0] === 0x09 && bytes.length === 0) continue;
      bytes.push(one[0]!);
    }
  }
}

function readByte(into: Buffer): number {
  for (;;) {
    try {
      return readSync(0, into, 0, 1, null);
    } catch (error) {
      // Standard input is shared; whoever started us may have made it non-blocking.
      if (errnoCode(error) !== 'EAGAIN') throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
    }
  }
}
