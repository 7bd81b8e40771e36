// Calls that may take long, by processes beside the one that has the client: that one goes on with the client's streams, events and
// questions meanwhile. Such a process is this program, and its server: it is opened, called and answers as we are, by a socket of ours.
// It lives for further calls, and ends with us, by whatever we end: then what was started to end with the connection does.

import process from 'node:process';
import { leaveChild } from '../../lib-native/children.ts';
import { O_RDWR } from '../../lib-native/constants.ts';
import { linux } from '../../lib-native/linux.ts';
import { programFile } from '../../lib-native/runtime.ts';
import { libvirtError } from '../errors.ts';
import { socketChannel } from './channel.ts';
import type { ClientConnection } from './connection.ts';
import { toWire, wireError } from './errors.ts';
import { type Frame, type Header, KIND, STATUS } from './frame.ts';
import { FrameConnection } from './frame-connection.ts';
import { optional, string } from './xdr.ts';

export const WORKER_WORD = '--worker';

/** As many calls of one client are done at once as by libvirt's daemons (max_client_requests). */
const MOST_WORKERS = 5;
/** So much of what else it calls waits for that before no more is read of the client. */
const MOST_WAITING_BYTES = 1 << 20;
/** What a call takes that waits, beside its payload. */
const CALL_BYTES = 1 << 10;
/** For so long one waits for the next call. */
const IDLE_MS = 10_000;

export interface LongCall {
  readonly header: Header;
  readonly payload: Buffer;
  /** That came with it, and are ours to close. */
  readonly fds: readonly number[];
  /** What it does is to end with the connection, and so not before. */
  readonly lasts: boolean;
}

const sizeOf = ({ payload }: LongCall): number => CALL_BYTES + payload.length;

/** The calls of one client. */
export class Workers {
  readonly #client: ClientConnection;
  readonly #workers = new Set<Worker>();
  readonly #waiting: LongCall[] = [];
  #waitingBytes = 0;
  #held: Disposable | undefined;

  constructor(client: ClientConnection) {
    this.#client = client;
    client.atEnd.push(() => this.#end());
  }

  /** Has the call done and answered. False: it cannot be, and is to be done here. */
  take(call: LongCall): boolean {
    const worker = this.#free(call);
    if (worker) worker.call(call);
    else if (this.#workers.size < MOST_WORKERS) return false;
    else this.#wait(call);
    return true;
  }

  #free({ lasts }: LongCall): Worker | undefined {
    const free = [...this.#workers].filter(({ isFree }) => isFree);
    // One that has to last anyway is taken first for what lasts, and last for what does not.
    const found = free.find((worker) => worker.lasts === lasts) ?? free[0];
    if (found || this.#workers.size === MOST_WORKERS) return found;
    return this.#start();
  }

  /** undefined: no process can be made, or the program is gone. */
  #start(): Worker | undefined {
    const fd = startWorker();
    if (fd < 0) return undefined;
    const worker: Worker = new Worker(this.#client, fd, {
      onFree: () => this.#next(),
      onGone: () => {
        this.#workers.delete(worker);
        this.#next();
      },
    });
    this.#workers.add(worker);
    return worker;
  }

  #wait(call: LongCall): void {
    this.#waiting.push(call);
    this.#waitingBytes += sizeOf(call);
    if (this.#waitingBytes > MOST_WAITING_BYTES) this.#held ??= this.#client.hold();
  }

  #next(): void {
    const call = this.#waiting[0];
    const worker = call && this.#free(call);
    if (!call || !worker) return;
    this.#waiting.shift();
    this.#waitingBytes -= sizeOf(call);
    if (this.#waitingBytes <= MOST_WAITING_BYTES) {
      this.#held?.[Symbol.dispose]();
      this.#held = undefined;
    }
    worker.call(call);
  }

  #end(): void {
    for (const { fds } of this.#waiting.splice(0)) for (const fd of fds) linux.close(fd);
    for (const worker of this.#workers) worker[Symbol.dispose]();
    this.#workers.clear();
  }
}

/** Our side of the socket of a new one, or -errno. */
function startWorker(): number {
  const sockets = linux.socketpair();
  if (typeof sockets === 'number') return sockets;
  const [ours, theirs] = sockets;
  const output = linux.open('/dev/null', O_RDWR);
  const env = Object.entries(process.env).map(([name, value]) => `${name}=${value}`);
  // A session of its own: what a terminal or a supervisor sends to those of the client's server does not stop what is being done.
  const pid = linux.spawn({ path: programFile, argv: ['virsh-lxc-rpc', WORKER_WORD], env, fds: [theirs, output, 2], newSession: true });
  linux.close(theirs);
  if (output >= 0) linux.close(output);
  if (pid < 0) linux.close(ours);
  else leaveChild(pid);
  return pid < 0 ? pid : ours;
}

class Worker implements Disposable {
  readonly #client: ClientConnection;
  readonly #fd: number;
  readonly #connection: FrameConnection;
  readonly #onFree: () => void;
  readonly #onGone: () => void;
  #call: LongCall | undefined;
  #isOpened = false;
  #idle: Disposable | undefined;
  /** Something that it did is to end with it. */
  lasts = false;

  constructor(client: ClientConnection, fd: number, { onFree, onGone }: { onFree: () => void; onGone: () => void }) {
    this.#client = client;
    this.#fd = fd;
    this.#onFree = onFree;
    this.#onGone = onGone;
    const channel = socketChannel(fd);
    channel.begin();
    this.#connection = new FrameConnection(client.loop, channel, {
      most: () => Number.POSITIVE_INFINITY,
      handle: (frame) => this.#answered(frame),
      onEnd: () => this.#gone(),
    });
  }

  get isFree(): boolean {
    return this.#call === undefined;
  }

  call(call: LongCall): void {
    this.#idle?.[Symbol.dispose]();
    this.#call = call;
    this.lasts ||= call.lasts;
    if (!this.#isOpened) this.#open(call.header);
    this.#connection.send(call.header, (to) => to.raw(call.payload), call.fds);
  }

  /** Its answer is heard of only where it is that this cannot be opened. */
  #open(header: Header): void {
    this.#isOpened = true;
    const { uri } = this.#client.driver!;
    this.#connection.send({ ...header, procedure: OPEN, kind: KIND.call, status: STATUS.ok }, (to) => {
      optional(string).write(to, uri);
      to.uint(NO_ALIASES);
    });
  }

  #answered({ header, payload }: Frame): void {
    const call = this.#call;
    if (!call || !payload || (header.procedure === OPEN && header.status === STATUS.ok)) return;
    const bytes = payload;
    this.#client.send({ ...header, procedure: call.header.procedure }, (to) => to.raw(bytes));
    this.#call = undefined;
    if (header.procedure === OPEN) {
      this.#gone();
      return;
    }
    if (!this.lasts) this.#idle = this.#client.loop.after(IDLE_MS, () => this.#gone());
    this.#onFree();
  }

  #gone(): void {
    const call = this.#call;
    this.#call = undefined;
    this[Symbol.dispose]();
    if (call) {
      const error = toWire(libvirtError('INTERNAL_ERROR', 'the process that did this has ended, and may have left it undone'), 'lxc');
      this.#client.send({ ...call.header, kind: KIND.reply, status: STATUS.error }, (to) => wireError.write(to, error));
    }
    this.#onGone();
  }

  [Symbol.dispose](): void {
    this.#idle?.[Symbol.dispose]();
    this.#connection.stop();
    linux.close(this.#fd);
  }
}

const OPEN = 1;
const NO_ALIASES = 2;
