// A conversation in frames: what is read becomes frames, what is to be sent waits until there is room for it.

import { POLLIN, POLLOUT } from '../../lib-native/constants.ts';
import { linux } from '../../lib-native/linux.ts';
import { monotonicMs } from '../../lib-native/monotonic.ts';
import { type Channel, ClientGone, type Received } from './channel.ts';
import { encodeFrame, type Frame, FrameError, FrameReader, type Header } from './frame.ts';
import type { Loop, Watch } from './loop.ts';
import type { XdrWriter } from './xdr.ts';

/** More than that is not waiting to be read by the client before its next call is answered. */
const QUEUE_FULL = 1 << 20;
const READ_BYTES = 64 << 10;
/** One or two for each of the first frames. */
const FIRST_READS = 32;
/** More descriptors than come with one call are not kept for a client. */
const MOST_FDS = 32;

export interface FrameHandling {
  /** How long the payload of such a frame may be to be read. */
  readonly most: (header: Header) => number;
  /** `fds` came with the frame, and are whoever's takes them out. */
  readonly handle: (frame: Frame, fds: number[]) => void | Promise<void>;
  /** The other side is gone, or says what is no frame: nothing more comes of it. By default the loop ends. */
  readonly onEnd?: (() => void) | undefined;
}

export class FrameConnection {
  readonly loop: Loop;
  readonly channel: Channel;

  readonly #handle: FrameHandling['handle'];
  readonly #onEnd: () => void;
  readonly #reader: FrameReader;
  readonly #buffer = Buffer.allocUnsafeSlow(READ_BYTES);
  readonly #fds: number[] = [];
  readonly #input: Watch;
  readonly #output: Watch | undefined;
  readonly #queue: { data: Buffer; fd: number | undefined }[] = [];
  #queued = 0;
  readonly #onDrain: (() => void)[] = [];
  /** Of what was read, the frames that are not handled yet. */
  #unhandled: Iterator<Frame> | undefined;
  #isEnding = false;
  #isLeaving = false;
  #holds = 0;
  #heardAt = monotonicMs();

  constructor(loop: Loop, channel: Channel, { most, handle, onEnd }: FrameHandling) {
    this.loop = loop;
    this.channel = channel;
    this.#onEnd = onEnd ?? (() => loop.stop());
    this.#reader = new FrameReader(most);
    this.#handle = handle;
    const oneSocket = channel.input === channel.output;
    this.#input = loop.watch(channel.input, POLLIN, (revents) => this.#onReady(revents));
    this.#output = oneSocket ? undefined : loop.watch(channel.output, 0, (revents) => this.#onReady(revents));
  }

  /**
   * Has the first frames handled one after the other, waiting for each by nothing but reading it, while `goesOn()`. poll(2) comes with
   * koffi, which takes 1.5 of the 8 ms that a client waits for its first answer: who only asks what there is has gone before it
   * is needed. One that is silent for a third of a second (lib-native/launcher) is waited for in the loop, as all else is.
   */
  protected async takeFirst(goesOn: () => boolean): Promise<void> {
    for (let reads = 0; reads < FIRST_READS && goesOn() && this.#queued === 0; reads++) {
      const bytes = this.#reader.plainBytes;
      if (bytes === 0) break;
      const wasThere = await this.#orEnd(() => this.#take(this.channel.readFirst(this.#buffer.subarray(0, bytes))));
      if (!wasThere) break;
    }
    if (!this.loop.isStopped) this.channel.begin();
  }

  /** Sends a frame, and `fds` with it, which are closed then. Never waits. */
  send(header: Header, write: (to: XdrWriter) => void, fds: readonly number[] = []): void {
    const frame = encodeFrame(header, write);
    if (this.#isEnding) {
      closeAll(fds);
      return;
    }
    this.#enqueue(frame, undefined);
    for (const fd of fds) this.#enqueue(Buffer.alloc(1), fd);
    this.#flush();
  }

  /** The client does not read as fast as it is sent to: what can wait should. */
  get isFull(): boolean {
    return this.#queued > QUEUE_FULL;
  }

