// The bytes of a volume as a stream, into it or out of it.

import fs from 'node:fs';
import { asLibvirtError, libvirtError, systemError } from '../errors.ts';
import type { ClientConnection, ClientStream } from './connection.ts';
import { toWire, wireError } from './errors.ts';
import { type Header, KIND, STATUS } from './frame.ts';
import { XdrReader } from './xdr.ts';

/** Which part of the volume, and whether blocks of zeros may be holes, of which only the length is sent. */
export interface VolumePart {
  readonly offset: bigint;
  /** 0: all. */
  readonly length: bigint;
  readonly sparse: boolean;
}

const PIECE_BYTES = 64 << 10;
/** Between others' turns. */
const PIECES_AT_ONCE = 16;

abstract class VolumeStream implements ClientStream {
  protected readonly client: ClientConnection;
  protected readonly fd: number;
  readonly #header: Header;
  #isOpen = true;

  /** `fd` is closed with the stream, which has a number that no other one has. */
  constructor(client: ClientConnection, { program, version, procedure, serial }: Header, fd: number) {
    this.client = client;
    this.fd = fd;
    this.#header = { program, version, procedure, serial, kind: KIND.stream, status: STATUS.continue };
    client.streams.set(serial, this);
  }

  abstract onData(data: Buffer): void;
  abstract onHole(payload: Buffer): void;

  onFinish(_header: Header, isAborted: boolean): void {
    if (!isAborted && !this.complete()) return;
    this.close();
    this.client.send({ ...this.#header, status: STATUS.ok }, () => {});
  }

  close(): void {
    if (this.#isOpen) fs.closeSync(this.fd);
    this.#isOpen = false;
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** What is left to be done when the client is done. False: it failed, and the client knows. */
  protected complete(): boolean {
    return true;
  }

  protected sendData(data: Buffer): void {
    this.client.send(this.#header, (to) => to.raw(data));
  }

  protected sendHole(length: number): void {
    this.client.send({ ...this.#header, kind: KIND.streamHole }, (to) => {
      to.hyper(BigInt(length));
      to.uint(0);
    });
  }

  /** Does something with the volume. False: it failed, and with it the stream. */
  protected attempt(action: () => void): boolean {
    try {
      action();
      return true;
    } catch (error) {
      this.close();
      this.client.streams.delete(this.#header.serial);
      const failure = toWire(asLibvirtError(error), 'storage');
      this.client.send({ ...this.#header, status: STATUS.error }, (to) => wireError.write(to, failure));
      return false;
    }
  }
}

/** Writes what the client sends over what is there, from an offset on. */
export class Upload extends VolumeStream {
  #at: number;
  readonly #end: number;

  constructor(client: ClientConnection, header: Header, fd: number, { offset, length }: VolumePart) {
    super(client, header, fd);
    this.#at = Number(offset);
    this.#end = length === 0n ? Number.POSITIVE_INFINITY : Number(offset + length);
  }

  onData(data: Buffer): void {
    if (data.length === 0) return;
    this.attempt(() => {
      this.#advance(data.length, (at) => {
        const isFile = fs.fstatSync(this.fd).isFile();
        for (let done = 0; done < data.length; ) done += fs.writeSync(this.fd, data, done, data.length - done, isFile ? at + done : null);
      });
    });
  }

  onHole(payload: Buffer): void {
    this.attempt(() => {
      const length = Number(new XdrReader(payload).hyper());
      if (length < 0) throw libvirtError('INVALID_ARG', 'a hole of negative length');
      this.#advance(length, () => {});
    });
  }

  /** A hole at the end is there when the file is as long. */
  protected override complete(): boolean {
    return this.attempt(() => {
      const stat = fs.fstatSync(this.fd);
      if (stat.isFile() && stat.size < this.#at) fs.ftruncateSync(this.fd, this.#at);
    });
  }

  #advance(length: number, write: (at: number) => void): void {
    if (this.#at + length > this.#end) throw systemError('cannot write to stream', NO_SPACE);
    write(this.#at);
    this.#at += length;
  }
}

const NO_SPACE = 28;

/** Sends what is there, as fast as the client reads it. */
export class Download extends VolumeStream {
  #at: number;
  readonly #end: number;
  readonly #sparse: boolean;
  readonly #buffer = Buffer.allocUnsafeSlow(PIECE_BYTES);

  constructor(client: ClientConnection, header: Header, fd: number, { offset, length, sparse }: VolumePart) {
    super(client, header, fd);
    this.#at = Number(offset);
    this.#end = length === 0n ? Number.POSITIVE_INFINITY : Number(offset + length);
    this.#sparse = sparse;
    client.loop.after(0, () => this.#pump());
  }

  /** Nobody has anything to say to this. */
  onData(): void {}
  onHole(): void {}

  #pump(): void {
    for (let piece = 0; piece < PIECES_AT_ONCE && this.isOpen; piece++) {
      if (this.client.isFull) {
        this.client.whenDrained(() => this.#pump());
        return;
      }
      if (!this.#sendPiece()) return;
    }
    if (this.isOpen) this.client.loop.after(0, () => this.#pump());
  }

  /** False: there is no more, or no way to get at it. */
  #sendPiece(): boolean {
    let count = 0;
    const wanted = Math.min(this.#buffer.length, this.#end - this.#at);
    const isRead = this.attempt(() => {
      const isFile = fs.fstatSync(this.fd).isFile();
      count = wanted <= 0 ? 0 : fs.readSync(this.fd, this.#buffer, 0, wanted, isFile ? this.#at : null);
    });
    if (!isRead) return false;
    const data = this.#buffer.subarray(0, count);
    if (this.#sparse && count > 0 && data.every((byte) => byte === 0)) this.sendHole(count);
    else this.sendData(data);
    this.#at += count;
    return count > 0;
  }
}
