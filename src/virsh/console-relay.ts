// Joins this terminal to a pty, of which it has the master or the slave: what is typed goes there, what comes from there is shown.
// One loop around poll(2): streams would cost more per chunk than the kernel does.

import fs from 'node:fs';
import { errnoCode } from '../errors.ts';
import { writeFully } from '../vsh/output.ts';
import { isTerminal, restoreOnEnd } from '../vsh/terminal.ts';

const BUFFER_BYTES = 64 * 1024;
const TERMINAL_IN = 0;
const TERMINAL_OUT = 1;
/** What was typed and not taken yet: once there is so much, the terminal is read no more. */
const TYPED_LIMIT = 64 * 1024;
/** ^D, the end of the input for who reads a terminal by lines. */
const END_OF_FILE = Buffer.from([4]);
/** How long the rest of the output may take, and the silence after which there is none. */
const REST_MS = 1000;
const SILENCE_MS = 50;
/** A signal that comes just before the wait is seen to after it. */
const SIGNAL_DELAY_MS = 1000;
/** How long a signal waits at most while there is output without end. */
const SIGNAL_PERIOD_MS = 100;

/** A terminal in raw mode; disposing makes it itself again, as does the end of the process, however it comes. */
export interface RawTerminal extends Disposable {
  /** For one that was made `silent`: what is written to it is no longer translated either. */
  makeRaw(): void;
  /** Descriptor for output of its own, non-blocking; undefined where standard output is no terminal. */
  readonly output: number | undefined;
}

/**
 * Makes the terminal on descriptor 0 raw, or at first only silent: it shows nothing that is typed, but lines that are printed
 * are lines still. Throws SYSTEM_ERROR.
 */
export async function rawTerminal(kind: 'raw' | 'silent' = 'raw'): Promise<RawTerminal> {
  const { makeRaw } = await import('../host/wait.ts');
  const output = isTerminal(TERMINAL_OUT) ? reopen(TERMINAL_OUT) : undefined;
  const restore = makeRaw(TERMINAL_IN, { keepsOutput: kind === 'silent' });
  const release = restoreOnEnd(restore);
  const dispose = () => {
    release();
    restore();
    if (output !== undefined) fs.closeSync(output);
  };
  return { output, makeRaw: () => void makeRaw(TERMINAL_IN), [Symbol.dispose]: dispose };
}

/** A description of its own, so that nobody else's becomes non-blocking. */
function reopen(fd: number): number {
  return fs.openSync(`/proc/self/fd/${fd}`, fs.constants.O_WRONLY | fs.constants.O_NONBLOCK | fs.constants.O_NOCTTY);
}

export interface RelayOptions {
  /** Where what is typed comes from, by default standard input; -1: nothing is typed. */
  readonly input?: number;
  /** Where output goes, by default standard output. */
  readonly output?: number;
  /** Master or slave of a pty; its description is this process's own, and non-blocking. */
  readonly fd: number;
  /** Typed, it ends the relay; without one every byte is passed on. */
  readonly escapeByte?: number | undefined;
  /** Told the size of the window (struct winsize) at first and whenever it changes. */
  readonly onWindowSize?: ((size: Buffer) => void) | undefined;
  /** When this can be read, what is there is shown, and the relay ends. */
  readonly endFd?: number | undefined;
  /** The end of the input is typed, too (^D), and the relay goes on; by default it ends there. */
  readonly typesEnd?: boolean | undefined;
  /** What comes from here is shown too, all of it before the end. */
  readonly heldFd?: number | undefined;
}

/**
 * Relays between the terminal on descriptors 0 and 1 and a pty, until the escape byte is typed or the terminal ends
 * (`left`), or the other side of the pty is closed or `endFd` can be read (`ended`).
 */
