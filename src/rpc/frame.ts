// Frames of libvirt's protocol: a length, six words of header, and what the procedure says. Pure.

import { XdrWriter } from './xdr.ts';

export const KIND = { call: 0, reply: 1, message: 2, stream: 3, callWithFds: 4, replyWithFds: 5, streamHole: 6 } as const;
export const STATUS = { ok: 0, error: 1, continue: 2 } as const;

export interface Header {
  readonly program: number;
  readonly version: number;
  readonly procedure: number;
  /** One of KIND. */
  readonly kind: number;
  readonly serial: number;
  /** One of STATUS. */
  readonly status: number;
}

export const HEADER_BYTES = 28;
const LENGTH_BYTES = 4;
/** The longest frame that there may be. */
export const FRAME_MAX = (32 << 20) + LENGTH_BYTES;

/** What cannot be a frame: whoever sends it is not listened to any longer. */
export class FrameError extends Error {}

/** A frame of its header and what `write` writes. */
export function encodeFrame(header: Header, write: (to: XdrWriter) => void): Buffer {
  const writer = new XdrWriter(HEADER_BYTES);
  write(writer);
  const frame = writer.bytes();
  frame.writeUInt32BE(frame.length, 0);
  writeHeader(frame, header);
  return frame;
}

function writeHeader(frame: Buffer, { program, version, procedure, kind, serial, status }: Header): void {
  frame.writeUInt32BE(program, 4);
  frame.writeUInt32BE(version, 8);
  frame.writeInt32BE(procedure, 12);
  frame.writeInt32BE(kind, 16);
  frame.writeUInt32BE(serial, 20);
  frame.writeInt32BE(status, 24);
}

const readHeader = (frame: Buffer): Header => ({
  program: frame.readUInt32BE(4),
  version: frame.readUInt32BE(8),
  procedure: frame.readInt32BE(12),
  kind: frame.readInt32BE(16),
  serial: frame.readUInt32BE(20),
  status: frame.readInt32BE(24),
});

export interface Frame {
  readonly header: Header;
  /** undefined: there was more of it than is read. */
  readonly payload: Buffer | undefined;
  /** So many descriptors came with it. */
  readonly fdCount: number;
}

/** The most descriptors that come with a frame; each brings a byte of its own, behind the frame. */
const FDS_MAX = 32;

/** Puts frames together of bytes as they come. Holds no more than came of a frame, and none of one that is longer than it may be. */
export class FrameReader {
  readonly #most: (header: Header) => number;
  /** The frame as far as it is there. */
  #bytes = Buffer.alloc(0);
  #held = 0;
  #header: Header | undefined;
  #length = HEADER_BYTES;
  #fdCount = 0;
  /** Bytes to come that nobody wants. */
  #unwanted = 0;

  /** `most`: how long the payload of such a frame may be to be read. */
  constructor(most: (header: Header) => number) {
    this.#most = most;
  }

  /** So many bytes can be read that are of this frame and come without descriptors; 0: those that are next do not. */
  get plainBytes(): number {
    if (this.#header?.kind === KIND.callWithFds) return 0;
    return this.#unwanted || this.#length - this.#held;
  }

  /** The frames that are whole with `chunk`, of which nothing is kept. Throws FrameError. */
  *push(chunk: Buffer): Generator<Frame> {
    for (let at = 0; at < chunk.length; ) {
      if (this.#unwanted > 0) {
        const passed = Math.min(this.#unwanted, chunk.length - at);
        at += passed;
        this.#unwanted -= passed;
        if (this.#unwanted > 0) return;
        yield this.#end(undefined);
        continue;
      }
      at += this.#copy(chunk, at);
      if (this.#held < this.#length) return;
      if (!this.#header) this.#begin(); // which tells how long it is
      if (this.#unwanted > 0 || this.#held < this.#length) continue;
      if (this.#header?.kind === KIND.callWithFds && this.#fdCount === 0) this.#expectFds();
      if (this.#held === this.#length) yield this.#end(this.#bytes.subarray(HEADER_BYTES, this.#length - this.#fdCount));
    }
  }

  #copy(chunk: Buffer, at: number): number {
    const length = Math.min(this.#length - this.#held, chunk.length - at);
    const needed = this.#held + length;
    if (needed > this.#bytes.length) {
      const larger = Buffer.allocUnsafeSlow(Math.min(this.#length, Math.max(needed, 2 * this.#bytes.length)));
      this.#bytes.copy(larger, 0, 0, this.#held);
      this.#bytes = larger;
    }
    chunk.copy(this.#bytes, this.#held, at, at + length);
    this.#held = needed;
    return length;
  }

  #begin(): void {
    const length = this.#bytes.readUInt32BE(0);
    if (length < HEADER_BYTES || length > FRAME_MAX) throw new FrameError(`a frame of ${length} bytes`);
    this.#header = readHeader(this.#bytes);
    this.#length = length;
    if (length - HEADER_BYTES > this.#most(this.#header)) this.#unwanted = length - HEADER_BYTES;
  }

  #expectFds(): void {
    if (this.#length < HEADER_BYTES + LENGTH_BYTES) throw new FrameError('descriptors without a number');
    const count = this.#bytes.readUInt32BE(HEADER_BYTES);
    if (count > FDS_MAX) throw new FrameError(`${count} descriptors`);
    this.#fdCount = count;
    this.#length += count;
  }

  /** The next one gets bytes of its own. */
  #end(payload: Buffer | undefined): Frame {
    const frame = { header: this.#header!, payload, fdCount: this.#fdCount };
    this.#header = undefined;
    this.#fdCount = 0;
    this.#length = HEADER_BYTES;
    this.#held = 0;
    this.#bytes = Buffer.alloc(0);
    return frame;
  }
}