  /** Has `action` called once, when all that waits is sent. */
  whenDrained(action: () => void): void {
    if (this.#queued === 0) action();
    else this.#onDrain.push(action);
  }

  /** When the client was last heard of (monotonicMs()). */
  get heardAt(): number {
    return this.#heardAt;
  }

  /** Nothing more is read of the client until the result is disposed of: it sends more than somebody takes. */
  hold(): Disposable {
    let isHeld = true;
    const change = (by: number) => {
      this.#holds += by;
      this.#listen();
    };
    change(1);
    return {
      [Symbol.dispose]: () => {
        if (isHeld) change(-1);
        isHeld = false;
      },
    };
  }

  /** The other side said that it goes: the call by which it did is answered yet, and no other. */
  leave(): void {
    this.#isLeaving = true;
  }

  /** Ends the connection when all that was sent is with the client. */
  close(): void {
    this.whenDrained(() => this.#onEnd());
    this.#isEnding = true;
  }

  /** Nothing more is read or sent. The channel stays the caller's. */
  stop(): void {
    this.#isEnding = true;
    this.#input[Symbol.dispose]();
    this.#output?.[Symbol.dispose]();
    closeAll([...this.#fds.splice(0), ...this.#queue.splice(0).flatMap(({ fd }) => fd ?? [])]);
    this.#queued = 0;
  }

  async #onReady(revents: number): Promise<void> {
    if (this.#queued > 0 && revents & POLLOUT) this.#flush();
    if (!(revents & ~POLLOUT)) return;
    // Nothing is listened for while frames wait: then this is the other side's end.
    await this.#orEnd<unknown>(() => (this.#unhandled ? this.#handleFrames({ atEnd: true }) : this.#take(this.channel.read(this.#buffer))));
  }

  /** Who sends what is none of the protocol, or is gone, is not listened to any longer. */
  async #orEnd<T>(action: () => Promise<T>): Promise<T | undefined> {
    try {
      return await action();
    } catch (error) {
      if (!(error instanceof FrameError || error instanceof ClientGone)) throw error;
      this.#onEnd();
      return undefined;
    }
  }

  /** False: there was nothing to read. */
  async #take(read: Received | undefined): Promise<boolean> {
    if (!read) return false;
    this.#heardAt = monotonicMs();
    this.#fds.push(...read.fds);
    if (read.bytes.length === 0) {
      this.#onEnd();
      return true;
    }
    this.#unhandled = this.#reader.push(read.bytes);
    await this.#handleFrames();
    return true;
  }

  /** A chunk holds thousands of calls: they are answered as far as the client reads the answers. */
  async #handleFrames({ atEnd = false } = {}): Promise<void> {
    const frames = this.#unhandled;
    while (frames && !this.#isEnding) {
      if (this.isFull && !atEnd) {
        this.whenDrained(() => void this.loop.after(0, () => this.#orEnd(() => this.#handleFrames())));
        return;
      }
      const { done, value: frame } = frames.next();
      if (done) break;
      await this.#handle(frame, this.#fds.splice(0, frame.fdCount));
      if (this.#isLeaving) this.close();
    }
    this.#unhandled = undefined;
    if (this.#fds.length > MOST_FDS) throw new FrameError('descriptors that belong to no call');
    this.#listen();
  }

  #enqueue(data: Buffer, fd: number | undefined): void {
    this.#queue.push({ data, fd });
    this.#queued += data.length;
  }

  #flush(): void {
    try {
      this.#writeQueue();
    } catch (error) {
      if (!(error instanceof ClientGone)) throw error;
      this.#isEnding = true;
      this.#onEnd();
      return;
    }
    this.#listen();
    if (this.#queued === 0) for (const action of this.#onDrain.splice(0)) action();
  }

  #writeQueue(): void {
    while (this.#queue.length > 0) {
      const first = this.#queue[0]!;
      const written = this.channel.write(first.data, first.fd);
      if (written > 0 && first.fd !== undefined) closeAll([first.fd]);
      this.#queued -= written;
      if (written < first.data.length) {
        if (written > 0) this.#queue[0] = { data: first.data.subarray(written), fd: undefined };
        break;
      }
      this.#queue.shift();
    }
  }

  /** To what can be done now. */
  #listen(): void {
    const waits = this.#queued > 0 ? POLLOUT : 0;
    const listens = this.isFull || this.#holds > 0 || this.#unhandled ? 0 : POLLIN;
    this.#input.events = this.#output ? listens : listens | waits;
    if (this.#output) this.#output.events = waits;
  }
}

const closeAll = (fds: readonly number[]): void => {
  for (const fd of fds) linux.close(fd);
};