export async function relayTerminal(options: RelayOptions): Promise<'left' | 'ended'> {
  const { waitFor, windowSize } = await import('../host/wait.ts');
  const tellSize = () => {
    const size = options.onWindowSize && windowSize(options.input === -1 ? (options.output ?? TERMINAL_OUT) : TERMINAL_IN);
    if (size) options.onWindowSize?.(size);
  };
  process.on('SIGWINCH', tellSize);
  try {
    tellSize();
    return await new Relay(options, waitFor).run();
  } finally {
    process.off('SIGWINCH', tellSize);
  }
}

type WaitFor = typeof import('../host/wait.ts').waitFor;

/** The state of one visit. */
class Relay {
  private readonly buffer = Buffer.allocUnsafe(BUFFER_BYTES);
  private input: number;
  private readonly output: number;
  private readonly fd: number;
  private readonly endFd: number;
  private readonly heldFd: number;
  private readonly escapeByte: number | undefined;
  private readonly wait: WaitFor;
  /** Typed, but not yet taken by the other side. */
  private typed: Buffer = Buffer.alloc(0);

  private readonly typesEnd: boolean;

  constructor(options: RelayOptions, wait: WaitFor) {
    const { input = TERMINAL_IN, output = TERMINAL_OUT, fd, endFd = -1, heldFd = -1, escapeByte, typesEnd = false } = options;
    this.typesEnd = typesEnd;
    this.input = input;
    this.output = output;
    this.fd = fd;
    this.endFd = endFd;
    this.heldFd = heldFd;
    this.escapeByte = escapeByte;
    this.wait = wait;
  }

  async run(): Promise<'left' | 'ended'> {
    let signalsDue = performance.now() + SIGNAL_PERIOD_MS;
    for (;;) {
      const hasRoom = this.typed.length < TYPED_LIMIT;
      const wanted = [
        { fd: this.fd, read: true, write: this.typed.length > 0 },
        { fd: hasRoom ? this.input : -1, read: true },
        { fd: this.endFd, read: true },
        { fd: this.heldFd, read: true },
      ];
      const ready = this.wait(wanted, SIGNAL_DELAY_MS);
      if (!ready || performance.now() > signalsDue) {
        // The handler of a signal runs in the event loop, also while the other side never stops writing.
        await new Promise(setImmediate);
        signalsDue = performance.now() + SIGNAL_PERIOD_MS;
      }
      if (!ready) continue;
      if (ready.writable[0]) this.send();
      if (ready.readable[3]) this.show(this.heldFd);
      if (ready.readable[1] && !this.readTerminal()) return 'left';
      if (ready.readable[0] && !this.show(this.fd)) {
        if (this.heldFd >= 0) showAll(this.heldFd, this.output, this.buffer);
        return 'ended';
      }
      if (ready.readable[2]) return this.showRest();
    }
  }

  /** False at the end of the other side. */
  private show(fd: number): boolean {
    const length = readSome(fd, this.buffer);
    if (length !== undefined) writeFully(this.output, this.buffer.subarray(0, length));
    return length !== 0;
  }

  /**
   * What the other side wrote before its end: until it is closed, or silent for a while, as the kernel hands over what was
   * written a little later. Of one that somebody else goes on writing to, only what comes in time.
   */
  private showRest(): 'ended' {
    const end = performance.now() + REST_MS;
    while (performance.now() < end && this.wait([{ fd: this.fd, read: true }], SILENCE_MS)) if (!this.show(this.fd)) break;
    return 'ended';
  }

  /** False when the escape byte was typed, or nothing more can be. */
  private readTerminal(): boolean {
    const length = readSome(this.input, this.buffer);
    if (length === undefined) return true;
    if (length === 0 && this.typesEnd) {
      this.input = -1;
      this.typed = Buffer.concat([this.typed, END_OF_FILE]);
      this.send();
      return true;
    }
    const words = this.buffer.subarray(0, length);
    const end = this.escapeByte === undefined ? -1 : words.indexOf(this.escapeByte);
    this.typed = Buffer.concat([this.typed, end < 0 ? words : words.subarray(0, end)]);
    this.send();
    return length > 0 && end < 0;
  }

