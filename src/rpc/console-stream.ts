// A console as a stream: what the container writes goes to the client as it comes, what the client sends goes to the container.
// Neither waits for the other, and no more is held than a little: who does not read is not read for.

import fs from 'node:fs';
import { POLLIN, POLLOUT } from '../../lib-native/constants.ts';
import { CLEANUP_TIMEOUT_MS, type ConsoleStream } from '../driver/domain/console.ts';
import { errnoCode, libvirtError } from '../errors.ts';
import type { ClientConnection, ClientStream } from './connection.ts';
import { toWire, wireError } from './errors.ts';
import { type Header, KIND, STATUS } from './frame.ts';
import type { Watch } from './loop.ts';

const READ_BYTES = 64 << 10;
/** So much of what the client sent may wait for the container to take it, before no more is read of the client. */
const MOST_WAITING = 256 << 10;
/** And so long, without a byte being taken. */
const PATIENCE_MS = 10_000;

const buffer = Buffer.allocUnsafeSlow(READ_BYTES);

export class ClientConsole implements ClientStream {
  readonly #client: ClientConnection;
  readonly #console: ConsoleStream;
  readonly #header: Header;
  #watch: Watch | undefined;
  /** What the container writes comes past the pty as long as its controller can help it: in larger pieces, and fewer hands. */
  #heldWatch: Watch | undefined;
  #waiting: Buffer[] = [];
  #waitingBytes = 0;
  #held: Disposable | undefined;
  #patience: Disposable | undefined;
  /** The client does not read. */
  #isPaused = false;
  /** The container is gone, or the stream is closed. */
  #isOver = false;
  #isClosed = false;
  /** The container is gone, and that is being seen to. */
  #ending: Disposable | undefined;

  /** `header`: of the call that opens it. The console is closed with the stream. */
  constructor(client: ClientConnection, { program, version, procedure, serial }: Header, console: ConsoleStream) {
    this.#client = client;
    this.#console = console;
    this.#header = { program, version, procedure, serial, kind: KIND.stream, status: STATUS.continue };
    client.streams.set(serial, this);
    console.show();
    this.#watchConsole();
  }

  onData(data: Buffer): void {
    if (this.#isOver) return;
    this.#waiting.push(Buffer.from(data));
    this.#waitingBytes += data.length;
    this.#write();
  }

  onFinish(): void {
    this.close();
    this.#client.send({ ...this.#header, status: STATUS.ok }, () => {});
  }

  close(): void {
    this.#isClosed = true;
    this.#ending?.[Symbol.dispose]();
    this.#stop();
    this.#console[Symbol.dispose]();
  }

  #watchConsole(): void {
    const { heldFd } = this.#console;
    if (heldFd !== undefined) this.#heldWatch ??= this.#client.loop.watch(heldFd, POLLIN, () => void this.#readHeld(heldFd));
    this.#watch = this.#client.loop.watch(this.#console.fd, POLLIN, (revents) => {
      if (revents & POLLOUT) this.#write();
      if (this.#isOver || !(revents & ~POLLOUT)) return;
      if (!this.#isPaused) this.#read();
      else this.#unwatch(); // it is hung up, which is seen to when the client reads again
    });
  }

  #read(): void {
    const length = this.#try(() => fs.readSync(this.#console.fd, buffer));
    if (length === 0) this.#end();
    if (length) this.#pass(length);
  }

  /** False: there is nothing now. */
  #readHeld(fd: number): boolean {
    const length = this.#try(() => fs.readSync(fd, buffer));
    if (length) this.#pass(length);
    return length !== undefined && length > 0;
  }

  #pass(length: number): void {
    this.#send(buffer.subarray(0, length));
    if (this.#client.isFull) this.#pause();
  }

  /** The container is not kept from writing: its controller takes the rest, and keeps the last of it. */
  #pause(): void {
    if (this.#isPaused) return;
    this.#isPaused = true;
    this.#listen();
    this.#client.whenDrained(() => {
      this.#isPaused = false;
      if (this.#isOver) return;
      if (!this.#watch) this.#watchConsole();
      this.#listen();
    });
  }

  /** There will be no more: an empty piece says so, and the client answers. What it asks then is asked of a domain that is off. */
  #end(): void {
    if (this.#isOver) return;
    const { heldFd } = this.#console;
    while (heldFd !== undefined && this.#readHeld(heldFd));
    this.#stop();
    if (!this.#isClosed) this.#ending = this.#whenCleanedUp(() => this.#send(Buffer.alloc(0)));
  }

  /** Has `action` called when the domain's end has been seen to, or has taken too long. */
  #whenCleanedUp(action: () => void): Disposable {
    const waits: Disposable[] = [];
    const stop = () => {
      for (const wait of waits) wait[Symbol.dispose]();
    };
    const over = () => {
      stop();
      action();
    };
    const { cleanupFd } = this.#console;
    if (cleanupFd === undefined) action();
    else waits.push(this.#client.loop.after(CLEANUP_TIMEOUT_MS, over), this.#client.loop.watch(cleanupFd, POLLIN, over));
    return { [Symbol.dispose]: stop };
  }

  #send(data: Buffer): void {
    this.#client.send(this.#header, (to) => to.raw(data));
  }

  #write(): void {
    while (this.#waiting.length > 0) {
      const first = this.#waiting[0]!;
      const length = this.#try(() => fs.writeSync(this.#console.fd, first));
      if (this.#isOver) return;
      if (!length) break;
      this.#waitingBytes -= length;
      this.#beImpatient();
      if (length < first.length) this.#waiting[0] = first.subarray(length);
      else this.#waiting.shift();
    }
    this.#listen();
    if (this.#waitingBytes <= MOST_WAITING) this.#release();
    else if (!this.#held) {
      this.#held = this.#client.hold();
      this.#beImpatient();
    }
  }

  #listen(): void {
    if (this.#heldWatch) this.#heldWatch.events = this.#isPaused ? 0 : POLLIN;
    if (this.#watch) this.#watch.events = (this.#isPaused ? 0 : POLLIN) | (this.#waiting.length > 0 ? POLLOUT : 0);
  }

  /** The stream fails, and with it nothing else that the client does. */
  #beImpatient(): void {
    this.#patience?.[Symbol.dispose]();
    this.#patience = undefined;
    if (!this.#held) return;
    this.#patience = this.#client.loop.after(PATIENCE_MS, () => {
      this.#client.streams.delete(this.#header.serial);
      this.close();
      const error = toWire(libvirtError('OPERATION_FAILED', 'the container does not read its console'), 'lxc');
      this.#client.send({ ...this.#header, status: STATUS.error }, (to) => wireError.write(to, error));
    });
  }

  #release(): void {
    this.#held?.[Symbol.dispose]();
    this.#held = undefined;
    this.#patience?.[Symbol.dispose]();
    this.#patience = undefined;
  }

  /** Nothing more is read or written. */
  #stop(): void {
    this.#isOver = true;
    this.#unwatch();
    this.#heldWatch?.[Symbol.dispose]();
    this.#waiting = [];
    this.#waitingBytes = 0;
    this.#release();
  }

  #unwatch(): void {
    this.#watch?.[Symbol.dispose]();
    this.#watch = undefined;
  }

  /** undefined: not now. A pty whose other side is closed fails, by EIO: that is its end. */
  #try(action: () => number): number | undefined {
    try {
      return action();
    } catch (error) {
      const code = errnoCode(error);
      if (code === 'EAGAIN' || code === 'EINTR') return undefined;
      if (code !== 'EIO') throw error;
      this.#end();
      return undefined;
    }
  }
}
