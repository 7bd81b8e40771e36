// A client of src/rpc that is no process: what it sends is handed to the dispatcher, what it is sent is kept.
import type { Channel } from '../../src/rpc/channel.ts';
import { ClientConnection } from '../../src/rpc/connection.ts';
import { Dispatcher } from '../../src/rpc/dispatch.ts';
import { encodeFrame, type Frame, FrameReader, type Header } from '../../src/rpc/frame.ts';
import type { Loop } from '../../src/rpc/loop.ts';
import type { Program } from '../../src/rpc/procedure.ts';
import type { XdrWriter } from '../../src/rpc/xdr.ts';

export class PaperClient {
  readonly connection: ClientConnection;
  /** What it was sent. */
  readonly received: Frame[] = [];
  /** The server has had enough. */
  ended = false;
  /** How much the client takes of what it is sent, until it takes more. */
  room = Number.POSITIVE_INFINITY;
  readonly #input: Buffer[] = [];
  readonly #reader = new FrameReader(() => Number.POSITIVE_INFINITY);
  #onReady: ((revents: number) => void | Promise<void>) | undefined;

  constructor(programs: readonly Program[], { readonly = false } = {}) {
    const loop = {
      watch: (_fd: number, events: number, onReady: (revents: number) => void | Promise<void>) => {
        this.#onReady ??= onReady;
        return { events, [Symbol.dispose]: () => {} };
      },
      stop: () => {
        this.ended = true;
      },
    } as unknown as Loop;
    const channel: Channel = {
      input: 0,
      output: 0,
      passesFds: false,
      begin: () => {},
      readFirst: () => undefined,
      read: (into) => {
        const next = this.#input.shift();
        if (!next) return undefined;
        const length = next.copy(into);
        if (length < next.length) this.#input.unshift(next.subarray(length));
        return { bytes: into.subarray(0, length), fds: [] };
      },
      write: (data) => {
        const taken = Math.min(this.room, data.length);
        this.room -= taken;
        this.received.push(...this.#reader.push(data.subarray(0, taken)));
        return taken;
      },
    };
    const dispatcher = new Dispatcher(programs);
    const connection: ClientConnection = new ClientConnection(loop, channel, {
      readonly,
      most: (header) => dispatcher.mostOf(connection, header),
      handle: (frame, fds) => dispatcher.handle(connection, frame, fds),
    });
    this.connection = connection;
  }

  /** Hands bytes over, and waits until they have been seen to. Returns what is sent meanwhile. */
  async send(bytes: Buffer): Promise<Frame[]> {
    const before = this.received.length;
    if (bytes.length > 0) this.#input.push(bytes);
    while (this.#input.length > 0 && !this.ended) await this.#onReady!(POLLIN);
    return this.received.slice(before);
  }

  /** A call of the program of domains. */
  call(procedure: number, write: (to: XdrWriter) => void = () => {}, changes: Partial<Header> = {}): Promise<Frame[]> {
    return this.send(encodeFrame({ program: 0x20008086, version: 1, procedure, kind: 0, serial: 1, status: 0, ...changes }, write));
  }
}

const POLLIN = 1;