  private send(): void {
    if (this.typed.length === 0) return;
    try {
      this.typed = this.typed.subarray(fs.writeSync(this.fd, this.typed));
    } catch (error) {
      // One that does not read keeps what it was sent in its terminal's buffer; a dead one takes nothing.
      if (errnoCode(error) === 'EIO') this.typed = Buffer.alloc(0);
      else if (errnoCode(error) !== 'EAGAIN') throw error;
    }
  }
}

export interface PipesOptions {
  /** When this can be read, what is there is passed on, and the relay ends. */
  readonly endFd: number;
  /** What is read here is written there. */
  readonly output: readonly { readonly from: number; readonly to: number }[];
  /** What is typed; `to` is non-blocking, and closed at the end of that. */
  readonly input?: { readonly from: number; readonly to: number; close(): void };
}

/** Relays pipes until `endFd` can be read; signals are seen to meanwhile. */
export async function relayPipes({ endFd, output, input }: PipesOptions): Promise<void> {
  const { waitFor } = await import('../host/wait.ts');
  const buffer = Buffer.allocUnsafe(BUFFER_BYTES);
  const open = new Set(output);
  let typing = input;
  let typed: Buffer = Buffer.alloc(0);
  const endTyping = () => {
    typing?.close();
    typing = undefined;
  };
  /** Returns what readSome() does. */
  const pass = (pipe: { from: number; to: number }) => {
    const length = readSome(pipe.from, buffer);
    if (length === 0) open.delete(pipe);
    else if (length !== undefined) writeFully(pipe.to, buffer.subarray(0, length));
    return length;
  };
  for (let signalsDue = performance.now() + SIGNAL_PERIOD_MS; ; ) {
    const pipes = [...open];
    const wanted = [
      { fd: endFd, read: true },
      { fd: typing && typed.length === 0 ? typing.from : -1, read: true },
      { fd: typing && typed.length > 0 ? typing.to : -1, write: true },
      ...pipes.map(({ from }) => ({ fd: from, read: true })),
    ];
    const ready = waitFor(wanted, SIGNAL_DELAY_MS);
    if (!ready || performance.now() > signalsDue) {
      await new Promise(setImmediate);
      signalsDue = performance.now() + SIGNAL_PERIOD_MS;
    }
    if (!ready) continue;
    if (typing && ready.readable[1]) {
      const length = readSome(typing.from, buffer);
      if (length === 0) endTyping();
      else if (length !== undefined) typed = Buffer.from(buffer.subarray(0, length));
    }
    if (typing && typed.length > 0) {
      const left = sendSome(typing.to, typed);
      if (left === undefined) endTyping();
      else typed = left;
    }
    pipes.forEach((pipe, i) => {
      if (ready.readable[3 + i]) pass(pipe);
    });
    if (ready.readable[0]) break;
  }
  // What was written before the end is there; what others write later is not waited for.
  for (const pipe of open) while (pass(pipe));
  endTyping();
}

/** What of it was not taken yet; undefined: nobody takes any more. */
function sendSome(fd: number, bytes: Buffer): Buffer | undefined {
  try {
    return bytes.subarray(fs.writeSync(fd, bytes));
  } catch (error) {
    if (errnoCode(error) === 'EPIPE') return undefined;
    if (errnoCode(error) !== 'EAGAIN') throw error;
    return bytes;
  }
}

/** Shows what can be read now. */
export function showAll(fd: number, output: number = TERMINAL_OUT, buffer: Buffer = Buffer.allocUnsafe(BUFFER_BYTES)): void {
  for (let length = readSome(fd, buffer); length; length = readSome(fd, buffer)) writeFully(output, buffer.subarray(0, length));
}

/** 0 at the end (EIO, if the other side of a pseudo terminal is closed); undefined if there is nothing to read after all. */
export function readSome(fd: number, buffer: Buffer): number | undefined {
  try {
    return fs.readSync(fd, buffer, 0, buffer.length, null);
  } catch (error) {
    if (errnoCode(error) === 'EIO') return 0;
    if (errnoCode(error) === 'EAGAIN') return undefined;
    throw error;
  }
}
