// One client, and all that is kept for it: its connection to the driver, its open streams, what it wants to be told of.

import type { Connection } from '../driver/connection.ts';
import type { Channel } from './channel.ts';
import type { Header } from './frame.ts';
import { FrameConnection, type FrameHandling } from './frame-connection.ts';
import type { Loop } from './loop.ts';

/** A stream that a call opened, by whose program, procedure and serial its frames are known. */
export interface ClientStream {
  /** Bytes from the client; none: it will send no more. */
  onData(data: Buffer): void | Promise<void>;
  /** So many bytes of nothing, where the stream is one of a file: `payload` is what the protocol says of it. */
  onHole?(payload: Buffer): void;
  /** The client is done with it; `aborted`: it does not care for the rest. The connection has forgotten it. */
  onFinish(header: Header, aborted: boolean): void | Promise<void>;
  /** The client is gone. */
  close(): void;
}

export class ClientConnection extends FrameConnection {
  /** Nothing but reading, however the client opens it: whoever connected may do no more. */
  readonly readonly: boolean;
  /** Once the client has opened it. */
  driver: Connection | undefined;
  /** By serial. */
  readonly streams = new Map<number, ClientStream>();
  /** Called at the connection's end, latest first: what else is kept for the client is let go of. */
  readonly atEnd: (() => void | Promise<void>)[] = [];

  constructor(loop: Loop, channel: Channel, { readonly, ...handling }: { readonly: boolean } & FrameHandling) {
    super(loop, channel, handling);
    this.readonly = readonly;
  }

  /** Answers the client's first calls, as long as there is nothing but the next to wait for. */
  begin(): Promise<void> {
    const { watched } = this.loop;
    return this.takeFirst(() => !this.loop.isStopped && this.loop.watched === watched && this.streams.size === 0);
  }

  /** Lets go of all that is kept for the client. */
  async end(): Promise<void> {
    for (const stream of this.streams.values()) stream.close();
    this.streams.clear();
    this.stop();
    for (const action of this.atEnd.splice(0).reverse()) await action();
  }
}
