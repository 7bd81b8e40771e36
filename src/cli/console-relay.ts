// Joins this terminal to a console: what is typed goes there, what comes from there is shown, until the escape byte.
// One loop around poll(2): streams would cost more per chunk than the kernel does.

import fs from 'node:fs';
import type { makeRaw, waitFor } from '../driver/terminal.ts';
import { errnoCode } from '../errors.ts';
import { writeFully } from './output.ts';
import { isTerminal } from './terminal.ts';

const BUFFER_BYTES = 64 * 1024;
const TERMINAL_IN = 0;
const TERMINAL_OUT = 1;

/** Signals that would end the process; the terminal must be itself again before they do. */
const ENDING_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const;

/** A terminal in raw mode; disposing makes it itself again, as does the end of the process, however it comes. */
export interface RawTerminal extends Disposable {
  /** Descriptor for output of its own, non-blocking; undefined where standard output is no terminal. */
  readonly output: number | undefined;
}

/** Makes the terminal on descriptor 0 raw. Throws SYSTEM_ERROR. */
export async function rawTerminal(): Promise<RawTerminal> {
  const { makeRaw } = await import('../driver/terminal.ts');
  const output = (await isTerminal(TERMINAL_OUT)) ? reopen(TERMINAL_OUT) : undefined;
  const restore = makeRaw(TERMINAL_IN);
  const release = restoreOnEnd(restore);
  const dispose = () => {
    release();
    restore();
    if (output !== undefined) fs.closeSync(output);
  };
  return { output, [Symbol.dispose]: dispose };
}

/** A description of its own, so that nobody else's becomes non-blocking. */
function reopen(fd: number): number {
  return fs.openSync(`/proc/self/fd/${fd}`, fs.constants.O_WRONLY | fs.constants.O_NONBLOCK | fs.constants.O_NOCTTY);
}

/** Relays between a raw terminal and `consoleFd` until `escapeByte` is typed or the terminal ends (`left`), or the domain does (`ended`). */
export async function relayConsole(consoleFd: number, escapeByte: number): Promise<'left' | 'ended'> {
  const { waitFor } = await import('../driver/terminal.ts');
  const consoleIn = reopen(consoleFd);
  try {
    return await new Relay(consoleFd, consoleIn, escapeByte).run(waitFor);
  } finally {
    fs.closeSync(consoleIn);
  }
}

/** The state of one visit. */
class Relay {
  private readonly buffer = Buffer.allocUnsafe(BUFFER_BYTES);
  private readonly consoleFd: number;
  private readonly consoleIn: number;
  private readonly escapeByte: number;
  /** Typed, but not yet taken by the container. */
  private typed: Buffer = Buffer.alloc(0);

  constructor(consoleFd: number, consoleIn: number, escapeByte: number) {
    this.consoleFd = consoleFd;
    this.consoleIn = consoleIn;
    this.escapeByte = escapeByte;
  }

  async run(wait: typeof waitFor): Promise<'left' | 'ended'> {
    const fds = [
      { fd: this.consoleFd, write: false },
      { fd: TERMINAL_IN, write: false },
      { fd: this.consoleIn, write: true },
    ];
    for (;;) {
      const ready = wait(this.typed.length > 0 ? fds : fds.slice(0, 2));
      if (!ready) {
        // The handler of the signal runs in the event loop.
        await new Promise(setImmediate);
        continue;
      }
      if (ready.writable[2]) this.send();
      if (ready.readable[1] && !this.readTerminal()) return 'left';
      if (ready.readable[0] && !this.readConsole()) return 'ended';
    }
  }

  /** False at the end of the domain. */
  private readConsole(): boolean {
    const length = readSome(this.consoleFd, this.buffer);
    if (length !== undefined) writeFully(TERMINAL_OUT, this.buffer.subarray(0, length));
    return length !== 0;
  }

  /** False when the escape byte was typed, or nothing more can be. */
  private readTerminal(): boolean {
    const length = readSome(TERMINAL_IN, this.buffer);
    if (length === undefined) return true;
    const words = this.buffer.subarray(0, length);
    const end = words.indexOf(this.escapeByte);
    this.typed = Buffer.concat([this.typed, end < 0 ? words : words.subarray(0, end)]);
    this.send();
    return length > 0 && end < 0;
  }

  private send(): void {
    if (this.typed.length === 0) return;
    try {
      this.typed = this.typed.subarray(fs.writeSync(this.consoleIn, this.typed));
    } catch (error) {
      // A container that does not read keeps what it was sent in its terminal's buffer; a dead one takes nothing.
      if (errnoCode(error) === 'EIO') this.typed = Buffer.alloc(0);
      else if (errnoCode(error) !== 'EAGAIN') throw error;
    }
  }
}

/** 0 at the end (EIO, if the other side of a pseudo terminal is closed); undefined if there is nothing to read after all. */
function readSome(fd: number, buffer: Buffer): number | undefined {
  try {
    return fs.readSync(fd, buffer, 0, buffer.length, null);
  } catch (error) {
    if (errnoCode(error) === 'EIO') return 0;
    if (errnoCode(error) === 'EAGAIN') return undefined;
    throw error;
  }
}

/** Restores the terminal when the process ends or a signal ends it; the result takes that back. */
function restoreOnEnd(restore: ReturnType<typeof makeRaw>): () => void {
  const end = (signal: NodeJS.Signals) => {
    release();
    restore();
    process.kill(process.pid, signal);
  };
  const release = () => {
    process.off('exit', restore);
    for (const signal of ENDING_SIGNALS) process.off(signal, end);
  };
  process.on('exit', restore);
  for (const signal of ENDING_SIGNALS) process.on(signal, end);
  return release;
}
