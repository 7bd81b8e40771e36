// The only writer to the terminal. Plain descriptors instead of process.stdout: creating that stream costs milliseconds.

import { writeSync } from 'node:fs';
import { errnoCode, systemError } from '../errors.ts';
import { isTerminal } from './terminal.ts';

const FLUSH_LENGTH = 64 * 1024;

/** Standard output cannot be written: a full disk, say. */
export class OutputLost extends Error {
  constructor(cause: unknown) {
    super(systemError('Cannot write standard output', cause).message, { cause });
  }
}

export class Output {
  private pending = '';
  private pendingBytes: Buffer[] = [];
  private pendingLength = 0;
  private readonly paint: Paint | undefined;

  private constructor(paint: Paint | undefined) {
    this.paint = paint;
  }

  /** Loads colours if standard error is a terminal, so that no later message waits for them. */
  static async open(): Promise<Output> {
    return new Output(isTerminal(2) ? await colours() : undefined);
  }

  /** Notices and warnings are shown: standard error is a terminal. */
  get tellsPeople(): boolean {
    return this.paint !== undefined;
  }

  /** Collects text for standard output. `flush` writes it, or this does once there is much. */
  print(text: string): void {
    this.pending += text;
    if (this.pending.length > FLUSH_LENGTH) this.flush();
  }

  /** The same for what may be no text. */
  printBytes(bytes: Buffer): void {
    this.pendingBytes.push(Buffer.from(this.pending, 'utf8'), bytes);
    this.pendingLength += this.pending.length + bytes.length;
    this.pending = '';
    if (this.pendingLength > FLUSH_LENGTH) this.flush();
  }

  /** Throws OutputLost when standard output cannot be written; ends the process when nobody reads it any more. */
  flush(): void {
    if (this.pending === '' && this.pendingLength === 0) return;
    const text = Buffer.from(this.pending, 'utf8');
    const bytes = this.pendingLength === 0 ? text : Buffer.concat([...this.pendingBytes, text]);
    this.pending = '';
    this.pendingBytes = [];
    this.pendingLength = 0;
    try {
      writeFully(1, bytes);
    } catch (error) {
      if (errnoCode(error) === 'EPIPE') process.exit(BROKEN_PIPE_STATUS);
      throw new OutputLost(error);
    }
  }

  /** One line on standard error after everything that was printed. */
  error(line: string): void {
    this.flushQuietly();
    this.writeError(`${this.paint ? this.paint('red', 'error:') : 'error:'} ${line}\n`);
  }

  /** For words that libvirt lacks: printed only if standard error is a terminal, so that scripts see virsh's output byte for byte. */
  warning(line: string): void {
    if (!this.paint) return;
    this.flushQuietly();
    this.writeError(`${this.paint('yellow', 'warning:')} ${line}\n`);
  }

  /** Text for people only: what is being waited for. Nothing unless standard error is a terminal. */
  notice(line: string): void {
    if (!this.paint) return;
    this.flushQuietly();
    this.writeError(`${this.paint('dim', line)}\n`);
  }

  private flushQuietly(): void {
    try {
      this.flush();
    } catch {
      // The error that is about to be printed matters more than the output that was lost.
    }
  }

  private writeError(text: string): void {
    try {
      writeFully(2, Buffer.from(text, 'utf8'));
    } catch {
      // There is nowhere left to report to.
    }
  }
}

/** As a shell reports a process that SIGPIPE ended; the runtime ignores that signal. */
const BROKEN_PIPE_STATUS = 141;

/** Writes all of `data`, however often that takes. Throws what fs throws. */
export function writeFully(fd: number, data: Buffer): void {
  let rest = data;
  while (rest.length > 0) {
    try {
      rest = rest.subarray(writeSync(fd, rest));
    } catch (error) {
      // Whoever shares the terminal or pipe with us may have made it non-blocking.
      if (errnoCode(error) !== 'EAGAIN') throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2);
    }
  }
}

type Paint = (style: 'red' | 'yellow' | 'dim', text: string) => string;

async function colours(): Promise<Paint> {
  if (process.env['NO_COLOR']) return (_style, text) => text;
  const { chalkStderr } = await import('chalk');
  return (style, text) => chalkStderr[style](text);
}
